// SPDX-License-Identifier: Apache-2.0

//! Why there is no time from a server.

use core::fmt;

use super::UnixTime;
use crate::backend::OsError;

/// Why there is no time from a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeProblem {
    /// The name has no address, or nobody to ask for it.
    Resolve(OsError),
    /// Nothing can be sent to it.
    Send(OsError),
    /// It said nothing, or nothing that answers our request.
    NoAnswer,
    /// What it said is no answer of a server (RFC 5905, section 7.3).
    NotSntp,
    /// A kiss-o'-death: it wants to be asked no more. Its code (RFC 5905, section 7.4).
    SentAway([u8; 4]),
    /// Its own clock is not set: leap indicator 3, or stratum 16 (RFC 5905, section 7.3).
    Unsynchronised,
    /// The time that it says is from before this program was built.
    BeforeBuild {
        /// What it says.
        said: UnixTime,
        /// When this program was built.
        built: UnixTime,
    },
    /// The time that it says is so late that this program can be in use no more.
    FarFuture {
        /// What it says.
        said: UnixTime,
        /// The last time that is believed.
        latest: UnixTime,
    },
    /// The time that it says is long before what our clock shows, which was set.
    StepBack {
        /// What it says.
        said: UnixTime,
        /// What our clock shows.
        shows: UnixTime,
    },
}

impl TimeProblem {
    /// What a packet of stratum 0 says by its code, which stands where the reference ID
    /// does. Of those there are, three want us to go; with others, such as INIT, a server
    /// says that it has no time yet (RFC 5905, section 7.4).
    #[must_use]
    pub fn of_kiss(code: [u8; 4]) -> Self {
        match &code {
            b"DENY" | b"RSTR" | b"RATE" => Self::SentAway(code),
            _ => Self::Unsynchronised,
        }
    }

    /// What to do about it, in a sentence or two.
    #[must_use]
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::Resolve(_) => {
                "Look at the name, and at the device's DNS server; or give an address."
            }
            Self::Send(_) => "See that the device is on a network, and has a route to the server.",
            Self::NoAnswer => {
                "See that it serves NTP, and that UDP port 123 is let through. Name a second \
                 server."
            }
            Self::NotSntp => "See that the port is one of NTP.",
            Self::SentAway(_) => {
                "Ask less often, or another server: it takes no more from this network."
            }
            Self::Unsynchronised => "Wait for it to find the time, or name a second server.",
            Self::BeforeBuild { .. } => {
                "See whose clock is wrong: the server's, or that of the computer that the program \
                 was built on (SOURCE_DATE_EPOCH)."
            }
            Self::FarFuture { .. } => {
                "Set the server's clock. Where the program is as old as that, build it anew."
            }
            Self::StepBack { .. } => {
                "See whose clock is wrong. If it is the device's, restart it: a clock that was \
                 never set takes any plausible time."
            }
        }
    }
}

impl fmt::Display for TimeProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resolve(error) => write!(f, "its name cannot be resolved: {error}"),
            Self::Send(error) => write!(f, "it cannot be asked: {error}"),
            Self::NoAnswer => f.write_str("no answer in time"),
            Self::NotSntp => f.write_str("its answer is none of SNTP"),
            Self::SentAway(code) => {
                f.write_str("it sends us away (kiss-o'-death ")?;
                for byte in code.iter().filter(|byte| **byte != 0) {
                    write!(f, "{}", byte.escape_ascii())?;
                }
                f.write_str(")")
            }
            Self::Unsynchronised => f.write_str("its own clock is not set"),
            Self::BeforeBuild { said, built } => write!(
                f,
                "it says {said}, which is before this program was built ({built})"
            ),
            Self::FarFuture { said, latest } => write!(
                f,
                "it says {said}, which is after {latest}, too late for a program of this age"
            ),
            Self::StepBack { said, shows } => write!(
                f,
                "it says {}, which is {} s before what the clock shows",
                said.to_second(),
                shows.seconds().saturating_sub(said.seconds())
            ),
        }
    }
}
