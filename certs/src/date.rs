// SPDX-License-Identifier: Apache-2.0

use crate::Error;
use der::DateTime;
use der::asn1::{GeneralizedTime, UtcTime};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use x509_cert::time::Time;

/// A point in time, to the second, from 1970 to 9999.
///
/// Read from `2025-01-01`, `2025-01-01T12:00:00Z` (as text or as TOML's own
/// date), or from the clock when it is read: `now`, `now+1h`, `now-30d`, with
/// the units `s`, `m`, `h`, `d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(DateTime);

impl Date {
    /// Since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn unix(self) -> Duration {
        self.0.unix_duration()
    }

    fn from_unix(seconds: u64) -> Option<Self> {
        DateTime::from_unix_duration(Duration::from_secs(seconds))
            .ok()
            .map(Self)
    }

    /// As certificates and CRLs have it: two digits for the year up to 2049
    /// (RFC 5280, section 4.1.2.5).
    pub(crate) fn x509(self) -> Result<Time, Error> {
        Ok(if self.0.year() <= UtcTime::MAX_YEAR {
            Time::UtcTime(UtcTime::from_date_time(self.0)?)
        } else {
            Time::GeneralTime(self.generalized())
        })
    }

    /// As OCSP responses have it.
    pub(crate) fn generalized(self) -> GeneralizedTime {
        GeneralizedTime::from_date_time(self.0)
    }
}

fn relative(text: &str) -> Option<Date> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    let offset = text.strip_prefix("now")?;
    if offset.is_empty() {
        return Date::from_unix(now);
    }
    let unit = match offset.chars().next_back()? {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86400,
        _ => return None,
    };
    let amount = offset.get(1..offset.len() - 1)?;
    let by = amount.parse::<u32>().ok()?;
    let by = u64::from(by) * unit;
    match offset.chars().next()? {
        '+' => Date::from_unix(now.checked_add(by)?),
        '-' => Date::from_unix(now.checked_sub(by)?),
        _ => None,
    }
}

impl FromStr for Date {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let absolute = || {
            let day_only = !text.contains('T');
            let text = format!("{text}{}", if day_only { "T00:00:00Z" } else { "" });
            text.parse().ok().map(Self)
        };
        relative(text).or_else(absolute).ok_or_else(|| {
            Error::recipe(
                format_args!("date `{text}`"),
                "not a date; write it like 2025-01-31, 2025-01-31T12:00:00Z, now or now+1h",
            )
        })
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match toml::Value::deserialize(deserializer)? {
            toml::Value::String(text) => text.parse().map_err(D::Error::custom),
            toml::Value::Datetime(date) => date.to_string().parse().map_err(D::Error::custom),
            other => Err(D::Error::custom(format_args!("`{other}` is not a date"))),
        }
    }
}

/// A date that may be left out of what is made: a [`Date`], or `absent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaybeDate {
    /// This date.
    At(Date),
    /// None.
    Absent,
}

impl MaybeDate {
    pub(crate) fn get(self) -> Option<Date> {
        match self {
            Self::At(date) => Some(date),
            Self::Absent => None,
        }
    }
}

impl<'de> Deserialize<'de> for MaybeDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = toml::Value::deserialize(deserializer)?;
        if value.as_str() == Some("absent") {
            return Ok(Self::Absent);
        }
        Date::deserialize(value)
            .map(Self::At)
            .map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::Date;
    use std::time::{SystemTime, UNIX_EPOCH};

    #[test]
    fn dates_are_read() {
        let day: Date = "2025-01-01".parse().unwrap();
        assert_eq!(day.unix().as_secs(), 1_735_689_600);
        let noon: Date = "2025-01-01T12:00:01Z".parse().unwrap();
        assert_eq!(noon.unix().as_secs() - day.unix().as_secs(), 43_201);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let soon: Date = "now+2h".parse().unwrap();
        assert!((7200..7205).contains(&(soon.unix().as_secs() - now.as_secs())));
        for bad in [
            "",
            "2025-13-01",
            "2025-02-30",
            "now+",
            "now*1h",
            "now+1y",
            "+1h",
            "1969-01-01",
        ] {
            let said = bad.parse::<Date>().unwrap_err().to_string();
            assert!(said.contains("not a date"), "{bad}: {said}");
        }
    }
}
