// SPDX-License-Identifier: Apache-2.0

//! Which answers to the question for the time are believed.
//!
//! SNTP is not authenticated. What is bounded here is what a wrong or forged answer can
//! do.

use core::time::Duration;

use super::{TimeProblem, UnixTime};

/// How long after its build a program believes that it is in use: 20 years.
///
/// The CA certificates that it trusts have run out by then: those of public CAs are
/// issued for some 20 to 25 years, and distrusted after 15. An answer beyond is absurd,
/// and a clock set by it would refuse every certificate. It is also far less than the 136
/// years of an NTP era: no answer can be taken for one of another era.
pub const LONGEST_USE: Duration = Duration::from_secs(7305 * 24 * 60 * 60);

/// How far an answer may set back a clock that was set: 5 minutes.
///
/// In a day a crystal of 20 ppm drifts by 1.7 s, an RC oscillator of 2000 ppm by 3
/// minutes. Whoever can forge answers could else have it be yesterday, and have
/// certificates accepted that ran out meanwhile.
pub const MAX_STEP_BACK: Duration = Duration::from_secs(300);

/// Holds an answer, `said`, against the date of the build and the clock, which `shows`
/// something once it was set. A clock that is behind may be set forward by any time that
/// is plausible: nothing that ran out is valid again by that.
///
/// # Errors
///
/// Why it is not believed.
pub(super) fn check(
    said: UnixTime,
    built: UnixTime,
    shows: Option<UnixTime>,
) -> Result<(), TimeProblem> {
    let built = built.max(UnixTime::FLOOR);
    if said < built {
        return Err(TimeProblem::BeforeBuild { said, built });
    }
    let latest = UnixTime::from_seconds(built.seconds().saturating_add(LONGEST_USE.as_secs()));
    if said > latest {
        return Err(TimeProblem::FarFuture { said, latest });
    }
    match shows.filter(|shows| *shows >= built) {
        Some(shows) if said.seconds().saturating_add(MAX_STEP_BACK.as_secs()) < shows.seconds() => {
            Err(TimeProblem::StepBack { said, shows })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-25.
    const BUILT: UnixTime = UnixTime::from_seconds(1_795_564_800);

    fn at(base: UnixTime, seconds: i64) -> UnixTime {
        UnixTime::from_seconds(base.seconds().saturating_add_signed(seconds))
    }

    #[test]
    fn what_is_before_the_build_is_not_believed() {
        assert_eq!(check(BUILT, BUILT, None), Ok(()));
        let said = at(BUILT, -1);
        let built = BUILT;
        assert_eq!(
            check(said, BUILT, None),
            Err(TimeProblem::BeforeBuild { said, built })
        );
        // Nor is it by a program that was never told when that was.
        let built = UnixTime::FLOOR;
        let said = at(built, -1);
        assert_eq!(
            check(said, UnixTime::from_seconds(0), None),
            Err(TimeProblem::BeforeBuild { said, built })
        );
    }

    #[test]
    fn what_is_20_years_later_is_not_believed() {
        let latest = at(BUILT, 20 * 31_557_600);
        assert_eq!(check(latest, BUILT, None), Ok(()));
        let said = at(latest, 1);
        assert_eq!(
            check(said, BUILT, None),
            Err(TimeProblem::FarFuture { said, latest })
        );
        let said = UnixTime::from_seconds(u64::MAX);
        assert!(check(said, BUILT, None).is_err());
        assert!(check(said, said, Some(said)).is_ok());
    }

    #[test]
    fn a_clock_that_was_set_is_not_set_back_far() {
        let shows = at(BUILT, 1_000_000);
        for back in [0, 1, 300] {
            assert_eq!(check(at(shows, -back), BUILT, Some(shows)), Ok(()));
        }
        let said = at(shows, -301);
        assert_eq!(
            check(said, BUILT, Some(shows)),
            Err(TimeProblem::StepBack { said, shows })
        );
        assert_eq!(check(said, BUILT, None), Ok(()));
    }

    #[test]
    fn a_clock_is_set_forward_by_any_time() {
        let shows = at(BUILT, 1_000_000);
        assert_eq!(check(at(shows, 300_000_000), BUILT, Some(shows)), Ok(()));
        // One that shows 1970 was never set.
        let never = UnixTime::from_seconds(17);
        assert_eq!(check(BUILT, BUILT, Some(never)), Ok(()));
    }
}
