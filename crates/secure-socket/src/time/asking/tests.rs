// SPDX-License-Identifier: Apache-2.0

//! The order and the pauses of asking. What real servers do is for the tests on Zephyr.

use alloc::format;
use alloc::string::{String, ToString};
use std::sync::Mutex;

use super::*;
use crate::backend::{OsError, OsErrorKind};

/// 2026-11-25.
const BUILT: UnixTime = UnixTime::from_seconds(1_795_564_800);
const RIGHT: Result<u64, TimeProblem> = Ok(BUILT.seconds() + 60);
const SILENT: Result<u64, TimeProblem> = Err(TimeProblem::NoAnswer);
const AWAY: Result<u64, TimeProblem> = Err(TimeProblem::SentAway(*b"RATE"));

/// Servers by their names, each with its answers in order; the last one stays.
struct Network {
    answers: Vec<(&'static str, Vec<Result<u64, TimeProblem>>)>,
    shows: Option<UnixTime>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    uptime: Duration,
    /// Who was asked when, in seconds, and in which round.
    asked: Vec<(String, u64, usize)>,
}

impl Network {
    fn new(answers: &[(&'static str, &[Result<u64, TimeProblem>])]) -> Self {
        let answers = answers.iter().map(|(name, list)| (*name, list.to_vec()));
        Self {
            answers: answers.collect(),
            shows: None,
            state: Mutex::default(),
        }
    }

    fn asking(&self, limit: Option<u64>) -> Asking {
        let names: Vec<_> = self.answers.iter().map(|(name, _)| *name).collect();
        Asking {
            servers: TimeServer::list(&names.join(" ")).unwrap(),
            patience: Duration::from_secs(2),
            limit: limit.map(Duration::from_secs),
            built: BUILT,
        }
    }

    fn ask(&self, limit: Option<u64>) -> Result<Told, NoTime> {
        self.asking(limit).ask(self)
    }

    /// `a@0`: a was asked at 0 s.
    fn asked(&self) -> Vec<String> {
        let state = self.state.lock().unwrap();
        let asked = state.asked.iter();
        asked.map(|(name, at, _)| format!("{name}@{at}")).collect()
    }
}

impl Clock for Network {
    fn now(&self) -> Option<UnixTime> {
        self.shows
    }
}

impl TimeSource for Network {
    fn ask(
        &self,
        server: &TimeServer,
        round: usize,
        patience: Duration,
    ) -> Result<Duration, TimeProblem> {
        let mut state = self.state.lock().unwrap();
        let (name, uptime) = (server.to_string(), state.uptime.as_secs());
        let (_, list) = self.answers.iter().find(|(one, _)| *one == name).unwrap();
        let before = state.asked.iter().filter(|(one, ..)| *one == name).count();
        state.asked.push((name, uptime, round));
        let answer = list[before.min(list.len() - 1)];
        if answer == SILENT {
            state.uptime += patience;
        }
        answer.map(Duration::from_secs)
    }

    fn uptime(&self) -> Duration {
        self.state.lock().unwrap().uptime
    }

    fn sleep(&self, time: Duration) {
        self.state.lock().unwrap().uptime += time;
    }
}

#[test]
fn the_first_that_tells_the_time_is_enough() {
    let network = Network::new(&[("a", &[RIGHT]), ("b", &[RIGHT])]);
    let told = network.ask(Some(60)).unwrap();
    assert_eq!(told.server.to_string(), "a");
    assert_eq!(told.time().seconds(), BUILT.seconds() + 60);
    assert_eq!(network.asked(), ["a@0"]);
}

#[test]
fn the_next_is_asked_at_once_when_one_is_silent() {
    let network = Network::new(&[("a", &[SILENT]), ("b", &[RIGHT])]);
    assert_eq!(network.ask(Some(60)).unwrap().server.to_string(), "b");
    assert_eq!(network.asked(), ["a@0", "b@2"]);
}

#[test]
fn rounds_come_with_growing_pauses_until_one_answers() {
    let silent_twice = [SILENT, SILENT, SILENT, RIGHT];
    let network = Network::new(&[("a", &[SILENT]), ("b", &silent_twice)]);
    network.ask(None).unwrap();
    let asked = ["a@0", "b@2", "a@8", "b@10", "a@20", "b@22", "a@40", "b@42"];
    assert_eq!(network.asked(), asked);
    let state = network.state.lock().unwrap();
    let rounds: Vec<_> = state.asked.iter().map(|(.., round)| *round).collect();
    assert_eq!(rounds, [0, 0, 1, 1, 2, 2, 3, 3]);
}

#[test]
fn pauses_grow_to_a_minute_and_no_more() {
    let mut list = vec![Err(TimeProblem::Unsynchronised); 8];
    list.push(RIGHT);
    let network = Network::new(&[("a", &list)]);
    network.ask(None).unwrap();
    let asked = [
        "a@0", "a@4", "a@12", "a@28", "a@60", "a@124", "a@188", "a@252", "a@316",
    ];
    assert_eq!(network.asked(), asked);
}

#[test]
fn the_limit_is_kept_and_says_what_is_wrong_with_each() {
    let reset = OsError {
        kind: OsErrorKind::Refused,
        number: 0,
    };
    let wrong = Ok(17);
    let network = Network::new(&[
        ("a", &[SILENT]),
        ("b:1123", &[wrong]),
        ("c", &[Err(TimeProblem::Send(reset))]),
    ]);
    let error = network.ask(Some(7)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no time in 7 s from a: no answer in time; from b:1123: it says 1970-01-01, which is \
         before this program was built (2026-11-25); from c: it cannot be asked: connection \
         refused: nobody listens there"
    );
    assert_eq!(network.asked(), ["a@0", "b:1123@2", "c@2", "a@6"]);
}

#[test]
fn a_limit_that_ends_the_first_round_says_who_was_not_asked() {
    let network = Network::new(&[("a", &[SILENT]), ("b", &[RIGHT])]);
    let error = network.ask(Some(1)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no time in 1 s from a: no answer in time; from b: it was not asked any more"
    );
}

#[test]
fn who_sends_us_away_is_left_alone_while_there_are_others() {
    let network = Network::new(&[("a", &[AWAY]), ("b", &[SILENT, SILENT, RIGHT])]);
    assert_eq!(network.ask(None).unwrap().server.to_string(), "b");
    assert_eq!(network.asked(), ["a@0", "b@0", "b@6", "b@16"]);
    // Where there is no other, it is asked with growing pauses.
    let network = Network::new(&[("a", &[AWAY, AWAY, RIGHT])]);
    network.ask(None).unwrap();
    assert_eq!(network.asked(), ["a@0", "a@4", "a@12"]);
}

#[test]
fn what_cannot_be_true_is_refused_and_the_next_one_asked() {
    let before = Ok(BUILT.seconds() - 1);
    let far = Ok(BUILT.seconds() + 21 * 31_557_600);
    let network = Network::new(&[("a", &[before]), ("b", &[far]), ("c", &[RIGHT])]);
    assert_eq!(network.ask(Some(60)).unwrap().server.to_string(), "c");
    assert_eq!(network.asked(), ["a@0", "b@0", "c@0"]);
}

#[test]
fn a_clock_that_was_set_is_not_set_back() {
    let hour_later = UnixTime::from_seconds(BUILT.seconds() + 3660);
    let mut network = Network::new(&[("a", &[RIGHT])]);
    network.shows = Some(hour_later);
    let error = network.ask(Some(1)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no time in 0 s from a: it says 2026-11-25T00:01:00Z, which is 3600 s before what the \
         clock shows"
    );
}

#[test]
fn without_servers_there_is_no_time() {
    let error = Network::new(&[("a", &[RIGHT])]);
    let asking = Asking {
        servers: Vec::new(),
        ..error.asking(None)
    };
    assert!(asking.ask(&error).is_err());
}

#[test]
fn not_every_kiss_sends_us_away() {
    for code in [b"DENY", b"RSTR", b"RATE"] {
        assert_eq!(TimeProblem::of_kiss(*code), TimeProblem::SentAway(*code));
    }
    for code in [b"INIT", b"STEP", b"\0\0\0\0"] {
        assert_eq!(TimeProblem::of_kiss(*code), TimeProblem::Unsynchronised);
    }
}

#[test]
fn a_kiss_is_shown_as_text_whatever_it_holds() {
    let shown = |code| TimeProblem::SentAway(code).to_string();
    assert_eq!(shown(*b"RATE"), "it sends us away (kiss-o'-death RATE)");
    assert_eq!(
        shown(*b"a\n\xff\0"),
        "it sends us away (kiss-o'-death a\\n\\xff)"
    );
}
