// SPDX-License-Identifier: Apache-2.0

//! Waits for the link: Wi-Fi, LTE or Ethernet, and an address in its network.

use core::fmt;
use core::time::Duration;

/// The way into the network, as a platform knows of it.
pub trait Link {
    /// Waits for so long at most; whether there is a link, as far as anybody can tell.
    fn wait(&self, time: Duration) -> bool;

    /// What is still missing, for a person.
    fn lacks(&self) -> &'static str;

    /// Has whatever gave up connecting try again.
    fn connect(&self);
}

/// A link that is there, or all but there, needs no line in the log.
const SILENT: Duration = Duration::from_secs(1);
/// The log says so often that there is none yet; each time it waits twice as long.
const FIRST_WORD: Duration = Duration::from_secs(4);
const LAST_WORD: Duration = Duration::from_secs(64);

/// Waits until there is a link, and says how long that took. The log has what is being
/// waited for, and for how long by now.
///
/// # Errors
///
/// [`NoLink`], when `limit` is over; `None` is for ever.
pub fn wait_for_link(link: &impl Link, limit: Option<Duration>) -> Result<Duration, NoLink> {
    let mut waited = Duration::ZERO;
    let mut step = SILENT;
    loop {
        let time = match limit {
            Some(limit) => step.min(limit.saturating_sub(waited)),
            None => step,
        };
        if link.wait(time) {
            if waited > Duration::ZERO {
                log::info!("the link is there");
            }
            return Ok(waited);
        }
        waited += time;
        if limit.is_some_and(|limit| waited >= limit) {
            return Err(NoLink {
                waited,
                lacks: link.lacks(),
            });
        }
        log::info!(
            "waiting for the link, {}{}: {}",
            Seconds(waited),
            OutOf(limit),
            link.lacks()
        );
        link.connect();
        step = match step {
            SILENT => FIRST_WORD,
            step => (step * 2).min(LAST_WORD),
        };
    }
}

/// Seconds, rounded up.
struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.0.as_secs();
        write!(f, "{} s", whole + u64::from(self.0.subsec_nanos() > 0))
    }
}

/// ` of 300 s`; nothing where there is no limit.
struct OutOf(Option<Duration>);

impl fmt::Display for OutOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(limit) => write!(f, " of {}", Seconds(limit)),
            None => Ok(()),
        }
    }
}

/// There was no link within the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoLink {
    /// For how long it was waited for.
    pub waited: Duration,
    /// What it lacks.
    pub lacks: &'static str,
}

impl fmt::Display for NoLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no link after {}: {}", Seconds(self.waited), self.lacks)
    }
}

impl core::error::Error for NoLink {}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use core::cell::Cell;

    use super::*;

    /// Comes up when it has been waited for so long.
    struct After {
        up: Duration,
        now: Cell<Duration>,
        asked: Cell<u32>,
    }

    impl After {
        fn seconds(up: u64) -> Self {
            Self {
                up: Duration::from_secs(up),
                now: Cell::default(),
                asked: Cell::default(),
            }
        }
    }

    impl Link for After {
        fn wait(&self, time: Duration) -> bool {
            let end = self.now.get() + time;
            self.now.set(end.min(self.up.max(self.now.get())));
            self.up <= end
        }

        fn lacks(&self) -> &'static str {
            "there is no cable"
        }

        fn connect(&self) {
            self.asked.set(self.asked.get() + 1);
        }
    }

    #[test]
    fn a_link_that_is_there_takes_no_time() {
        assert_eq!(wait_for_link(&After::seconds(0), None), Ok(Duration::ZERO));
        let none = Some(Duration::ZERO);
        assert_eq!(wait_for_link(&After::seconds(0), none), Ok(Duration::ZERO));
    }

    #[test]
    fn one_that_comes_late_is_waited_for_and_asked_to_connect_now_and_then() {
        let link = After::seconds(3600);
        let waited = wait_for_link(&link, None).unwrap();
        // The step in which it came is not counted.
        assert!(waited > Duration::from_secs(3500), "{waited:?}");
        assert_eq!(link.now.get(), Duration::from_secs(3600));
        // After 1, 5, 13, 29, 61 and 125 s, and then each 64 s.
        assert_eq!(link.asked.get(), 6 + (3600 - 125) / 64);
    }

    #[test]
    fn the_limit_holds_to_the_second_and_what_is_missing_is_said() {
        let link = After::seconds(3600);
        let error = wait_for_link(&link, Some(Duration::from_secs(10))).unwrap_err();
        assert_eq!(error.waited, Duration::from_secs(10));
        assert_eq!(error.to_string(), "no link after 10 s: there is no cable");
    }
}
