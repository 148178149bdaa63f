// SPDX-License-Identifier: Apache-2.0

//! What a device does on command.

use core::fmt;
use core::time::Duration;

/// The shortest time between two readings that can be commanded.
pub const MIN_INTERVAL: Duration = Duration::from_millis(10);
/// The longest.
pub const MAX_INTERVAL: Duration = Duration::from_secs(24 * 3600);

/// What a device does on command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// `interval MILLISECONDS`: takes a reading as often as that.
    Interval(Duration),
    /// `report`: says what happened so far.
    Report,
}

/// Why a command is not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CommandError {
    /// There is no such command.
    Unknown,
    /// What stands behind it is no number of milliseconds, or outside of
    /// [`MIN_INTERVAL`]`..=`[`MAX_INTERVAL`].
    Interval,
}

impl Command {
    /// The command in `payload`.
    ///
    /// # Errors
    ///
    /// [`CommandError`].
    pub fn parse(payload: &[u8]) -> Result<Self, CommandError> {
        let text = core::str::from_utf8(payload).map_err(|_| CommandError::Unknown)?;
        let text = text.trim_ascii();
        match text.split_once(' ') {
            None if text == "report" => Ok(Self::Report),
            Some(("interval", value)) => {
                // `parse` would take a plus sign.
                let digits = value.bytes().all(|byte| byte.is_ascii_digit());
                let interval = value.parse().ok().filter(|_| digits);
                interval
                    .map(Duration::from_millis)
                    .filter(|interval| (MIN_INTERVAL..=MAX_INTERVAL).contains(interval))
                    .map(Self::Interval)
                    .ok_or(CommandError::Interval)
            }
            _ => Err(CommandError::Unknown),
        }
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => {
                f.write_str("no such command; there are: interval MILLISECONDS, report")
            }
            Self::Interval => write!(
                f,
                "interval takes {} to {} milliseconds",
                MIN_INTERVAL.as_millis(),
                MAX_INTERVAL.as_millis()
            ),
        }
    }
}

impl core::error::Error for CommandError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands() {
        let interval = |ms| Ok(Command::Interval(Duration::from_millis(ms)));
        for (payload, wanted) in [
            (&b"interval 500"[..], interval(500)),
            (b" interval 10\r\n", interval(10)),
            (b"interval 86400000", interval(86_400_000)),
            (b"report", Ok(Command::Report)),
            (b"interval 9", Err(CommandError::Interval)),
            (b"interval 86400001", Err(CommandError::Interval)),
            (
                b"interval 99999999999999999999",
                Err(CommandError::Interval),
            ),
            (b"interval +500", Err(CommandError::Interval)),
            (b"interval -1", Err(CommandError::Interval)),
            (b"interval ", Err(CommandError::Unknown)),
            (b"interval", Err(CommandError::Unknown)),
            (b"interval  500", Err(CommandError::Interval)),
            (b"report now", Err(CommandError::Unknown)),
            (b"", Err(CommandError::Unknown)),
            (b"\xff\xfe", Err(CommandError::Unknown)),
            (b"reboot", Err(CommandError::Unknown)),
        ] {
            assert_eq!(Command::parse(payload), wanted, "{payload:?}");
        }
    }
}
