// SPDX-License-Identifier: Apache-2.0

use super::*;
use crate::backend::{Addresses, OsError, SignatureError};
use crate::credential::{CaCertificate, Trust};
use crate::diagnosis::Peer;
use crate::verify::Crypto;
use crate::x509::SignatureAlgorithm;
use core::cell::Cell;
use core::net::SocketAddr;
use std::vec;
use test_pki::{KeyKind, Leaf, Pki};
use zeroize::Zeroizing;

/// Counts up instead of making random numbers; asks nobody.
#[derive(Default)]
struct Alone(Cell<u8>);

impl Crypto for Alone {
    fn sha256(&self, _: &[u8]) -> [u8; 32] {
        [7; 32]
    }

    fn verify_signature(
        &self,
        _: &SignatureAlgorithm,
        _: &[u8],
        _: &[u8],
        _: &[u8],
    ) -> Result<(), SignatureError> {
        Err(SignatureError::Invalid)
    }
}

impl Means for Alone {
    fn now(&self) -> Option<UnixTime> {
        unreachable!("the clock was read before the handshake")
    }

    fn pause(&self, _: Duration) {
        unreachable!("nobody is waited for")
    }

    fn random(&self, bytes: &mut [u8]) -> Result<(), OsError> {
        self.0.set(self.0.get() + 1);
        bytes.fill(self.0.get());
        Ok(())
    }

    fn resolve(&self, _: &str, _: u16) -> Result<Addresses, OsError> {
        unreachable!("nobody is asked")
    }

    fn exchange(
        &self,
        _: SocketAddr,
        _: &[u8],
        _: usize,
        _: Duration,
        _: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<Vec<u8>, OsError> {
        unreachable!("nobody is asked")
    }
}

const CLOCK: UnixTime = UnixTime::from_seconds(1_795_391_999);

fn store(sessions: usize) -> Store {
    Store::new(ServerSessions::new(sessions))
}

fn session(version: TlsVersion) -> SavedSession {
    SavedSession::new(version, None, Zeroizing::new(vec![1, 2, 3]))
}

/// Issues a ticket in a handshake that a client without a certificate made.
fn issue(store: &Store, means: &Alone, version: TlsVersion) -> Ticket {
    let mut teller = store.attend(visit(means));
    let ticket = teller.issue(session(version)).unwrap();
    teller.settle(Some(Vec::new()));
    ticket
}

fn visit(means: &Alone) -> Visit<'_> {
    Visit {
        expected: None,
        clock: CLOCK,
        means,
    }
}

/// Whether a handshake that redeems the ticket, and is settled, has a session.
fn redeems(store: &Store, visit: Visit<'_>, ticket: &Ticket, version: TlsVersion) -> bool {
    let mut teller = store.attend(visit);
    let found = teller.redeem(&ticket.name, version).is_some();
    teller.settle(None);
    found
}

#[test]
fn a_ticket_is_of_one_version() {
    let means = Alone::default();
    let (old, new) = (TlsVersion::Tls12, TlsVersion::Tls13);
    for (version, other) in [(old, new), (new, old)] {
        let store = store(4);
        let ticket = issue(&store, &means, version);
        assert!(!redeems(&store, visit(&means), &ticket, other));
        // Nor is it used up by that.
        assert!(redeems(&store, visit(&means), &ticket, version));
    }
}

#[test]
fn only_the_whole_name_will_do() {
    let means = Alone::default();
    let store = store(4);
    let ticket = issue(&store, &means, TlsVersion::Tls12);
    let mut teller = store.attend(visit(&means));
    let longer = [&ticket.name[..], &[0]].concat();
    for name in [&[][..], &ticket.name[..15], &longer, &[0; TICKET_NAME]] {
        assert!(teller.redeem(name, TlsVersion::Tls12).is_none());
    }
    assert!(teller.redeem(&ticket.name, TlsVersion::Tls12).is_some());
}

#[test]
fn a_ticket_is_good_once_the_client_is_let_in_and_not_before() {
    let means = Alone::default();
    let store = store(4);
    let mut teller = store.attend(visit(&means));
    let ticket = teller.issue(session(TlsVersion::Tls13)).unwrap();
    let is_good = || redeems(&store, visit(&means), &ticket, TlsVersion::Tls13);
    assert!(!is_good());
    drop(teller);
    assert!(!is_good(), "it was not let in");
}

#[test]
fn a_client_that_was_not_let_in_again_has_no_session_any_more() {
    let means = Alone::default();
    for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
        let store = store(4);
        let ticket = issue(&store, &means, version);
        let mut teller = store.attend(visit(&means));
        assert!(teller.redeem(&ticket.name, version).is_some());
        drop(teller);
        assert!(!redeems(&store, visit(&means), &ticket, version));
        assert!(store.with(|entries| entries.is_empty()));
    }
}

/// What comes of a HelloRetryRequest (RFC 8446, section 4.1.2), and of nothing else.
#[test]
fn a_handshake_may_ask_twice_for_what_it_found() {
    let means = Alone::default();
    let store = store(4);
    let ticket = issue(&store, &means, TlsVersion::Tls13);
    let mut teller = store.attend(visit(&means));
    let mut other = store.attend(visit(&means));
    for _ in 0..2 {
        assert!(teller.redeem(&ticket.name, TlsVersion::Tls13).is_some());
        assert!(other.redeem(&ticket.name, TlsVersion::Tls13).is_none());
    }
    // The last that was asked for counts.
    assert!(
        teller
            .redeem(&[0; TICKET_NAME], TlsVersion::Tls13)
            .is_none()
    );
    assert!(teller.presented().is_none());
}

#[test]
fn a_handshake_gets_so_many_tickets_and_no_more() {
    let means = Alone::default();
    let store = store(8);
    let mut teller = store.attend(visit(&means));
    for count in 0..4 {
        let ticket = teller.issue(session(TlsVersion::Tls13));
        assert_eq!(ticket.is_some(), count < MAX_ISSUED);
    }
}

/// A store that held a session without a certificate in mode 3 would be at fault; it is
/// not let through for that.
#[test]
fn without_a_chain_nobody_is_who_has_to_prove_it() {
    let means = Alone::default();
    let pki = Pki::generate(KeyKind::Ec).unwrap();
    let trust = Trust::from(CaCertificate::from_der(pki.root().der.clone()).unwrap());
    let demanding = Visit {
        expected: Some(Expected {
            peer: Peer::Client,
            name: None,
            trust: &trust,
            clock: CLOCK,
            keeps_chain: true,
        }),
        ..visit(&means)
    };
    for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
        let store = store(4);
        let ticket = issue(&store, &means, version);
        assert!(!redeems(&store, demanding, &ticket, version));
    }
}

#[test]
fn a_chain_is_judged_by_the_clock_of_the_moment() {
    let means = Alone::default();
    let pki = Pki::generate(KeyKind::Ec).unwrap();
    let trust = Trust::from(CaCertificate::from_der(pki.root().der.clone()).unwrap());
    let chain = || {
        let leaf = &pki.leaf(Leaf::Client).chain_der;
        let ders = [&pki.root().der, &leaf[1], &leaf[0]];
        let shown = ders.into_iter().zip([2, 1, 0]);
        shown
            .map(|(der, depth)| ShownCertificate {
                depth,
                der: der.clone(),
            })
            .collect()
    };
    let leaf = crate::CertificateFacts::read(&pki.leaf(Leaf::Client).chain_der[0]).unwrap();
    let end = leaf.not_after.seconds();
    let at = |seconds| UnixTime::from_seconds(seconds);
    for (issued, asked, good) in [
        (at(end - 10), at(end), true),
        (at(end - 10), at(end + 1), false),
    ] {
        let visit = |clock| Visit {
            expected: Some(Expected {
                peer: Peer::Client,
                name: None,
                trust: &trust,
                clock,
                keeps_chain: true,
            }),
            clock,
            means: &means,
        };
        let store = store(4);
        let mut teller = store.attend(visit(issued));
        let ticket = teller.issue(session(TlsVersion::Tls13)).unwrap();
        teller.settle(Some(chain()));
        let mut teller = store.attend(visit(asked));
        assert_eq!(
            teller.redeem(&ticket.name, TlsVersion::Tls13).is_some(),
            good
        );
        let who = teller.presented().and_then(|presented| presented.leaf);
        assert_eq!(who.is_some_and(|who| who.names == ["client-1.test"]), good);
    }
}

#[test]
fn a_ticket_lasts_as_long_as_its_full_handshake_allows() {
    let means = Alone::default();
    let store = Store::new(ServerSessions::new(4).with_max_age(Duration::from_secs(100)));
    let ticket = issue(&store, &means, TlsVersion::Tls13);
    assert_eq!(ticket.lifetime, Duration::from_secs(100));
    let later = |seconds| Visit {
        clock: UnixTime::from_seconds(CLOCK.seconds() + seconds),
        ..visit(&means)
    };
    let mut teller = store.attend(later(60));
    assert!(teller.redeem(&ticket.name, TlsVersion::Tls13).is_some());
    let next = teller.issue(session(TlsVersion::Tls13)).unwrap();
    teller.settle(None);
    assert_eq!(next.lifetime, Duration::from_secs(40));
    assert!(!redeems(&store, later(101), &next, TlsVersion::Tls13));
    let week = ServerSessions::new(1).with_max_age(Duration::MAX);
    assert_eq!(week.max_age, MAX_SESSION_AGE);
}
