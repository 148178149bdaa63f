// SPDX-License-Identifier: Apache-2.0

//! Asks servers for the time, one after the other and round again, until one tells it.

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use super::plausible::check;
use super::{Clock, TimeProblem, TimeServer, UnixTime};

/// The pause after the first round of servers that told no time; it doubles with each.
/// No server should be asked every few seconds for long (RFC 5905, section 14).
const FIRST_PAUSE: Duration = Duration::from_secs(4);
/// The longest pause: what NTP clients wait between two requests (RFC 5905, MINPOLL).
const LONGEST_PAUSE: Duration = Duration::from_secs(64);

/// What a platform brings for asking servers for the time. The clock is the one to set.
pub trait TimeSource: Clock {
    /// Asks `server` once, and waits for `patience` at most, or little longer. A name
    /// with several addresses has one asked in each `round`, which count from 0.
    ///
    /// # Errors
    ///
    /// Why there is no answer. Whether what it says can be is not for it to judge.
    fn ask(
        &self,
        server: &TimeServer,
        round: usize,
        patience: Duration,
    ) -> Result<Duration, TimeProblem>;

    /// The time since the system started, or since any other fixed point.
    fn uptime(&self) -> Duration;

    /// Lets `time` pass.
    fn sleep(&self, time: Duration);
}

/// Whom to ask for the time, and for how long.
#[derive(Clone, Debug)]
pub struct Asking {
    /// In the order in which to ask them.
    pub servers: Vec<TimeServer>,
    /// How long to wait for each answer.
    pub patience: Duration,
    /// How long to go on before giving up, in all; `None` is forever.
    pub limit: Option<Duration>,
    /// When this program was built: no earlier time is believed.
    pub built: UnixTime,
}

/// What time it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Since 1970-01-01 00:00:00 UTC.
    pub since_1970: Duration,
    /// By whom.
    pub server: TimeServer,
}

impl Told {
    /// The time, to the second.
    #[must_use]
    pub const fn time(&self) -> UnixTime {
        UnixTime::from_seconds(self.since_1970.as_secs())
    }
}

impl Asking {
    /// Asks one server after the other, and round again with growing pauses, until one
    /// tells a time that can be believed. The log says what is being waited for, and why.
    ///
    /// A server that sends its clients away (kiss-o'-death) is not asked again while
    /// there is another one (RFC 5905, section 7.4).
    ///
    /// # Errors
    ///
    /// [`NoTime`] when the limit is reached.
    pub fn ask<S: TimeSource>(&self, source: &S) -> Result<Told, NoTime> {
        let start = source.uptime();
        let elapsed = || source.uptime().saturating_sub(start);
        let mut problems = vec![None; self.servers.len()];
        let mut pause = FIRST_PAUSE;
        let mut round = 0;
        let mut index = 0;
        while let Some(server) = self.servers.get(index) {
            if round == 0 {
                log::info!("waiting for the time from {server}");
            }
            let patience = match self.limit {
                Some(limit) => self.patience.min(limit.saturating_sub(elapsed())),
                None => self.patience,
            };
            let problem = match self.ask_one(source, server, round, patience) {
                Ok(told) => return Ok(told),
                Err(problem) => problem,
            };
            problems[index] = Some(problem);
            let next = next(&problems, index);
            let around = next <= index;
            let wait = if around { pause } else { Duration::ZERO };
            if self.limit.is_some_and(|limit| elapsed() + wait >= limit) {
                break;
            }
            log::warn!(
                "waiting for the time from {server}: {problem}; next {}{}",
                self.servers[next],
                In(wait)
            );
            if around {
                source.sleep(wait);
                pause = (pause * 2).min(LONGEST_PAUSE);
                round += 1;
            }
            index = next;
        }
        let servers = self.servers.iter().cloned();
        Err(NoTime {
            waited: elapsed(),
            problems: servers.zip(problems).collect(),
        })
    }

    fn ask_one<S: TimeSource>(
        &self,
        source: &S,
        server: &TimeServer,
        round: usize,
        patience: Duration,
    ) -> Result<Told, TimeProblem> {
        let since_1970 = source.ask(server, round, patience)?;
        let told = Told {
            since_1970,
            server: server.clone(),
        };
        check(told.time(), self.built, source.now())?;
        Ok(told)
    }
}

/// The next server to ask: the one after `index`, round again, that has not sent us away;
/// the next one if all have.
fn next(problems: &[Option<TimeProblem>], index: usize) -> usize {
    let count = problems.len();
    let mut others = (1..=count).map(|step| (index + step) % count);
    let takes_us = |other: &usize| !matches!(problems[*other], Some(TimeProblem::SentAway(_)));
    others.find(takes_us).unwrap_or((index + 1) % count)
}

/// ` in 4 s`; nothing if it is at once.
struct In(Duration);

impl fmt::Display for In {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_secs() {
            0 => Ok(()),
            seconds => write!(f, " in {seconds} s"),
        }
    }
}

/// No server told a time that can be believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoTime {
    /// For how long they were asked.
    pub waited: Duration,
    /// What is wrong with each, by its last answer; `None` if it was not asked.
    pub problems: Vec<(TimeServer, Option<TimeProblem>)>,
}

impl fmt::Display for NoTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no time in {} s", self.waited.as_secs())?;
        for (index, (server, problem)) in self.problems.iter().enumerate() {
            f.write_str(if index == 0 { " from " } else { "; from " })?;
            match problem {
                Some(problem) => write!(f, "{server}: {problem}")?,
                None => write!(f, "{server}: it was not asked any more")?,
            }
        }
        Ok(())
    }
}

impl core::error::Error for NoTime {}

#[cfg(test)]
mod tests;
