// SPDX-License-Identifier: Apache-2.0

//! A job that is done again and again, whatever the link and the peer do in between.

use core::fmt::{self, Display};
use core::time::Duration;

use crate::backoff::Backoff;
use crate::error::RunError;
use crate::link::{Link, wait_for_link};
use crate::outlook::Outlook;

/// What doing it again needs of the platform.
pub trait Platform: Link {
    /// Lets time pass.
    fn sleep(&self, time: Duration);

    /// A number that devices do not share: they are not to come back all at once.
    fn random(&self) -> u32;
}

/// Why something failed that may be done again.
pub trait Failure: Display {
    /// Whether to.
    fn outlook(&self) -> Outlook;
}

impl Failure for RunError {
    fn outlook(&self) -> Outlook {
        self.outlook()
    }
}

/// When to do it again.
#[derive(Clone, Debug)]
pub struct Repeat {
    /// So long after it went well.
    pub every: Duration,
    /// After it failed.
    pub backoff: Backoff,
}

/// Calls `once` again and again, until it fails in a way that no other try could mend: when
/// [`Repeat`] says, and when there is a link. The log has what failed, and what is waited for.
/// That there was no link for as long as `patience` is a failure too; `None` is for ever.
///
/// A link that was waited for ends what there was of back-off, but the next try comes after
/// one first wait of it: who lost the same link gets it back at the same time.
pub fn keep_on<F: Failure>(
    platform: &impl Platform,
    repeat: &Repeat,
    patience: Option<Duration>,
    mut once: impl FnMut() -> Result<(), F>,
) -> F {
    let mut backoff = repeat.backoff.clone();
    // Only what was once there, or waited for in vain, can come back.
    let (mut had, mut lost) = (false, false);
    loop {
        let pause = match wait_for_link(platform, patience) {
            Err(no_link) => {
                lost = true;
                let pause = backoff.wait(platform.random());
                log::warn!("{no_link}; again in {}", Pause(pause));
                pause
            }
            Ok(waited) => {
                if lost || (had && waited > Duration::ZERO) {
                    backoff.reset();
                    platform.sleep(backoff.wait(platform.random()));
                }
                (had, lost) = (true, false);
                match once() {
                    Ok(()) => {
                        backoff.reset();
                        log::info!("again in {}", Pause(repeat.every));
                        repeat.every
                    }
                    Err(error) => match pause_after(&error, &mut backoff, platform.random()) {
                        Some(pause) => pause,
                        None => return error,
                    },
                }
            }
        };
        platform.sleep(pause);
    }
}

/// How long to wait after a failure; `None` if there is no use in it.
fn pause_after(error: &impl Failure, backoff: &mut Backoff, random: u32) -> Option<Duration> {
    match error.outlook() {
        Outlook::Never => None,
        Outlook::Soon => {
            let pause = backoff.wait(random);
            log::warn!("{error}; again in {}", Pause(pause));
            Some(pause)
        }
        Outlook::Later => {
            let pause = backoff.longest_wait(random);
            log::warn!(
                "{error}; again in {}, since that may be mended there",
                Pause(pause)
            );
            Some(pause)
        }
    }
}

/// `0.7 s`, `12 s`.
struct Pause(Duration);

impl Display for Pause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = self.0.as_millis().div_ceil(100);
        match tenths {
            0..100 => write!(f, "{}.{} s", tenths / 10, tenths % 10),
            _ => write!(f, "{} s", tenths.div_ceil(10)),
        }
    }
}

#[cfg(test)]
mod tests;
