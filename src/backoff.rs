// SPDX-License-Identifier: Apache-2.0

//! How long to wait before trying again.

use core::time::Duration;

/// Exponential back-off with jitter. Each failure doubles the wait, up to a limit. Of each
/// wait the second half is left to chance, so that devices that lost the same peer at the
/// same time do not all come back at the same time.
#[derive(Clone, Debug)]
pub struct Backoff {
    // In milliseconds: small cores divide and multiply these without help.
    first: u32,
    longest: u32,
    next: u32,
}

impl Backoff {
    /// The wait after a first failure is `first` at most, and none is longer than `longest`.
    /// Each is taken to the millisecond, as 1 ms at least, since a wait of nothing would stay
    /// nothing, and 49 days at most.
    #[must_use]
    pub fn new(first: Duration, longest: Duration) -> Self {
        let longest = milliseconds(longest);
        let first = milliseconds(first).min(longest);
        Self {
            first,
            longest,
            next: first,
        }
    }

    /// How long to wait after one more failure: by `random`, evenly between half of what
    /// holds now and all of it. `random` is to be a new number each time, and another one on
    /// each device; it need not be secret.
    pub fn wait(&mut self, random: u32) -> Duration {
        let whole = self.next;
        self.next = whole.saturating_mul(2).min(self.longest);
        let half = whole.div_ceil(2);
        let chance = (u64::from(whole - half) * (u64::from(random) + 1)) >> 32;
        Duration::from_millis(u64::from(half) + chance)
    }

    /// How long to wait after a failure that trying again soon cannot mend: as long as after
    /// many failures. The waits stay so long until [`reset`](Self::reset).
    pub fn longest_wait(&mut self, random: u32) -> Duration {
        self.next = self.longest;
        self.wait(random)
    }

    /// It succeeded: the next wait is a first one.
    pub fn reset(&mut self) {
        self.next = self.first;
    }
}

fn milliseconds(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_millis(500);
    const LONGEST: Duration = Duration::from_secs(60);

    #[test]
    fn it_doubles_up_to_the_limit_and_starts_afresh_after_a_success() {
        let mut backoff = Backoff::new(FIRST, LONGEST);
        for _ in 0..2 {
            for seconds in [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0] {
                assert_eq!(backoff.wait(u32::MAX), Duration::from_secs_f64(seconds));
            }
            backoff.reset();
        }
    }

    #[test]
    fn chance_has_the_second_half() {
        for (random, part) in [(0, 0.5), (1 << 31, 0.75), (u32::MAX, 1.0)] {
            let wait = Backoff::new(LONGEST, LONGEST).wait(random);
            assert_eq!(wait, LONGEST.mul_f64(part));
        }
    }

    #[test]
    fn what_cannot_be_mended_soon_waits_longest_from_the_start() {
        let mut backoff = Backoff::new(FIRST, LONGEST);
        assert_eq!(backoff.longest_wait(u32::MAX), LONGEST);
        assert_eq!(backoff.wait(u32::MAX), LONGEST);
        backoff.reset();
        assert_eq!(backoff.wait(u32::MAX), FIRST);
    }

    #[test]
    fn no_wait_is_nothing_or_longer_than_the_limit_whatever_was_asked_for() {
        let mut swapped = Backoff::new(LONGEST, FIRST);
        assert_eq!(swapped.wait(u32::MAX), FIRST);
        assert_eq!(swapped.wait(u32::MAX), FIRST);
        let mut nothing = Backoff::new(Duration::ZERO, LONGEST);
        assert_eq!(nothing.wait(0), Duration::from_millis(1));
        assert_eq!(nothing.wait(u32::MAX), Duration::from_millis(2));
        let mut ever = Backoff::new(Duration::MAX, Duration::MAX);
        for _ in 0..3 {
            assert_eq!(ever.wait(u32::MAX), Duration::from_millis(u32::MAX.into()));
        }
    }
}
