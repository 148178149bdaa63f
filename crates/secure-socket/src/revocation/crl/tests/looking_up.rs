// SPDX-License-Identifier: Apache-2.0

//! Which list counts, and how often its signature is checked. Signatures are a matter of
//! the TLS library, over which `mbedtls-backend` tests the same.

use super::{Recipe, entry, reason, time};
use crate::backend::SignatureError;
use crate::credential::{CaCertificate, CredentialError, CredentialKind};
use crate::diagnosis::Refusal;
use crate::revocation::{
    CrlCheck, CrlError, Crls, Lists, Question, RevocationProblem as Problem, RevocationReason,
};
use crate::time::UnixTime;
use crate::verify::Crypto;
use crate::x509::walk::issuer_and_subject;
use crate::x509::{CertificateFacts, SignatureAlgorithm};
use core::cell::{Cell, RefCell};
use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;
use test_pki::{KeyKind, Leaf, Pki};

/// Answers the same to every signature, and counts.
struct Answers {
    answer: RefCell<Result<(), SignatureError>>,
    asked: Cell<u32>,
}

impl Answers {
    fn new(answer: Result<(), SignatureError>) -> Self {
        Self {
            answer: RefCell::new(answer),
            asked: Cell::new(0),
        }
    }
}

impl Crypto for Answers {
    fn sha256(&self, data: &[u8]) -> [u8; 32] {
        // Enough to tell keys apart.
        let mut sum = [0; 32];
        for (index, byte) in data.iter().enumerate() {
            sum[index % 32] ^= byte;
        }
        sum
    }

    fn verify_signature(
        &self,
        _: &SignatureAlgorithm,
        _: &[u8],
        _: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureError> {
        assert_eq!(signature, b"signature");
        self.asked.set(self.asked.get() + 1);
        *self.answer.borrow()
    }
}

/// 2026-01-15, within the dates of the lists here.
const CLOCK: UnixTime = UnixTime::from_seconds(1_768_435_200);
const FIRST: u64 = 1_767_225_600; // 2026-01-01
const LAST: u64 = 1_769_904_000; // 2026-02-01

/// A leaf and its issuer.
struct Chain {
    leaf: Vec<u8>,
    issuer: Vec<u8>,
    facts: CertificateFacts,
}

impl Chain {
    fn new() -> Self {
        let pki = Pki::generate(KeyKind::Ec).unwrap();
        let issuer = pki.intermediate().der.clone();
        Self {
            leaf: pki.leaf(Leaf::Server).chain_der[0].clone(),
            facts: CertificateFacts::read(&issuer).unwrap(),
            issuer,
        }
    }

    fn recipe(&self) -> Recipe {
        Recipe {
            issuer: issuer_and_subject(&self.leaf).unwrap().0.to_vec(),
            ..Recipe::default()
        }
    }

    /// What `lists` say of the certificate with this number.
    fn judge(&self, lists: &Lists, serial: &[u8], at: u64, crypto: &Answers) -> Vec<Refusal> {
        let question = Question {
            serial,
            issuer_name: issuer_and_subject(&self.leaf).unwrap().0,
            issuer: &self.facts,
            issuer_subject: issuer_and_subject(&self.issuer).unwrap().1,
            clock: UnixTime::from_seconds(at),
        };
        lists.judge(&question, crypto)
    }

    fn name(&self) -> String {
        self.facts.subject.clone()
    }
}

fn lists(recipes: &[Recipe]) -> Lists {
    let all = recipes.iter().map(|recipe| recipe.load().unwrap());
    Lists::from(Crls::new().with_lists(all))
}

fn unknown(problem: Problem) -> Vec<Refusal> {
    vec![Refusal::RevocationUnknown { problem }]
}

fn revoked(reason: RevocationReason) -> Vec<Refusal> {
    let at = Some(UnixTime::from_seconds(1_767_323_045));
    let reason = Some(reason);
    vec![Refusal::Revoked { at, reason }]
}

const NOW: u64 = CLOCK.seconds();

#[test]
fn a_list_counts_from_its_first_second_to_its_last() {
    let chain = Chain::new();
    let (lists, good) = (lists(&[chain.recipe()]), Answers::new(Ok(())));
    for at in [FIRST, NOW, LAST] {
        assert_eq!(chain.judge(&lists, &[2], at, &good), [], "{at}");
        let refusals = chain.judge(&lists, &[0x80], at, &good);
        assert_eq!(refusals, revoked(RevocationReason::KeyCompromise));
    }
    let (issuer, clock) = (chain.name(), UnixTime::from_seconds(FIRST - 1));
    let this_update = UnixTime::from_seconds(FIRST);
    let problem = Problem::CrlNotYetValid {
        issuer,
        this_update,
        clock,
    };
    assert_eq!(
        chain.judge(&lists, &[2], FIRST - 1, &good),
        unknown(problem)
    );
    let (issuer, clock) = (chain.name(), UnixTime::from_seconds(LAST + 1));
    let next_update = UnixTime::from_seconds(LAST);
    let problem = Problem::CrlStale {
        issuer,
        next_update,
        clock,
    };
    let sentence = problem.to_string();
    assert!(
        sentence.contains("ran out at 2026-02-01T00:00:00Z, clock says 2026-02-01T00:00:01Z"),
        "{sentence}"
    );
    assert_eq!(chain.judge(&lists, &[2], LAST + 1, &good), unknown(problem));
}

#[test]
fn a_signature_is_checked_once_for_each_key() {
    let mut chain = Chain::new();
    let lists = lists(&[chain.recipe()]);
    let crypto = Answers::new(Ok(()));
    for _ in 0..3 {
        assert_eq!(chain.judge(&lists, &[2], NOW, &crypto), []);
    }
    assert_eq!(crypto.asked.get(), 1);
    // Another CA of that name is another CA.
    let ours = core::mem::replace(&mut chain.facts.public_key, b"another".to_vec());
    *crypto.answer.borrow_mut() = Err(SignatureError::Invalid);
    let issuer = chain.name();
    for _ in 0..3 {
        assert_eq!(
            chain.judge(&lists, &[2], NOW, &crypto),
            unknown(Problem::CrlSignature {
                issuer: issuer.clone()
            })
        );
    }
    assert_eq!(crypto.asked.get(), 2);
    // And what was found bad with one key says nothing about ours.
    chain.facts.public_key = ours;
    *crypto.answer.borrow_mut() = Ok(());
    assert_eq!(chain.judge(&lists, &[2], NOW, &crypto), []);
}

#[test]
fn what_says_nothing_about_a_signature_is_not_remembered() {
    let chain = Chain::new();
    let issuer = chain.name();
    let lists = lists(&[chain.recipe()]);
    let crypto = Answers::new(Err(SignatureError::OutOfMemory));
    let problem = unknown(Problem::OutOfMemory);
    assert_eq!(chain.judge(&lists, &[2], NOW, &crypto), problem);
    *crypto.answer.borrow_mut() = Err(SignatureError::Unsupported);
    let refusals = chain.judge(&lists, &[2], NOW, &crypto);
    let [Refusal::RevocationUnknown { problem }] = &*refusals else {
        panic!("{refusals:?}");
    };
    assert!(
        matches!(problem, Problem::CrlSignatureUnsupported { issuer: of, .. } if *of == issuer)
    );
    *crypto.answer.borrow_mut() = Ok(());
    assert_eq!(chain.judge(&lists, &[2], NOW, &crypto), []);
}

#[test]
fn a_list_counts_for_the_issuer_that_both_certificates_name() {
    let chain = Chain::new();
    let good = Answers::new(Ok(()));
    let issuer = chain.name();
    let missing = unknown(Problem::NoCrl { issuer });
    // A list of somebody else, of whatever date.
    let lists = lists(&[Recipe::default()]);
    assert_eq!(chain.judge(&lists, &[2], NOW, &good), missing);
    let lists = Crls::new().with_list(chain.recipe().load().unwrap());
    let lists = Lists::from(lists);
    let (issuer, subject) = (super::name("A"), super::name("A"));
    let ours = issuer_and_subject(&chain.issuer).unwrap().1;
    for (issuer_name, issuer_subject) in [(&*issuer, ours), (ours, &*subject)] {
        let question = Question {
            serial: &[2],
            issuer_name,
            issuer: &chain.facts,
            issuer_subject,
            clock: CLOCK,
        };
        assert_eq!(lists.judge(&question, &good), missing);
    }
    assert_eq!(good.asked.get(), 0);
}

#[test]
fn each_list_that_is_good_counts_and_the_newest_problem_is_told() {
    let chain = Chain::new();
    let good = Answers::new(Ok(()));
    let with = |first: &str, next: &str, serials: &[u8]| Recipe {
        times: vec![time(first), time(next)],
        entries: Some(
            serials
                .iter()
                .map(|serial| entry(&[*serial], &[reason(1)]))
                .collect(),
        ),
        ..chain.recipe()
    };
    let old = with("251201000000Z", "260105000000Z", &[1]);
    let older = with("251101000000Z", "251205000000Z", &[]);
    let present = with("260101000000Z", "260201000000Z", &[2]);
    let newer = with("260110000000Z", "260210000000Z", &[3]);
    let next = with("260201000000Z", "260301000000Z", &[4]);

    let all = lists(&[
        old.clone(),
        newer.clone(),
        older.clone(),
        present,
        next.clone(),
    ]);
    let is_revoked = |serial: u8| !chain.judge(&all, &[serial], NOW, &good).is_empty();
    assert!(is_revoked(2) && is_revoked(3));
    assert!(!is_revoked(1), "only a list that ran out has it");
    assert!(!is_revoked(4), "only a list that is yet to come has it");

    let none = lists(&[older, old]);
    let (issuer, clock) = (chain.name(), CLOCK);
    let next_update = UnixTime::from_seconds(1_767_571_200);
    let stale = unknown(Problem::CrlStale {
        issuer,
        next_update,
        clock,
    });
    assert_eq!(chain.judge(&none, &[9], NOW, &good), stale);
}

#[test]
fn an_issuer_has_to_be_allowed_to_sign_lists() {
    let mut chain = Chain::new();
    chain.facts.may_sign_crls = false;
    let good = Answers::new(Ok(()));
    let problem = Problem::CrlIssuerMayNotSign {
        issuer: chain.name(),
    };
    let lists = lists(&[chain.recipe()]);
    assert_eq!(chain.judge(&lists, &[2], NOW, &good), unknown(problem));
    assert_eq!(good.asked.get(), 0);
}

#[test]
fn a_list_is_held_against_the_certificates_at_hand_when_it_is_loaded() {
    let chain = Chain::new();
    let issuer = CaCertificate::from_der(chain.issuer.clone()).unwrap();
    let other = Pki::generate(KeyKind::Ec).unwrap();
    let root = CaCertificate::from_der(other.root().der.clone()).unwrap();
    for (answer, error) in [
        (Ok(()), None),
        (
            Err(SignatureError::Invalid),
            Some(CrlError::Signature.into()),
        ),
        (
            Err(SignatureError::Unsupported),
            Some(CrlError::AlgorithmUnsupported.into()),
        ),
        (
            Err(SignatureError::OutOfMemory),
            Some(CredentialError::OutOfMemory(CredentialKind::Crl)),
        ),
    ] {
        let crls = Crls::new().with_list(chain.recipe().load().unwrap());
        // Nobody of that name is at hand.
        let crypto = Answers::new(answer);
        let lists = Lists::from(crls.clone());
        let anchors = [root.clone()];
        assert_eq!(lists.prepare(&anchors, &crypto), Ok(()));
        assert_eq!(crypto.asked.get(), 0);
        // Among the anchors, and given along.
        let anchors = [root.clone(), issuer.clone()];
        assert_eq!(lists.prepare(&anchors, &crypto).err(), error);
        let lists = Lists::from(crls.with_issuers([issuer.clone()]));
        assert_eq!(lists.prepare(&[], &crypto).err(), error);
        if error.is_none() {
            assert_eq!(chain.judge(&lists, &[2], NOW, &crypto), []);
            assert_eq!(crypto.asked.get(), 2, "one for each of the two");
        }
    }
}
