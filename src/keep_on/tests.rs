// SPDX-License-Identifier: Apache-2.0

use std::cell::{Cell, RefCell};
use std::string::ToString;
use std::vec::Vec;

use super::*;

/// Writes down what was waited for. The link is away for as many waits as `away` says.
#[derive(Default)]
struct Notes {
    slept: RefCell<Vec<u64>>,
    away: Cell<u32>,
}

impl Link for Notes {
    fn wait(&self, _: Duration) -> bool {
        let away = self.away.get();
        self.away.set(away.saturating_sub(1));
        away == 0
    }

    fn lacks(&self) -> &'static str {
        "nothing"
    }

    fn connect(&self) {}
}

impl Platform for Notes {
    fn sleep(&self, time: Duration) {
        self.slept.borrow_mut().push(time.as_secs());
    }

    fn random(&self) -> u32 {
        u32::MAX
    }
}

#[derive(Debug, PartialEq)]
struct Failed(Outlook);

impl Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it failed")
    }
}

impl Failure for Failed {
    fn outlook(&self) -> Outlook {
        self.0
    }
}

const SOON: Result<(), Failed> = Err(Failed(Outlook::Soon));
const LATER: Result<(), Failed> = Err(Failed(Outlook::Later));
const WELL: Result<(), Failed> = Ok(());

fn repeat() -> Repeat {
    let seconds = Duration::from_secs;
    Repeat {
        every: seconds(100),
        backoff: Backoff::new(seconds(1), seconds(30)),
    }
}

/// What was slept, in seconds, while these were the results, and then the end.
fn slept(results: &[Result<(), Failed>]) -> Vec<u64> {
    let notes = Notes::default();
    let mut results = results.iter();
    let end = keep_on(&notes, &repeat(), None, || match results.next() {
        Some(Ok(())) => Ok(()),
        Some(Err(Failed(outlook))) => Err(Failed(*outlook)),
        None => Err(Failed(Outlook::Never)),
    });
    assert_eq!(end, Failed(Outlook::Never));
    notes.slept.take()
}

#[test]
fn failures_back_off_and_a_success_starts_afresh() {
    assert_eq!(
        slept(&[SOON, SOON, SOON, WELL, SOON, WELL, WELL]),
        [1, 2, 4, 100, 1, 100, 100]
    );
}

#[test]
fn what_others_have_to_mend_is_tried_seldom() {
    assert_eq!(slept(&[LATER, SOON, WELL, SOON]), [30, 30, 100, 1]);
}

#[test]
fn what_cannot_be_mended_is_the_end() {
    assert_eq!(slept(&[]), [0; 0]);
}

#[test]
fn a_link_that_comes_back_is_not_met_by_everybody_at_once() {
    let notes = Notes::default();
    // It is away at start, which is nobody's loss.
    notes.away.set(2);
    let mut tries = 0;
    keep_on(&notes, &repeat(), None, || {
        tries += 1;
        match tries {
            1 | 2 => SOON,
            3 => {
                notes.away.set(3);
                SOON
            }
            _ => Err(Failed(Outlook::Never)),
        }
    });
    // After the third failure and the wait for the link one first wait more.
    assert_eq!(notes.slept.take(), [1, 2, 4, 1]);
}

#[test]
fn a_link_that_stays_away_is_a_failure_and_not_the_end() {
    let notes = Notes::default();
    // Steps of 1, 4 and 5 s make 10.
    notes.away.set(6);
    keep_on(&notes, &repeat(), Some(Duration::from_secs(10)), || {
        assert_eq!(notes.away.get(), 0, "it was tried without a link");
        Err(Failed(Outlook::Never))
    });
    assert_eq!(notes.slept.take(), [1, 2, 1]);
}

#[test]
fn pauses_are_told_as_people_do() {
    let told = |ms| Pause(Duration::from_millis(ms)).to_string();
    assert_eq!(told(1), "0.1 s");
    assert_eq!(told(700), "0.7 s");
    assert_eq!(told(9999), "10 s");
    assert_eq!(told(300_000), "300 s");
}
