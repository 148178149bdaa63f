// SPDX-License-Identifier: Apache-2.0

//! Cheaper handshakes with a peer that was there before. Off unless asked for.
//!
//! A full handshake leaves both sides with a secret. A client that offers it again, and a
//! server that still knows it, make a handshake without certificates: fewer bytes, fewer
//! round trips in TLS 1.2, no signature made or checked. What that must not do is carry
//! somebody past a check that was not made for them, so:
//!
//! - a session belongs to the [`Client`](crate::Client) or [`Server`](crate::Server) that
//!   made it, whose trust settings never change. Nothing is shared between two of them,
//!   and nothing is written down;
//! - with a session its certificates are kept, and judged again each time it is to be
//!   resumed: dates, names, keys, pins, revocation lists, OCSP. What would be refused now
//!   is forgotten, and a full handshake made;
//! - it ends by its age since the last full handshake, however often it was resumed;
//! - TLS 1.3 resumes with a fresh key exchange and without early data; TLS 1.2 with
//!   extended master secret alone (RFC 7627), and without a fresh key exchange.
//!
//! [`Session::resumed`](crate::Session) says whether a handshake was resumed, and
//! [`Session::peer`](crate::Session) who the peer is either way. There is nothing to resume
//! in mode 1: a pre-shared key costs as little, and where nobody is authenticated there is
//! no identity to carry over. The builders have no such step there.
//!
//! `docs/resumption.md` has the handshakes, what they cost, and what is checked.

mod client;
mod server;

use alloc::vec::Vec;
use core::time::Duration;

// `alloc`'s own is not there where a core has no atomic compare-and-swap (riscv32imc).
use portable_atomic_util::Arc;
use zeroize::Zeroizing;

pub use client::{ClientSessions, MAX_CLIENT_SESSIONS};
pub use server::{MAX_SERVER_SESSIONS, ServerSessions};

pub(crate) use client::{Offer, Origin, Wallet};
pub(crate) use server::{Desk, Teller, Visit};

use crate::revocation::ShownCertificate;
use crate::time::UnixTime;
use crate::version::TlsVersion;

/// The longest that a session may be resumed after its full handshake, in either version:
/// 7 days (RFC 8446, section 4.6.1).
pub const MAX_SESSION_AGE: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How long it may be unless told otherwise: a day.
pub const DEFAULT_SESSION_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// The bytes of a [`Ticket`]'s name: random ones, too many to guess.
pub const TICKET_NAME: usize = 16;

/// A session in the TLS library's own form, for a backend to export and import: no other
/// reads it. It has secrets in it: no `Debug`, no `Clone`, wiped on drop.
pub struct SavedSession {
    version: TlsVersion,
    lifetime: Option<Duration>,
    bytes: Zeroizing<Vec<u8>>,
}

impl SavedSession {
    /// A session of `version`, which the server that issued it will resume for `lifetime`,
    /// if it said so. A session of TLS 1.2 must be one with extended master secret.
    #[must_use]
    pub const fn new(
        version: TlsVersion,
        lifetime: Option<Duration>,
        bytes: Zeroizing<Vec<u8>>,
    ) -> Self {
        Self {
            version,
            lifetime,
            bytes,
        }
    }

    /// The version that it is resumed in.
    #[must_use]
    pub const fn version(&self) -> TlsVersion {
        self.version
    }

    /// The bytes. Whoever copies them wipes the copy.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.bytes
    }
}

/// What a server gives a client to ask for its session by.
///
/// It is a name and nothing else: the session stays with the server, so that there is no
/// key by which one who steals it could read what was sent (RFC 5077, section 5; RFC 8446,
/// section 8.1, calls it a single-use ticket).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// The name.
    pub name: [u8; TICKET_NAME],
    /// How long it is good for, at most [`MAX_SESSION_AGE`].
    pub lifetime: Duration,
}

/// The certificates that a full handshake showed, trust anchor first.
type Chain = Arc<Vec<ShownCertificate>>;

/// When a session was made.
#[derive(Clone, Copy)]
struct Age {
    /// The full handshake that all comes from.
    since: UnixTime,
    /// The handshake that this session is from.
    issued: UnixTime,
}

impl Age {
    /// How long it may still be resumed, in whole seconds; `None` if no longer.
    fn left(
        &self,
        clock: UnixTime,
        max_age: Duration,
        lifetime: Option<Duration>,
    ) -> Option<Duration> {
        // A clock that was set back does not know how old anything is.
        let passed = |from: UnixTime| {
            let seconds = clock.seconds().checked_sub(from.seconds())?;
            Some(Duration::from_secs(seconds))
        };
        let own = max_age.checked_sub(passed(self.since)?)?;
        let passed = passed(self.issued)?;
        match lifetime {
            None => Some(own),
            Some(lifetime) => Some(own.min(lifetime.checked_sub(passed)?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3600;

    const fn at(seconds: u64) -> UnixTime {
        UnixTime::from_seconds(1_800_000_000 + seconds)
    }

    #[test]
    fn a_session_ends_by_our_limit_or_the_servers_whichever_is_first() {
        let age = Age {
            since: at(0),
            issued: at(HOUR),
        };
        let day = Duration::from_secs(24 * HOUR);
        let hours = |count: u64| Some(Duration::from_secs(count * HOUR));
        assert_eq!(age.left(at(2 * HOUR), day, None), hours(22));
        assert_eq!(age.left(at(2 * HOUR), day, hours(2)), hours(1));
        assert_eq!(age.left(at(3 * HOUR), day, hours(2)), hours(0));
        assert_eq!(age.left(at(3 * HOUR + 1), day, hours(2)), None);
        // Having been resumed an hour ago makes it no younger.
        assert_eq!(age.left(at(24 * HOUR + 1), day, None), None);
        assert_eq!(
            age.left(at(HOUR - 1), day, None),
            None,
            "the clock was set back"
        );
    }
}
