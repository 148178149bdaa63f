// SPDX-License-Identifier: Apache-2.0

//! The sessions that a server keeps.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::time::Duration;

use critical_section::Mutex;
use portable_atomic_util::Arc;

use super::{Age, Chain, DEFAULT_SESSION_AGE, MAX_SESSION_AGE, SavedSession, TICKET_NAME, Ticket};
use crate::revocation::ShownCertificate;
use crate::session::CertificateIdentity;
use crate::time::UnixTime;
use crate::verify::{Expected, Means, judge_chain};
use crate::version::TlsVersion;

/// The most sessions that a server keeps: finding one keeps interrupts waiting on a device.
pub const MAX_SERVER_SESSIONS: usize = 1024;

/// The most tickets that one handshake is given; TLS libraries give one or two.
const MAX_ISSUED: usize = 2;

/// How many sessions a server keeps, and for how long: for
/// [`Builder::resumption`](crate::builder::Builder::resumption).
///
/// A session is some 150 bytes and in mode 3 the client's chain, from the program's heap.
/// The store is in memory, and the server's own: a server that restarts, or that a client
/// is sent to by a load balancer, knows nothing of it, and a full handshake is made.
///
/// Clients ask by ticket (RFC 5077, RFC 8446), whose content is a random name in the store:
/// no key could be stolen that opens tickets. In TLS 1.3 a ticket is good once and each
/// handshake brings the next; in TLS 1.2 it is good until it is too old. TLS 1.2's session
/// IDs are not used: whoever knows them knows tickets too.
///
/// A server whose backend has no calendar clock at all issues no tickets: nobody could
/// tell how old they are.
#[derive(Clone, Copy)]
pub struct ServerSessions {
    most: usize,
    max_age: Duration,
    /// What keeps them. Here so that a program which resumes nothing has none of it linked.
    open: fn(Self) -> Box<dyn Desk>,
}

impl ServerSessions {
    /// Keeps as many sessions, [`MAX_SERVER_SESSIONS`] at most, for a day; the oldest gives
    /// way.
    #[must_use]
    pub const fn new(sessions: usize) -> Self {
        Self {
            most: sessions,
            max_age: DEFAULT_SESSION_AGE,
            open,
        }
    }

    /// Resumes none whose full handshake is longer ago; more than [`MAX_SESSION_AGE`]
    /// counts as that.
    #[must_use]
    pub fn with_max_age(mut self, max_age: Duration) -> Self {
        self.max_age = max_age.min(MAX_SESSION_AGE);
        self
    }

    pub(crate) fn open(self) -> Box<dyn Desk> {
        (self.open)(self)
    }
}

fn open(asked: ServerSessions) -> Box<dyn Desk> {
    Box::new(Store::new(asked))
}

/// What one handshake is about.
#[derive(Clone, Copy)]
pub(crate) struct Visit<'a> {
    /// What the client's certificates are held against; `None` in mode 2.
    pub(crate) expected: Option<Expected<'a>>,
    pub(crate) clock: UnixTime,
    pub(crate) means: &'a dyn Means,
}

/// What a server that resumes holds on to.
pub(crate) trait Desk: Send + Sync {
    /// Attends to one handshake.
    fn attend<'a>(&'a self, visit: Visit<'a>) -> Box<dyn Teller + 'a>;
}

/// Issues and redeems the tickets of one handshake.
pub(crate) trait Teller {
    /// See [`Observer::issue`](crate::backend::Observer::issue).
    fn issue(&mut self, session: SavedSession) -> Option<Ticket>;

    /// See [`Observer::redeem`](crate::backend::Observer::redeem).
    fn redeem(&mut self, name: &[u8], version: TlsVersion) -> Option<&SavedSession>;

    /// The session that was last redeemed.
    fn presented(&self) -> Option<Presented<'_>>;

    /// The client was let in: the tickets that it got are good from now on. `chain` is what
    /// it showed, where it made a full handshake.
    fn settle(self: Box<Self>, chain: Option<Vec<ShownCertificate>>);
}

/// Who resumes a session.
#[derive(Clone, Copy)]
pub(crate) struct Presented<'a> {
    /// `None` in mode 2.
    pub(crate) leaf: Option<&'a CertificateIdentity>,
    /// Its chain, trust anchor first.
    pub(crate) chain: &'a [ShownCertificate],
}

struct Entry {
    name: [u8; TICKET_NAME],
    session: SavedSession,
    /// Empty in mode 2.
    chain: Chain,
    age: Age,
}

/// The sessions, oldest first.
///
/// The critical section is held to look through them and to move one, never while
/// anything is judged, allocated or wiped.
struct Store {
    most: usize,
    max_age: Duration,
    entries: Mutex<RefCell<Vec<Arc<Entry>>>>,
}

impl Store {
    fn new(asked: ServerSessions) -> Self {
        let most = asked.most.min(MAX_SERVER_SESSIONS);
        Self {
            most,
            max_age: asked.max_age,
            // All that is ever needed.
            entries: Mutex::new(RefCell::new(Vec::with_capacity(most))),
        }
    }

    fn with<R>(&self, work: impl FnOnce(&mut Vec<Arc<Entry>>) -> R) -> R {
        critical_section::with(|section| work(&mut self.entries.borrow_ref_mut(section)))
    }

    /// The session of this name. In TLS 1.3 that is the end of it here (RFC 8446, section
    /// 8.1); clients of TLS 1.2 are given no other ticket when they resume (RFC 5077,
    /// section 3.3), and ask by it again.
    fn find(&self, name: &[u8], version: TlsVersion, clock: UnixTime) -> Option<Arc<Entry>> {
        let entry = self.with(|entries| {
            let place = entries.iter().position(|entry| is(&entry.name, name))?;
            let entry = entries.get(place)?;
            if entry.session.version != version {
                return None;
            }
            Some(match version {
                TlsVersion::Tls13 => entries.remove(place),
                TlsVersion::Tls12 => Arc::clone(entry),
            })
        })?;
        entry.age.left(clock, self.max_age, None)?;
        Some(entry)
    }

    fn forget(&self, entry: &Arc<Entry>) {
        let dropped = self.with(|entries| {
            let place = entries.iter().position(|other| Arc::ptr_eq(other, entry))?;
            Some(entries.remove(place))
        });
        drop(dropped);
    }

    fn insert(&self, entry: Arc<Entry>) {
        let dropped = self.with(|entries| {
            if self.most == 0 {
                return Some(entry);
            }
            let dropped = (entries.len() >= self.most).then(|| entries.remove(0));
            entries.push(entry);
            dropped
        });
        drop(dropped);
    }
}

/// In a time that does not tell how much of a guess was right.
fn is(name: &[u8; TICKET_NAME], guess: &[u8]) -> bool {
    let differences = name.iter().zip(guess).fold(0, |all, (a, b)| all | (a ^ b));
    guess.len() == name.len() && differences == 0
}

impl Desk for Store {
    fn attend<'a>(&'a self, visit: Visit<'a>) -> Box<dyn Teller + 'a> {
        Box::new(Counter {
            store: self,
            visit,
            issued: Vec::new(),
            redeemed: None,
            settled: false,
        })
    }
}

/// One handshake at the [`Store`].
struct Counter<'a> {
    store: &'a Store,
    visit: Visit<'a>,
    /// Not in the store before the client was let in.
    issued: Vec<([u8; TICKET_NAME], SavedSession)>,
    redeemed: Option<Redeemed>,
    settled: bool,
}

struct Redeemed {
    entry: Arc<Entry>,
    leaf: Option<CertificateIdentity>,
}

impl Counter<'_> {
    /// The full handshake that this one comes from.
    fn since(&self) -> UnixTime {
        self.redeemed
            .as_ref()
            .map_or(self.visit.clock, |redeemed| redeemed.entry.age.since)
    }

    /// Who the client of a session is, if it would be let in now.
    fn judge(&self, entry: &Entry) -> Option<Option<CertificateIdentity>> {
        let Some(expected) = self.visit.expected else {
            return Some(None);
        };
        // OCSP takes a conversation, for which there is no time within a handshake: it
        // comes when the handshake is over, as after a full one.
        match judge_chain(&entry.chain, expected, self.visit.means) {
            Ok(leaf) => Some(Some(leaf)),
            Err(refused) => {
                log::info!("a client's session is not resumed: {refused}");
                None
            }
        }
    }
}

/// A session whose client did not get in is forgotten: the next time it makes a full
/// handshake, and hears why.
impl Drop for Counter<'_> {
    fn drop(&mut self) {
        if let Some(redeemed) = self.redeemed.take().filter(|_| !self.settled) {
            self.store.forget(&redeemed.entry);
        }
    }
}

impl Teller for Counter<'_> {
    fn issue(&mut self, session: SavedSession) -> Option<Ticket> {
        if self.issued.len() >= MAX_ISSUED || self.store.most == 0 {
            return None;
        }
        let Visit { clock, means, .. } = self.visit;
        let age = Age {
            since: self.since(),
            issued: clock,
        };
        let lifetime = age.left(clock, self.store.max_age, None)?;
        let mut name = [0; TICKET_NAME];
        means.random(&mut name).ok()?;
        self.issued.push((name, session));
        Some(Ticket { name, lifetime })
    }

    fn redeem(&mut self, name: &[u8], version: TlsVersion) -> Option<&SavedSession> {
        // After a HelloRetryRequest a client asks once more (RFC 8446, section 4.1.2).
        let again = self.redeemed.as_ref().is_some_and(|redeemed| {
            let entry = &redeemed.entry;
            is(&entry.name, name) && entry.session.version == version
        });
        if !again {
            self.redeemed = None;
            let entry = self.store.find(name, version, self.visit.clock)?;
            let leaf = self.judge(&entry)?;
            self.redeemed = Some(Redeemed { entry, leaf });
        }
        Some(&self.redeemed.as_ref()?.entry.session)
    }

    fn presented(&self) -> Option<Presented<'_>> {
        self.redeemed.as_ref().map(|redeemed| Presented {
            leaf: redeemed.leaf.as_ref(),
            chain: &redeemed.entry.chain,
        })
    }

    fn settle(mut self: Box<Self>, chain: Option<Vec<ShownCertificate>>) {
        self.settled = true;
        let (chain, since) = match (chain, &self.redeemed) {
            (None, Some(redeemed)) => (Arc::clone(&redeemed.entry.chain), self.since()),
            (chain, _) => (Arc::new(chain.unwrap_or_default()), self.visit.clock),
        };
        for (name, session) in core::mem::take(&mut self.issued) {
            self.store.insert(Arc::new(Entry {
                name,
                session,
                chain: Arc::clone(&chain),
                age: Age {
                    since,
                    issued: self.visit.clock,
                },
            }));
        }
    }
}

#[cfg(test)]
mod tests;
