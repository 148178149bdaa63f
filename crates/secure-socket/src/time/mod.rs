// SPDX-License-Identifier: Apache-2.0

//! Calendar time, as certificates count it, and how a device comes by it.
//!
//! A device without a clock asks servers ([`Asking`]) until one tells a time that can be
//! believed, and sets its clock by it. The platform brings a [`TimeSource`] for that.

mod asking;
mod plausible;
mod problem;
mod server;

use core::fmt;
use core::time::Duration;

pub use asking::{Asking, NoTime, TimeSource, Told};
pub use plausible::{LONGEST_USE, MAX_STEP_BACK};
pub use problem::TimeProblem;
pub use server::{InvalidTimeServer, MAX_TIME_SERVERS, NTP_PORT, TimeServer};

/// Seconds since 1970-01-01 00:00:00 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(u64);

impl UnixTime {
    /// No program that has this library is older: 2025-01-01. A clock that shows less
    /// was never set: a device without a battery starts at 1970, or at the date its
    /// clock chip does. See [`Backend::earliest`](crate::backend::Backend::earliest).
    pub const FLOOR: Self = Self(1_735_689_600);

    /// The time `seconds` after 1970-01-01 00:00:00 UTC.
    #[must_use]
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(seconds)
    }

    /// Seconds since 1970-01-01 00:00:00 UTC.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.0
    }

    /// Shows the time of day as well, as `2026-11-22T23:59:59Z` (RFC 3339).
    pub(crate) const fn to_second(self) -> ToSecond {
        ToSecond(self)
    }
}

/// A calendar clock.
pub trait Clock: Sync {
    /// What it shows; `None` if it was never set.
    fn now(&self) -> Option<UnixTime>;
}

/// A clock that stands still: for tests.
impl Clock for UnixTime {
    fn now(&self) -> Option<UnixTime> {
        Some(*self)
    }
}

/// The date alone, as `2026-11-23`: what a sentence about a certificate needs.
impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match der::DateTime::from_unix_duration(Duration::from_secs(self.0)) {
            Ok(date) => write!(
                f,
                "{:04}-{:02}-{:02}",
                date.year(),
                date.month(),
                date.day()
            ),
            Err(_) => write!(f, "{} s after 1970", self.0),
        }
    }
}

/// See [`UnixTime::to_second`].
pub(crate) struct ToSecond(UnixTime);

impl fmt::Display for ToSecond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match der::DateTime::from_unix_duration(Duration::from_secs(self.0.0)) {
            Ok(date) => write!(
                f,
                "{}T{:02}:{:02}:{:02}Z",
                self.0,
                date.hour(),
                date.minutes(),
                date.seconds()
            ),
            Err(_) => self.0.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn dates() {
        assert_eq!(UnixTime::from_seconds(0).to_string(), "1970-01-01");
        assert_eq!(
            UnixTime::from_seconds(1_795_391_999).to_string(),
            "2026-11-22"
        );
        assert_eq!(UnixTime::FLOOR.to_string(), "2025-01-01");
        let late = UnixTime::from_seconds(1_795_391_999).to_second();
        assert_eq!(late.to_string(), "2026-11-22T23:59:59Z");
    }
}
