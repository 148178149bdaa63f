// SPDX-License-Identifier: Apache-2.0

//! When a list is fetched, and which one takes the place of another: over days that go by
//! as fast as this says. Real servers, signatures and handshakes are in `mbedtls-backend`.

use super::{Recipe, entry, id_ce, reason, time, tlv};
use crate::backend::{Addresses, OsError, OsErrorKind, SignatureError};
use crate::credential::{CaCertificate, CredentialError, CredentialKind};
use crate::diagnosis::Refusal;
use crate::revocation::crl::slot::{MIN_REST, RETRY};
use crate::revocation::{
    CrlCheck, CrlError, CrlFetchError, Crls, DEFAULT_CRL_LIMITS, FetchError, HttpUrl, Lists,
    Question, RevocationProblem as Problem, Turn,
};
use crate::time::UnixTime;
use crate::verify::{Crypto, Means};
use crate::x509::walk::issuer_and_subject;
use crate::x509::{CertificateFacts, SignatureAlgorithm};
use core::cell::{Cell, RefCell};
use core::net::{Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::vec::Vec;
use test_pki::{KeyKind, Leaf, Pki};

const FIRST: u64 = 1_767_225_600; // 2026-01-01
const LAST: u64 = 1_769_904_000; // 2026-02-01
const DAY: u64 = 86_400;

/// A place with a clock, a CA's web server, and signatures that are good with one key.
struct Place {
    clock: Cell<u64>,
    /// What the server has; none takes no connection.
    served: RefCell<Option<Vec<u8>>>,
    /// How long it takes.
    takes: Cell<u64>,
    requests: Cell<usize>,
    /// The key that all lists are signed with.
    signer: RefCell<Vec<u8>>,
    verified: Cell<usize>,
    pauses: Cell<usize>,
    /// What somebody else does meanwhile.
    meanwhile: RefCell<Option<&'static dyn Fn()>>,
    leaf: Vec<u8>,
    issuer: Vec<u8>,
    facts: CertificateFacts,
}

impl Place {
    fn new() -> Self {
        let pki = Pki::generate(KeyKind::Ec).unwrap();
        let issuer = pki.intermediate().der.clone();
        let facts = CertificateFacts::read(&issuer).unwrap();
        Self {
            clock: Cell::new(FIRST),
            served: RefCell::default(),
            takes: Cell::new(0),
            requests: Cell::new(0),
            signer: RefCell::new(facts.public_key.clone()),
            verified: Cell::new(0),
            pauses: Cell::new(0),
            meanwhile: RefCell::default(),
            leaf: pki.leaf(Leaf::Server).chain_der[0].clone(),
            issuer,
            facts,
        }
    }

    fn recipe(&self) -> Recipe {
        Recipe {
            issuer: issuer_and_subject(&self.leaf).unwrap().0.to_vec(),
            ..Recipe::default()
        }
    }

    /// A list of ours from and to these days of 2026, which revokes these.
    fn list(&self, number: u8, from: &str, to: &str, revoked: &[u8]) -> Vec<u8> {
        let entries = revoked.iter().map(|serial| entry(&[*serial], &[reason(1)]));
        let recipe = Recipe {
            times: [from, to]
                .map(|day| time(&std::format!("26{day}000000Z")))
                .into(),
            entries: Some(entries.collect()),
            extensions: Some([super::extension(&id_ce(20), false, &tlv(2, &[number]))].into()),
            ..self.recipe()
        };
        recipe.der()
    }

    fn serve(&self, body: Vec<u8>) {
        *self.served.borrow_mut() = Some(body);
    }

    fn wait(&self, seconds: u64) {
        self.clock.set(self.clock.get() + seconds);
    }

    /// What a client does before it connects, and how many requests there were by then.
    fn refresh(&self, lists: &Lists) -> usize {
        lists.refresh(&[], Turn::Due, self);
        self.requests.get()
    }

    /// What its handshake says of a certificate with this number.
    fn judge(&self, lists: &Lists, serial: u8) -> Vec<Refusal> {
        let question = Question {
            serial: &[serial],
            issuer_name: issuer_and_subject(&self.leaf).unwrap().0,
            issuer: &self.facts,
            issuer_subject: issuer_and_subject(&self.issuer).unwrap().1,
            clock: UnixTime::from_seconds(self.clock.get()),
        };
        lists.judge(&question, self)
    }

    fn lets_in(&self, lists: &Lists, serial: u8) -> bool {
        self.judge(lists, serial).is_empty()
    }

    /// The first reason, which is about the URL.
    fn failure(&self, lists: &Lists) -> CrlFetchError {
        match self.judge(lists, 99).into_iter().next() {
            Some(Refusal::RevocationUnknown {
                problem: Problem::CrlFetch { url: of, error },
            }) => {
                assert_eq!(of, url());
                error
            }
            other => panic!("{other:?}"),
        }
    }
}

impl Crypto for Place {
    fn sha256(&self, _: &[u8]) -> [u8; 32] {
        unreachable!("keys are compared as they are")
    }

    fn verify_signature(
        &self,
        _: &SignatureAlgorithm,
        public_key: &[u8],
        _: &[u8],
        _: &[u8],
    ) -> Result<(), SignatureError> {
        self.verified.set(self.verified.get() + 1);
        match public_key == *self.signer.borrow() {
            true => Ok(()),
            false => Err(SignatureError::Invalid),
        }
    }
}

impl Means for Place {
    fn now(&self) -> Option<UnixTime> {
        Some(UnixTime::from_seconds(self.clock.get()))
    }

    fn pause(&self, _: Duration) {
        self.pauses.set(self.pauses.get() + 1);
    }

    fn random(&self, _: &mut [u8]) -> Result<(), OsError> {
        unreachable!("nothing is random here")
    }

    fn resolve(&self, host: &str, port: u16) -> Result<Addresses, OsError> {
        assert_eq!((host, port), ("ca.test", 80));
        Ok([SocketAddr::from((Ipv4Addr::LOCALHOST, port))]
            .into_iter()
            .collect())
    }

    fn exchange(
        &self,
        _: SocketAddr,
        request: &[u8],
        limit: usize,
        timeout: Duration,
        _: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<Vec<u8>, OsError> {
        assert!(request.starts_with(b"GET /ca.crl HTTP/1.0\r\nHost: ca.test\r\n"));
        assert_eq!(timeout, DEFAULT_CRL_LIMITS.timeout);
        assert!(limit > DEFAULT_CRL_LIMITS.bytes);
        self.requests.set(self.requests.get() + 1);
        self.wait(self.takes.get());
        if let Some(meanwhile) = &*self.meanwhile.borrow() {
            meanwhile();
        }
        let served = self.served.borrow();
        let body = served.as_ref().ok_or(REFUSED)?;
        Ok([b"HTTP/1.0 200 OK\r\n\r\n", &body[..]].concat())
    }
}

const REFUSED: OsError = OsError {
    kind: OsErrorKind::Refused,
    number: 111,
};
const UNREACHABLE: CrlFetchError = CrlFetchError::Fetch(FetchError::Exchange(REFUSED));
const FORGED: CrlFetchError = CrlFetchError::Unfit(CredentialError::Crl(CrlError::Signature));

fn url() -> HttpUrl {
    HttpUrl::new("http://ca.test/ca.crl").unwrap()
}

fn crls() -> Crls {
    Crls::new().with_url(url())
}

#[test]
fn a_list_is_fetched_and_verified_once_for_many_handshakes() {
    let place = Place::new();
    let lists = Lists::from(crls());
    assert!(!lists.is_empty());
    place.serve(place.list(1, "0101", "0201", &[7]));
    for _ in 0..5 {
        assert_eq!(place.refresh(&lists), 1);
        assert!(place.lets_in(&lists, 1));
        assert!(matches!(*place.judge(&lists, 7), [Refusal::Revoked { .. }]));
        place.wait(60);
    }
    assert_eq!(place.verified.get(), 1);
}

#[test]
fn where_the_issuer_is_at_hand_no_handshake_verifies() {
    let place = Place::new();
    let issuer = CaCertificate::from_der(place.issuer.clone()).unwrap();
    place.serve(place.list(1, "0101", "0201", &[]));
    for (lists, anchors) in [
        (Lists::from(crls()), Vec::from([issuer.clone()])),
        (Lists::from(crls().with_issuers([issuer])), Vec::new()),
    ] {
        place.verified.set(0);
        lists.refresh(&anchors, Turn::Due, &place);
        assert_eq!(place.verified.get(), 1);
        assert!(place.lets_in(&lists, 1));
        assert_eq!(place.verified.get(), 1);
    }
    // And a forged one gets nowhere.
    place.signer.borrow_mut().clear();
    let issuer = CaCertificate::from_der(place.issuer.clone()).unwrap();
    let lists = Lists::from(crls().with_issuers([issuer]));
    place.refresh(&lists);
    assert_eq!(place.failure(&lists), FORGED);
}

#[test]
fn a_newer_list_is_looked_for_when_half_of_the_time_left_is_over() {
    let place = Place::new();
    let lists = Lists::from(crls());
    place.serve(place.list(1, "0101", "0201", &[]));
    assert_eq!(place.refresh(&lists), 1);
    let half = (LAST - FIRST) / 2;
    place.wait(half - 1);
    assert_eq!(place.refresh(&lists), 1);
    place.wait(1);
    assert_eq!(place.refresh(&lists), 2);
    // There was none: half of the rest.
    place.wait(half / 2 - 1);
    assert_eq!(place.refresh(&lists), 2);
    place.wait(1);
    place.serve(place.list(2, "0120", "0301", &[1]));
    assert_eq!(place.refresh(&lists), 3);
    assert!(!place.lets_in(&lists, 1), "it is the new one that counts");
}

#[test]
fn attempts_get_closer_and_stay_apart_and_none_is_made_for_nothing() {
    let place = Place::new();
    let lists = Lists::from(crls());
    place.serve(place.list(1, "0101", "0201", &[]));
    let mut attempts = Vec::new();
    while place.clock.get() <= LAST {
        let before = place.requests.get();
        if place.refresh(&lists) > before {
            attempts.push(place.clock.get());
        }
        assert!(place.lets_in(&lists, 1));
        let is_near = place.clock.get() > LAST - 3600;
        place.wait(if is_near { 10 } else { 600 });
    }
    assert!(attempts.len() < 25, "{}", attempts.len());
    assert!(
        attempts
            .windows(2)
            .all(|pair| pair[1] - pair[0] >= MIN_REST)
    );
    // It ran out. From now on it is asked for more often, though not each time.
    let before = place.refresh(&lists);
    for _ in 0..10 {
        place.wait(1);
        place.refresh(&lists);
        let why = place.failure(&lists);
        assert!(matches!(why, CrlFetchError::Stale { .. }), "{why:?}");
    }
    assert_eq!(place.requests.get(), before + 10 / RETRY as usize);
}

#[test]
fn a_newer_list_can_be_wanted_sooner() {
    let place = Place::new();
    let hour = Duration::from_secs(3600);
    let lists = Lists::from(crls().with_refresh_after(hour));
    place.serve(place.list(1, "0101", "0201", &[]));
    for count in 1..4 {
        assert_eq!(place.refresh(&lists), count);
        place.wait(3599);
        assert_eq!(place.refresh(&lists), count);
        place.wait(1);
    }
    let lists = Lists::from(crls().with_refresh_after(Duration::ZERO));
    let before = place.refresh(&lists);
    place.wait(MIN_REST - 1);
    assert_eq!(place.refresh(&lists), before);
    place.wait(1);
    assert_eq!(place.refresh(&lists), before + 1);
}

#[test]
fn a_list_in_date_outlives_a_server_that_is_gone_and_no_longer() {
    let place = Place::new();
    let lists = Lists::from(crls());
    place.serve(place.list(1, "0101", "0201", &[7]));
    place.refresh(&lists);
    assert!(place.lets_in(&lists, 1));
    *place.served.borrow_mut() = None;
    place.clock.set(LAST);
    assert_eq!(place.refresh(&lists), 2);
    assert!(place.lets_in(&lists, 1));
    assert!(!place.lets_in(&lists, 7));
    place.wait(MIN_REST);
    assert_eq!(place.refresh(&lists), 3);
    assert_eq!(place.failure(&lists), UNREACHABLE);
    // Both are told, the URL first.
    let refusals = place.judge(&lists, 1);
    assert!(
        matches!(
            &*refusals,
            [
                Refusal::RevocationUnknown {
                    problem: Problem::CrlFetch { .. }
                },
                Refusal::RevocationUnknown {
                    problem: Problem::CrlStale { .. }
                },
            ]
        ),
        "{refusals:?}"
    );
    // It comes back.
    place.serve(place.list(2, "0131", "0301", &[]));
    place.wait(RETRY);
    place.refresh(&lists);
    assert!(place.lets_in(&lists, 7));
}

#[test]
fn without_any_list_nobody_is_let_in_and_the_url_is_named() {
    let place = Place::new();
    let lists = Lists::from(crls());
    // Not even fetched yet.
    assert_eq!(place.failure(&lists), CrlFetchError::Underway);
    place.refresh(&lists);
    assert_eq!(place.failure(&lists), UNREACHABLE);
    let text = std::format!("{}", place.judge(&lists, 1)[0]);
    assert!(text.contains("http://ca.test/ca.crl") && text.contains("refused"));
    let der = CredentialError::Der(CredentialKind::Crl);
    let pem = pem(&place.list(1, "0101", "0201", &[]));
    let truncated = place.list(1, "0101", "0201", &[])[..100].to_vec();
    for (body, error) in [
        (Vec::new(), CredentialError::Empty(CredentialKind::Crl)),
        (b"<html>Log in to use this network</html>".to_vec(), der),
        (b"\xFF\xFE\x00".to_vec(), der),
        (truncated, der),
        (
            b"-----BEGIN X509 CRL-----\n".to_vec(),
            CredentialError::Pem(CredentialKind::Crl),
        ),
        (
            b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n".to_vec(),
            CredentialError::PemLabel(CredentialKind::Crl),
        ),
        (
            Recipe::extended(27, true, &tlv(2, &[1])).der(),
            CrlError::Delta.into(),
        ),
    ] {
        place.serve(body);
        place.wait(RETRY);
        place.refresh(&lists);
        assert_eq!(place.failure(&lists), CrlFetchError::Unfit(error));
        assert!(!place.lets_in(&lists, 1));
    }
    place.serve([pem.as_bytes(), pem.as_bytes()].concat());
    place.wait(RETRY);
    place.refresh(&lists);
    assert_eq!(place.failure(&lists), CrlFetchError::Several);
    let long = [
        place.list(1, "0101", "0201", &[]),
        std::vec![0; DEFAULT_CRL_LIMITS.bytes],
    ];
    place.serve(long.concat());
    place.wait(RETRY);
    place.refresh(&lists);
    let limit = DEFAULT_CRL_LIMITS.bytes;
    let too_large = CrlFetchError::Fetch(FetchError::TooLarge { limit });
    assert_eq!(place.failure(&lists), too_large);
    // PEM is taken as DER is.
    place.serve(pem.into_bytes());
    place.wait(RETRY);
    place.refresh(&lists);
    assert!(place.lets_in(&lists, 1));
}

fn pem(der: &[u8]) -> std::string::String {
    let ending = pem_rfc7468::LineEnding::LF;
    pem_rfc7468::encode_string("X509 CRL", ending, der).unwrap()
}

#[test]
fn a_list_of_another_issuer_does_not_help_and_does_no_harm() {
    let place = Place::new();
    let lists = Lists::from(crls());
    let strange = Recipe::default().der();
    place.serve(strange.clone());
    place.refresh(&lists);
    let refusals = place.judge(&lists, 1);
    let issuer = "CN=Some CA".into();
    let error = CrlFetchError::OtherIssuer { issuer };
    assert!(
        matches!(&*refusals, [
            Refusal::RevocationUnknown { problem: Problem::NoCrl { .. } },
            Refusal::RevocationUnknown { problem: Problem::CrlFetch { error: found, .. } },
        ] if *found == error),
        "{refusals:?}"
    );
    // That nobody knows it makes room for the right one, which then stays.
    place.serve(place.list(1, "0101", "0201", &[]));
    place.wait(20 * DAY);
    place.refresh(&lists);
    assert!(place.lets_in(&lists, 1));
    place.serve(strange);
    place.wait(10 * DAY);
    let before = place.requests.get();
    assert_eq!(place.refresh(&lists), before + 1);
    assert!(place.lets_in(&lists, 1));
    place.clock.set(LAST + 1);
    assert!(!place.lets_in(&lists, 1));
    assert_eq!(place.failure(&lists), error);
}

#[test]
fn an_older_list_never_takes_the_place_of_a_newer() {
    let place = Place::new();
    let lists = Lists::from(crls());
    let newest = place.list(5, "0110", "0201", &[7]);
    place.clock.set(FIRST + 12 * DAY);
    place.serve(newest.clone());
    place.refresh(&lists);
    assert!(!place.lets_in(&lists, 7));
    let older = place.list(6, "0105", "0301", &[]);
    let lower = place.list(4, "0112", "0301", &[]);
    for body in [&older, &lower] {
        let lists = Lists::from(crls());
        place.clock.set(FIRST + 12 * DAY);
        place.serve(newest.clone());
        let before = place.refresh(&lists);
        assert!(!place.lets_in(&lists, 7));
        place.serve(body.clone());
        place.wait(11 * DAY);
        assert_eq!(place.refresh(&lists), before + 1);
        assert!(!place.lets_in(&lists, 7), "somebody is forgotten");
    }
    // The one held ran out, and there is nothing but an older one that did not.
    place.clock.set(LAST + DAY);
    place.serve(older.clone());
    place.refresh(&lists);
    assert!(!place.lets_in(&lists, 7));
    assert_eq!(
        place.failure(&lists),
        CrlFetchError::Older {
            this_update: UnixTime::from_seconds(FIRST + 4 * DAY),
            held: UnixTime::from_seconds(FIRST + 9 * DAY),
        }
    );
    // A forgery in between does not make it forgotten how new the newest was.
    let ours = place.signer.replace(b"another".to_vec());
    place.serve(place.list(9, "0201", "0401", &[]));
    place.wait(RETRY);
    place.refresh(&lists);
    assert!(!place.lets_in(&lists, 7));
    assert_eq!(place.failure(&lists), FORGED);
    place.signer.replace(ours);
    place.serve(older);
    place.wait(RETRY);
    place.refresh(&lists);
    assert!(!place.lets_in(&lists, 7));
    // A CA that began to count anew is not locked out for good.
    place.serve(lower);
    place.wait(RETRY);
    place.refresh(&lists);
    assert!(place.lets_in(&lists, 7));
}

#[test]
fn a_lower_number_is_told_once_it_matters() {
    let place = Place::new();
    let lists = Lists::from(crls());
    place.serve(place.list(16, "0101", "0201", &[]));
    place.refresh(&lists);
    assert!(place.lets_in(&lists, 1));
    place.serve(place.list(9, "0110", "0202", &[]));
    place.clock.set(LAST - 1);
    place.refresh(&lists);
    place.clock.set(LAST + 1);
    // Not asked again yet.
    let (number, held) = ("0x09".into(), "0x10".into());
    assert_eq!(
        place.failure(&lists),
        CrlFetchError::LowerNumber { number, held }
    );
}

/// Somebody on the way cannot put a list of their own in the place of a good one.
#[test]
fn a_forged_list_does_not_take_the_place_of_a_good_one() {
    let place = Place::new();
    let lists = Lists::from(crls());
    place.serve(place.list(1, "0101", "0201", &[]));
    place.refresh(&lists);
    assert!(place.lets_in(&lists, 1));
    let ours = place.signer.replace(b"another".to_vec());
    place.serve(place.list(2, "0110", "0301", &[]));
    place.wait(20 * DAY);
    assert_eq!(place.refresh(&lists), 2);
    place.signer.replace(ours);
    assert!(place.lets_in(&lists, 1));
    assert_eq!(place.verified.get(), 2, "once for each of the two lists");
    place.clock.set(LAST + 1);
    assert_eq!(place.failure(&lists), FORGED);
}

#[test]
fn a_clock_that_was_set_back_or_ahead_is_no_reason_to_wait() {
    let place = Place::new();
    let lists = Lists::from(crls());
    place.clock.set(LAST + 100 * DAY);
    place.refresh(&lists);
    place.clock.set(FIRST);
    place.serve(place.list(1, "0101", "0201", &[]));
    assert_eq!(place.refresh(&lists), 2);
    assert!(place.lets_in(&lists, 1));
    // A list that was issued while it was fetched is of this moment, not of the future.
    let lists = Lists::from(crls());
    place.serve(place.list(2, "0102", "0201", &[]));
    place.clock.set(FIRST + DAY - 3);
    place.takes.set(5);
    place.refresh(&lists);
    assert!(place.lets_in(&lists, 1));
}

#[test]
fn one_fetches_and_the_others_wait_no_longer_than_it_may_take() {
    let place: &'static Place = std::boxed::Box::leak(std::boxed::Box::new(Place::new()));
    let lists: &'static Lists = std::boxed::Box::leak(std::boxed::Box::new(Lists::from(crls())));
    place.serve(place.list(1, "0101", "0201", &[]));
    let others: &'static dyn Fn() = std::boxed::Box::leak(std::boxed::Box::new(|| {
        // There is nothing: it waits for as long as a fetch may take, and gives up.
        lists.refresh(&[], Turn::Due, place);
        assert_eq!(place.pauses.get(), 200);
        lists.refresh(&[], Turn::Missing, place);
        assert_eq!(place.pauses.get(), 400);
        assert_eq!(place.failure(lists), CrlFetchError::Underway);
        // Or has better things to do.
        lists.refresh(&[], Turn::AtLeisure, place);
        assert_eq!(place.pauses.get(), 400);
    }));
    *place.meanwhile.borrow_mut() = Some(others);
    assert_eq!(place.refresh(lists), 1);
    assert!(place.lets_in(lists, 1));
    // Nobody waits while there is a good one.
    let others: &'static dyn Fn() = std::boxed::Box::leak(std::boxed::Box::new(|| {
        lists.refresh(&[], Turn::Due, place);
        lists.refresh(&[], Turn::Missing, place);
        assert!(place.lets_in(lists, 1));
    }));
    *place.meanwhile.borrow_mut() = Some(others);
    place.wait(20 * DAY);
    // While a server's client waits, only what is missing is fetched.
    lists.refresh(&[], Turn::Missing, place);
    assert_eq!(place.requests.get(), 1);
    assert_eq!(place.refresh(lists), 2);
    assert_eq!(place.pauses.get(), 400);
}
