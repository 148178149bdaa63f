// SPDX-License-Identifier: Apache-2.0

//! What a device measured, and its form in JSON: SenML (RFC 8428).
//!
//! Written by `core::fmt`: a reading has numbers and names of ours in it, none of which
//! has to be escaped, and libraries for JSON have no number with a fixed point, so that
//! an image would get code for floating point for two decimals.

use core::fmt;

use secure_socket::UnixTime;

/// The media type of [`Pack`] (RFC 8428, section 12.3).
pub const SENML_JSON: &str = "application/senml+json";

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Quantity {
    /// The temperature of the air, in degrees Celsius.
    Temperature,
    /// The relative humidity of the air, in percent.
    Humidity,
}

impl Quantity {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Temperature => "temperature",
            Self::Humidity => "humidity",
        }
    }

    /// Its unit, as IANA's registry of SenML units has it.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Temperature => "Cel",
            Self::Humidity => "%RH",
        }
    }
}

/// One value that was measured. Shown as a record of SenML:
///
/// ```json
/// {"n":"temperature","u":"Cel","v":-0.375,"t":1795737600,"seq":1}
/// ```
///
/// `seq` is not of SenML, whose readers pass over what they do not know (RFC 8428,
/// section 4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Counted from 1 since the device started; one follows the other.
    pub number: u32,
    /// What was measured.
    pub quantity: Quantity,
    /// In thousandths of the quantity's unit.
    pub milli: i64,
    /// When; `None` if the device has no clock that is set. A reader takes it for now
    /// then (RFC 8428, section 4.5.3).
    pub time: Option<UnixTime>,
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.milli < 0 { "-" } else { "" };
        let milli = self.milli.unsigned_abs();
        write!(
            f,
            r#"{{"n":"{}","u":"{}","v":{sign}{}.{:03}"#,
            self.quantity.name(),
            self.quantity.unit(),
            milli / 1000,
            milli % 1000,
        )?;
        if let Some(time) = self.time {
            write!(f, r#","t":{}"#, time.seconds())?;
        }
        write!(f, r#","seq":{}}}"#, self.number)
    }
}

/// Readings in one message: shown as a pack of SenML, an array of records.
#[derive(Clone, Copy, Debug)]
pub struct Pack<'a>(pub &'a [Reading]);

impl fmt::Display for Pack<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (index, reading) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            reading.fmt(f)?;
        }
        f.write_str("]")
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    fn reading(milli: i64) -> Reading {
        Reading {
            number: 7,
            quantity: Quantity::Temperature,
            milli,
            time: Some(UnixTime::from_seconds(1_795_737_600)),
        }
    }

    #[test]
    fn what_another_reader_makes_of_it() {
        let pack = [
            reading(-375),
            Reading {
                quantity: Quantity::Humidity,
                time: None,
                ..reading(40_050)
            },
        ];
        let read: serde_json::Value = serde_json::from_str(&Pack(&pack).to_string()).unwrap();
        assert_eq!(
            read,
            serde_json::json!([
                {"n": "temperature", "u": "Cel", "v": -0.375, "t": 1_795_737_600, "seq": 7},
                {"n": "humidity", "u": "%RH", "v": 40.05, "seq": 7},
            ])
        );
        assert_eq!(Pack(&[]).to_string(), "[]");
    }

    #[test]
    fn values() {
        for (milli, shown) in [
            (0, "0.000"),
            (1, "0.001"),
            (-1, "-0.001"),
            (-1000, "-1.000"),
            (21_500, "21.500"),
            (i64::MAX, "9223372036854775.807"),
            (i64::MIN, "-9223372036854775.808"),
        ] {
            let json = reading(milli).to_string();
            assert!(json.contains(&std::format!(r#""v":{shown},"#)), "{json}");
        }
    }
}
