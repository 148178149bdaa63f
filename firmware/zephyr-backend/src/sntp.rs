// SPDX-License-Identifier: Apache-2.0

//! The time from SNTP servers, by Zephyr's SNTP library.

use core::time::Duration;

use secure_socket::time::{TimeProblem, TimeServer, TimeSource};
use secure_socket::{Clock, UnixTime};

use crate::sys;
use crate::system::{clock, os_error, resolve, sleep, to_sys};

/// SNTP servers, and the clock that is set by them ([`set_clock`](crate::set_clock)).
pub struct Sntp;

/// `struct ss_sntp_answer`.
#[derive(Default)]
#[repr(C)]
struct Answer {
    ms: i64,
    error: sys::OsError,
    kiss: [u8; 4],
}

/// `enum ss_sntp`.
mod verdict {
    pub(super) const TIME: i32 = 0;
    pub(super) const BROKEN: i32 = 1;
    pub(super) const NO_ANSWER: i32 = 2;
    pub(super) const KISS: i32 = 4;
    pub(super) const UNSYNCHRONISED: i32 = 5;
}

unsafe extern "C" {
    fn ss_sntp_ask(address: *const sys::Address, timeout_ms: u32, answer: *mut Answer) -> i32;
}

impl Clock for Sntp {
    fn now(&self) -> Option<UnixTime> {
        clock()
    }
}

impl TimeSource for Sntp {
    fn ask(
        &self,
        server: &TimeServer,
        round: usize,
        patience: Duration,
    ) -> Result<Duration, TimeProblem> {
        let addresses = resolve(server.host(), server.port()).map_err(TimeProblem::Resolve)?;
        // One of them may be of a kind that nothing here has a route to.
        let Some(address) = addresses.get(round % addresses.len().max(1)) else {
            return Err(TimeProblem::NoAnswer);
        };
        let timeout = u32::try_from(patience.as_millis()).unwrap_or(u32::MAX);
        let mut answer = Answer::default();
        // SAFETY: both pointers are to locals.
        let verdict = unsafe { ss_sntp_ask(&to_sys(*address), timeout, &mut answer) };
        match verdict {
            verdict::TIME => match u64::try_from(answer.ms) {
                Ok(ms) => Ok(Duration::from_millis(ms)),
                Err(_) => Err(TimeProblem::NotSntp),
            },
            verdict::BROKEN => Err(TimeProblem::Send(os_error(answer.error))),
            verdict::NO_ANSWER => Err(TimeProblem::NoAnswer),
            verdict::KISS => Err(TimeProblem::of_kiss(answer.kiss)),
            verdict::UNSYNCHRONISED => Err(TimeProblem::Unsynchronised),
            _ => Err(TimeProblem::NotSntp),
        }
    }

    fn uptime(&self) -> Duration {
        crate::uptime()
    }

    fn sleep(&self, time: Duration) {
        sleep(time);
    }
}
