// SPDX-License-Identifier: Apache-2.0

//! The sessions that a client keeps.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::time::Duration;

use critical_section::Mutex;
use portable_atomic_util::Arc;

use super::{Age, Chain, DEFAULT_SESSION_AGE, MAX_SESSION_AGE, SavedSession};
use crate::revocation::ShownCertificate;
use crate::session::CertificateIdentity;
use crate::time::UnixTime;
use crate::verify::{Expected, Means, judge_again};

/// The most sessions that a client keeps in all: finding one keeps interrupts waiting on
/// a device.
pub const MAX_CLIENT_SESSIONS: usize = 32;

/// How many sessions a client keeps, and for how long: for
/// [`Builder::resumption`](crate::builder::Builder::resumption).
///
/// The default is one for each of four peers, for a day. A peer is a host and port as
/// [`Client::connect`](crate::Client::connect) is given them. A session is some 200 bytes
/// in TLS 1.3 and 250 in TLS 1.2 (more where a server has long tickets: OpenSSL's have
/// 1 to 3 KB in mode 3), and its chain the size of its certificates; they come from the
/// program's heap, not the TLS library's.
///
/// A session of TLS 1.3 is offered once (RFC 8446, appendix C.4), and the server sends the
/// next one along with the data: a client that never reads gets none. Who connects several
/// times at once to one server wants several ([`ClientSessions::with_each`]).
#[derive(Clone, Copy)]
pub struct ClientSessions {
    each: usize,
    peers: usize,
    max_age: Duration,
    /// What keeps them. Here so that a program which resumes nothing has none of it linked.
    open: fn(Self) -> Arc<dyn Wallet>,
}

impl Default for ClientSessions {
    fn default() -> Self {
        Self::new()
    }
}

impl ClientSessions {
    /// The default.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            each: 1,
            peers: 4,
            max_age: DEFAULT_SESSION_AGE,
            open,
        }
    }

    /// Keeps as many for each peer; the oldest gives way.
    #[must_use]
    pub const fn with_each(mut self, sessions: usize) -> Self {
        self.each = sessions;
        self
    }

    /// Has room for so many peers; the oldest session gives way. More than
    /// [`MAX_CLIENT_SESSIONS`] in all are never kept.
    #[must_use]
    pub const fn with_peers(mut self, peers: usize) -> Self {
        self.peers = peers;
        self
    }

    /// Resumes none whose full handshake is longer ago; more than [`MAX_SESSION_AGE`]
    /// counts as that. A server may give them less.
    #[must_use]
    pub fn with_max_age(mut self, max_age: Duration) -> Self {
        self.max_age = max_age.min(MAX_SESSION_AGE);
        self
    }

    pub(crate) fn open(self) -> Arc<dyn Wallet> {
        (self.open)(self)
    }
}

fn open(asked: ClientSessions) -> Arc<dyn Wallet> {
    let wallet: Box<dyn Wallet> = Box::new(Kept::new(asked));
    Arc::from(wallet)
}

/// Where sessions come from: a peer, and the full handshake that proved who it is.
pub(crate) struct Origin {
    host: String,
    port: u16,
    chain: Chain,
    since: UnixTime,
}

impl Origin {
    pub(crate) fn new(
        host: &str,
        port: u16,
        chain: Vec<ShownCertificate>,
        since: UnixTime,
    ) -> Arc<Self> {
        Arc::new(Self {
            host: host.to_owned(),
            port,
            chain: Arc::new(chain),
            since,
        })
    }

    fn is_at(&self, host: &str, port: u16) -> bool {
        self.port == port && self.host == host
    }
}

/// A session that may be offered: what its full handshake showed was judged again.
pub(crate) struct Offer {
    entry: Entry,
    /// Who the peer is.
    pub(crate) leaf: CertificateIdentity,
}

impl Offer {
    pub(crate) const fn session(&self) -> &SavedSession {
        &self.entry.session
    }

    pub(crate) fn into_origin(self) -> Arc<Origin> {
        self.entry.origin
    }
}

/// What a client that resumes holds on to.
pub(crate) trait Wallet: Send + Sync {
    /// Takes out a session with the peer that may be resumed now, newest first. Those that
    /// may not are forgotten.
    fn offer(
        &self,
        host: &str,
        port: u16,
        expected: Expected<'_>,
        means: &dyn Means,
    ) -> Option<Offer>;

    /// Puts back what came to nobody's ears.
    fn put_back(&self, offer: Offer);

    /// Keeps a session that a handshake at `clock` made.
    fn keep(&self, session: SavedSession, origin: &Arc<Origin>, clock: UnixTime);
}

struct Entry {
    session: SavedSession,
    origin: Arc<Origin>,
    issued: UnixTime,
}

/// The sessions, oldest first.
///
/// The critical section is held to look through them and to move one, never while
/// anything is judged, allocated or wiped.
struct Kept {
    asked: ClientSessions,
    most: usize,
    entries: Mutex<RefCell<Vec<Entry>>>,
}

impl Kept {
    fn new(asked: ClientSessions) -> Self {
        let most = asked
            .each
            .saturating_mul(asked.peers)
            .min(MAX_CLIENT_SESSIONS);
        Self {
            asked,
            most,
            // All that is ever needed.
            entries: Mutex::new(RefCell::new(Vec::with_capacity(most))),
        }
    }

    fn with<R>(&self, work: impl FnOnce(&mut Vec<Entry>) -> R) -> R {
        critical_section::with(|section| work(&mut self.entries.borrow_ref_mut(section)))
    }

    fn take(&self, of: impl Fn(&Origin) -> bool) -> Option<Entry> {
        self.with(|entries| {
            let newest = entries.iter().rposition(|entry| of(&entry.origin))?;
            Some(entries.remove(newest))
        })
    }

    fn insert(&self, entry: Entry) {
        let dropped = self.with(|entries| {
            let Origin { host, port, .. } = &*entry.origin;
            let of_peer = |other: &Entry| other.origin.is_at(host, *port);
            let full = entries.iter().filter(|other| of_peer(other)).count() >= self.asked.each;
            let oldest = match full {
                true => entries.iter().position(of_peer),
                false => (entries.len() >= self.most).then_some(0),
            };
            match oldest {
                Some(oldest) if oldest < entries.len() => {
                    let dropped = entries.remove(oldest);
                    entries.push(entry);
                    Some(dropped)
                }
                // There is no room for any.
                Some(_) => Some(entry),
                None if self.most == 0 => Some(entry),
                None => {
                    entries.push(entry);
                    None
                }
            }
        });
        drop(dropped);
    }
}

impl Wallet for Kept {
    fn offer(
        &self,
        host: &str,
        port: u16,
        expected: Expected<'_>,
        means: &dyn Means,
    ) -> Option<Offer> {
        loop {
            let entry = self.take(|origin| origin.is_at(host, port))?;
            let Entry {
                session, origin, ..
            } = &entry;
            let age = Age {
                since: origin.since,
                issued: entry.issued,
            };
            if age
                .left(expected.clock, self.asked.max_age, session.lifetime)
                .is_none()
            {
                log::debug!("a session with {host} is too old to be resumed");
                continue;
            }
            match judge_again(&origin.chain, expected, means) {
                Ok(leaf) => return Some(Offer { entry, leaf }),
                Err(refused) => {
                    log::info!("a session with {host} is not resumed: {refused}");
                    // Nor are its sisters: each would be asked about anew.
                    while let Some(sister) = self.take(|other| core::ptr::eq(other, &**origin)) {
                        drop(sister);
                    }
                }
            }
        }
    }

    fn put_back(&self, offer: Offer) {
        self.insert(offer.entry);
    }

    fn keep(&self, session: SavedSession, origin: &Arc<Origin>, clock: UnixTime) {
        self.insert(Entry {
            session,
            origin: Arc::clone(origin),
            issued: clock,
        });
    }
}
