// SPDX-License-Identifier: Apache-2.0

//! Watches a handshake from above the seam, and judges the peer's certificates.
//!
//! A mode without certificates never gets to an [`Examiner`]: it is reached through a
//! [`Trust`] alone, so that an image of mode 1 has none of this linked.

mod again;
mod chain;
mod examiner;
mod explain;
#[cfg(any(test, feature = "fuzzing"))]
mod fuzz;
mod name;
mod purpose;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

pub(crate) use again::{judge_again, judge_chain};
pub(crate) use chain::verify_signed;
pub(crate) use examiner::examine;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use {fuzz::run as fuzz, name::fuzz::run as fuzz_names};

use crate::backend::{
    Addresses, Backend, HandshakeMessage, Observer, OsError, PresentedCertificate, SignatureError,
};
use crate::credential::Trust;
use crate::diagnosis::{CertificateRefusal, CheckFlags, Peer};
use crate::name::ServerName;
use crate::resumption::{SavedSession, Teller, Ticket};
use crate::revocation::ShownCertificate;
use crate::session::CertificateIdentity;
use crate::time::UnixTime;
use crate::version::TlsVersion;
use crate::x509::SignatureAlgorithm;

/// The arithmetic that the TLS library does for us.
pub(crate) trait Crypto {
    fn sha256(&self, data: &[u8]) -> [u8; 32];

    fn verify_signature(
        &self,
        algorithm: &SignatureAlgorithm,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureError>;
}

impl<B: Backend> Crypto for B {
    fn sha256(&self, data: &[u8]) -> [u8; 32] {
        Backend::sha256(self, data)
    }

    fn verify_signature(
        &self,
        algorithm: &SignatureAlgorithm,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureError> {
        Backend::verify_signature(self, algorithm, public_key, message, signature)
    }
}

/// [`Crypto`], and what it takes to ask somebody else about a certificate.
pub(crate) trait Means: Crypto {
    fn now(&self) -> Option<UnixTime>;

    fn pause(&self, duration: Duration);

    fn random(&self, bytes: &mut [u8]) -> Result<(), OsError>;

    fn resolve(&self, host: &str, port: u16) -> Result<Addresses, OsError>;

    fn exchange(
        &self,
        address: SocketAddr,
        request: &[u8],
        limit: usize,
        timeout: Duration,
        complete: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<Vec<u8>, OsError>;
}

impl<B: Backend> Means for B {
    fn now(&self) -> Option<UnixTime> {
        Backend::now(self)
    }

    fn pause(&self, duration: Duration) {
        Backend::pause(self, duration);
    }

    fn random(&self, bytes: &mut [u8]) -> Result<(), OsError> {
        Backend::random(self, bytes)
    }

    fn resolve(&self, host: &str, port: u16) -> Result<Addresses, OsError> {
        Backend::resolve(self, host, port)
    }

    fn exchange(
        &self,
        address: SocketAddr,
        request: &[u8],
        limit: usize,
        timeout: Duration,
        complete: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<Vec<u8>, OsError> {
        Backend::exchange(self, address, request, limit, timeout, complete)
    }
}

/// What the peer's certificates are held against.
#[derive(Clone, Copy)]
pub(crate) struct Expected<'a> {
    /// Whose certificates they are.
    pub(crate) peer: Peer,
    /// The name that the leaf must carry; a client has none.
    pub(crate) name: Option<&'a ServerName>,
    /// Whom we trust, and how carefully.
    pub(crate) trust: &'a Trust,
    /// What our clock showed when the handshake began.
    pub(crate) clock: UnixTime,
    /// Whether the chain is to be kept with a session.
    pub(crate) keeps_chain: bool,
}

/// What came of a handshake's certificates.
#[derive(Default)]
pub(crate) struct Findings {
    /// What was refused, root first.
    pub(crate) refused: Vec<CertificateRefusal>,
    /// Who the peer showed itself to be.
    pub(crate) leaf: Option<CertificateIdentity>,
    /// The chain, trust anchor first, where it is to be looked up once the handshake
    /// is over, or kept; empty otherwise.
    pub(crate) chain: Vec<ShownCertificate>,
}

/// Looks at certificates as they come.
pub(crate) trait Examiner {
    fn certificate(&mut self, presented: PresentedCertificate<'_>) -> CheckFlags;
    fn sent(&mut self, der: &[u8]);
    fn into_findings(self: Box<Self>) -> Findings;
}

/// The observer of one handshake.
pub(crate) struct Judge<'a> {
    examiner: Option<Box<dyn Examiner + 'a>>,
    /// As a server that resumes.
    teller: Option<Box<dyn Teller + 'a>>,
    trace: Option<&'a mut dyn FnMut(&HandshakeMessage)>,
}

impl<'a> Judge<'a> {
    /// A judge in a mode with certificates if there is something to hold them against.
    pub(crate) fn new(
        expected: Option<Expected<'a>>,
        crypto: &'a dyn Crypto,
        trace: Option<&'a mut dyn FnMut(&HandshakeMessage)>,
    ) -> Self {
        Self {
            examiner: expected.and_then(|expected| expected.trust.examiner(expected, crypto)),
            teller: None,
            trace,
        }
    }

    /// Has `teller` issue and redeem the tickets of this handshake.
    pub(crate) fn with_teller(mut self, teller: Option<Box<dyn Teller + 'a>>) -> Self {
        self.teller = teller;
        self
    }

    pub(crate) fn take_teller(&mut self) -> Option<Box<dyn Teller + 'a>> {
        self.teller.take()
    }

    pub(crate) fn into_findings(self) -> Findings {
        self.examiner
            .map_or_else(Findings::default, |examiner| examiner.into_findings())
    }
}

impl Observer for Judge<'_> {
    fn certificate(&mut self, presented: PresentedCertificate<'_>) -> CheckFlags {
        match &mut self.examiner {
            Some(examiner) => examiner.certificate(presented),
            // Nothing was expected, so nothing can be right: a mode without
            // certificates has no business here.
            None => presented.flags | CheckFlags::OTHER,
        }
    }

    fn sent(&mut self, der: &[u8]) {
        if let Some(examiner) = &mut self.examiner {
            examiner.sent(der);
        }
    }

    fn issue(&mut self, session: SavedSession) -> Option<Ticket> {
        self.teller.as_mut()?.issue(session)
    }

    fn redeem(&mut self, name: &[u8], version: TlsVersion) -> Option<&SavedSession> {
        self.teller.as_mut()?.redeem(name, version)
    }

    fn message(&mut self, message: &HandshakeMessage) {
        if let Some(trace) = &mut self.trace {
            trace(message);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::credential::CaCertificate;
    use crate::diagnosis::Refusal;
    use crate::x509::CertificateFacts;
    use std::string::{String, ToString};
    use std::vec;
    use test_pki::{KeyKind, Leaf, Pki};

    /// Finds no signature good; what does is tested over a TLS library.
    pub(crate) struct NothingVerifies;

    impl Crypto for NothingVerifies {
        fn sha256(&self, _: &[u8]) -> [u8; 32] {
            [0; 32]
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

    const CLOCK: UnixTime = UnixTime::from_seconds(1_795_391_999);

    /// The sentence on `leaf`, for which the TLS library raised `flags`.
    fn sentence(pki: &Pki, leaf: Leaf, flags: CheckFlags, anchor: &[u8]) -> String {
        let name = ServerName::new("device.test").unwrap();
        let trust = CaCertificate::from_der(anchor.to_vec()).unwrap().into();
        let expected = Expected {
            peer: Peer::Server,
            name: Some(&name),
            trust: &trust,
            clock: CLOCK,
            keeps_chain: false,
        };
        let mut judge = Judge::new(Some(expected), &NothingVerifies, None);
        let answer = judge.certificate(PresentedCertificate {
            depth: 0,
            der: &pki.leaf(leaf).chain_der[0],
            flags,
        });
        assert_eq!(
            answer | flags,
            answer,
            "a CA is trusted: no reason is taken away"
        );
        assert!(!answer.is_passed());
        let refused = judge.into_findings().refused;
        assert_eq!(refused.len(), 1);
        refused[0].to_string()
    }

    #[test]
    fn each_reason_has_its_own_sentence_with_the_facts_on_both_sides() {
        let pki = Pki::generate(KeyKind::Ec).unwrap();
        let root = pki.root().der.clone();
        let other = pki.other_root().der.clone();
        let cases = [
            (
                Leaf::Expired,
                CheckFlags::EXPIRED,
                &root,
                "expired 2025-06-01, clock says 2026-11-22",
            ),
            (
                Leaf::NotYetValid,
                CheckFlags::NOT_YET_VALID,
                &root,
                "not valid before 2040-01-01, clock says 2026-11-22",
            ),
            (
                Leaf::WrongName,
                CheckFlags::NAME,
                &root,
                "it is not for device.test but for elsewhere.test",
            ),
            (
                Leaf::SelfSigned,
                CheckFlags::NOT_TRUSTED,
                &root,
                "it is self-signed",
            ),
            (
                Leaf::Server,
                CheckFlags::NOT_TRUSTED,
                &other,
                "which is not among our trust anchors (",
            ),
            // Mbed TLS raises no flag for it.
            (
                Leaf::NoServerAuth,
                CheckFlags::PASSED,
                &root,
                "its key usage does not allow use by a TLS server",
            ),
        ];
        let mut sentences = vec![];
        for (leaf, flags, anchor, part) in cases {
            let sentence = sentence(&pki, leaf, flags, anchor);
            assert!(sentence.contains(part), "{leaf}: {sentence}");
            assert!(sentence.contains("CN=Test server"), "{sentence}");
            sentences.push(sentence);
        }
        sentences.sort();
        sentences.dedup();
        assert_eq!(sentences.len(), 6);
    }

    #[test]
    fn an_anchor_of_the_issuers_name_that_did_not_sign_is_told_from_an_unknown_issuer() {
        let (ours, theirs) = (
            Pki::generate(KeyKind::Ec).unwrap(),
            Pki::generate(KeyKind::Ec).unwrap(),
        );
        // The two intermediates have one name and two keys.
        let anchor = &ours.intermediate().der;
        let sentence = sentence(&theirs, Leaf::Server, CheckFlags::NOT_TRUSTED, anchor);
        assert!(sentence.contains("did not sign it"), "{sentence}");
    }

    #[test]
    fn a_flag_without_a_name_is_still_a_refusal() {
        let pki = Pki::generate(KeyKind::Ec).unwrap();
        let flags = CheckFlags::from_bits(0x4000_0000);
        let sentence = sentence(&pki, Leaf::Server, flags, &pki.root().der);
        assert!(sentence.contains("flags 0x40000000"), "{sentence}");
    }

    #[test]
    fn a_certificate_that_cannot_be_read_is_refused() {
        let name = ServerName::new("device.test").unwrap();
        let trust = Vec::<CaCertificate>::new().into();
        let expected = Expected {
            peer: Peer::Server,
            name: Some(&name),
            trust: &trust,
            clock: CLOCK,
            keeps_chain: false,
        };
        let mut judge = Judge::new(Some(expected), &NothingVerifies, None);
        let answer = judge.certificate(PresentedCertificate {
            depth: 0,
            der: b"\x30\x00",
            flags: CheckFlags::PASSED,
        });
        assert!(!answer.is_passed());
        let refused = judge.into_findings().refused;
        assert_eq!(refused[0].refusals, [Refusal::Unreadable]);
    }

    /// A DER element.
    fn element(tag: u8, value: &[u8]) -> Vec<u8> {
        use der::Encode;

        let tag = der::Tag::try_from(tag).unwrap();
        der::AnyRef::new(tag, value).unwrap().to_der().unwrap()
    }

    /// A certificate with this subject, where one is given, and this extension besides.
    /// Nobody signed it.
    fn forged(certificate: &[u8], subject: Option<&[u8]>, extension: &[u8]) -> Vec<u8> {
        use crate::x509::walk::Walk;
        use der::Tag;

        let outer: Vec<_> = Walk::only(certificate)
            .unwrap()
            .elements()
            .unwrap()
            .collect();
        let body = outer[0].unwrap().elements().unwrap().map(Option::unwrap);
        let body: Vec<u8> = body
            .enumerate()
            .flat_map(|(index, part)| match part.tag {
                // Behind version, serial number, algorithm, issuer and dates.
                Tag::Sequence if index == 5 => subject.unwrap_or(part.whole).to_vec(),
                Tag::ContextSpecific { number, .. } if number.value() == 3 => {
                    let list = Walk::only(part.value).unwrap().value;
                    element(0xA3, &element(0x30, &[list, extension].concat()))
                }
                _ => part.whole.to_vec(),
            })
            .collect();
        let rest = outer[1..].iter().map(|part| part.unwrap().whole);
        element(
            0x30,
            &[
                &element(0x30, &body),
                rest.collect::<Vec<_>>().concat().as_slice(),
            ]
            .concat(),
        )
    }

    /// An extension that is not critical.
    fn extension(id: u8, value: &[u8]) -> Vec<u8> {
        let id = [6, 3, 0x55, 0x1D, id];
        element(0x30, &[&id[..], &element(4, value)].concat())
    }

    /// Who understands the first, as OCSP does id-pkix-ocsp-nocheck, must hear of the other.
    #[test]
    fn an_extension_that_is_there_often_does_not_hide_another() {
        let pki = Pki::generate(KeyKind::Ec).unwrap();
        let certificate = &pki.leaf(Leaf::Server).chain_der[0];
        let critical = |id: &[u8]| element(0x30, &[id, &[1, 1, 0xFF, 4, 2, 5, 0]].concat());
        let no_check = critical(&[6, 9, 0x2B, 6, 1, 5, 5, 7, 0x30, 1, 5]);
        let other = critical(&[6, 3, 0x2A, 3, 4]);
        let der = forged(certificate, None, &[no_check.repeat(9), other].concat());
        let facts = CertificateFacts::read(&der).unwrap();
        assert_eq!(facts.not_understood, ["1.3.6.1.5.5.7.48.1.5", "1.2.3.4"]);
    }

    #[test]
    fn no_certificate_takes_more_memory_than_there_is() {
        let pki = Pki::generate(KeyKind::Ec).unwrap();
        let many = |one: &[u8], count| one.repeat(count);
        let urls = element(0xA0, &element(0xA0, &many(&[0x86, 0], 1100)));
        let urls = extension(31, &element(0x30, &element(0x30, &urls)));
        let names = extension(17, &element(0x30, &many(&[0x81, 1, b'a'], 1000)));
        let purposes = extension(37, &element(0x30, &many(&[6, 3, 0x55, 4, 3], 600)));
        let constraints = element(0xA0, &many(&[0x30, 3, 0x82, 1, b'a'], 600));
        let constraints = extension(30, &element(0x30, &constraints));
        let part = element(
            0x31,
            &element(
                0x30,
                &[&[6, 3, 0x55, 4, 3], &element(0x0C, &[1; 40])[..]].concat(),
            ),
        );
        let subject = element(0x30, &many(&part, 60));
        let root = pki.root().der.clone();
        let good = pki.leaf(Leaf::Server).chain_der[0].clone();
        // The root has neither names nor purposes.
        let cases = [
            ("urls", forged(&good, None, &urls)),
            ("names", forged(&root, None, &names)),
            ("purposes", forged(&root, None, &purposes)),
            ("constraints", forged(&good, None, &constraints)),
            ("subject", forged(&good, Some(&subject), &[])),
            ("good", good),
        ];
        let name = ServerName::new("other.test").unwrap();
        let trust = CaCertificate::from_der(root.clone()).unwrap().into();
        let expected = Expected {
            peer: Peer::Server,
            name: Some(&name),
            trust: &trust,
            clock: CLOCK,
            keeps_chain: true,
        };
        for (what, der) in &cases {
            assert!(CertificateFacts::read(der).is_some(), "{what}");
            let mut told = [0; 2];
            for memory in (3 * 1024..192 * 1024).step_by(512) {
                let ran_out = test_pki::small_heap::with(memory, || {
                    let mut judge = Judge::new(Some(expected), &NothingVerifies, None);
                    for (depth, der) in [(1, &root), (0, der)] {
                        judge.sent(der);
                        let answer = judge.certificate(PresentedCertificate {
                            depth,
                            der,
                            flags: CheckFlags::NOT_TRUSTED,
                        });
                        assert!(!answer.is_passed());
                    }
                    let refused = judge.into_findings().refused;
                    assert!(!refused.is_empty());
                    let mut refusals = refused.iter().flat_map(|it| &it.refusals);
                    refusals.any(|refusal| *refusal == Refusal::OutOfMemory)
                });
                told[usize::from(ran_out)] += 1;
            }
            // With little memory it is that, and with much what is wrong.
            assert!(told[0] > 0 && told[1] > 0, "{what}: {told:?}");
        }
    }

    #[test]
    fn a_certificate_that_nobody_expected_is_refused() {
        let pki = Pki::generate(KeyKind::Ec).unwrap();
        let mut judge = Judge::new(None, &NothingVerifies, None);
        let answer = judge.certificate(PresentedCertificate {
            depth: 0,
            der: &pki.leaf(Leaf::Server).chain_der[0],
            flags: CheckFlags::PASSED,
        });
        assert!(!answer.is_passed());
    }
}
