// SPDX-License-Identifier: Apache-2.0

//! Watches a handshake from above the seam: sees every certificate that the TLS
//! library looked at, and remembers what each was refused for.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use super::{CertificateRefusal, CheckFlags, Peer, Refusal};
use crate::backend::{HandshakeMessage, Observer, PresentedCertificate};
use crate::credential::CaCertificate;
use crate::name::ServerName;
use crate::session::CertificateIdentity;
use crate::time::UnixTime;
use crate::x509::CertificateFacts;

/// The most certificates of one chain that refusals are kept of.
const MAX_REFUSED: usize = 8;

/// What a judge holds the peer's certificates against.
pub(crate) struct Expected<'a> {
    /// Whose certificates they are.
    pub(crate) peer: Peer,
    /// The name that the leaf must carry; a client has none.
    pub(crate) name: Option<&'a ServerName>,
    /// Our trust anchors, as far as the program holds them.
    pub(crate) anchors: &'a [CaCertificate],
    /// What our clock showed when the handshake began.
    pub(crate) clock: UnixTime,
}

/// The observer of one handshake.
pub(crate) struct Judge<'a> {
    expected: Option<Expected<'a>>,
    sha256: &'a dyn Fn(&[u8]) -> [u8; 32],
    trace: Option<&'a mut dyn FnMut(&HandshakeMessage)>,
    refused: Vec<CertificateRefusal>,
    leaf: Option<CertificateIdentity>,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(
        expected: Option<Expected<'a>>,
        sha256: &'a dyn Fn(&[u8]) -> [u8; 32],
        trace: Option<&'a mut dyn FnMut(&HandshakeMessage)>,
    ) -> Self {
        Self {
            expected,
            sha256,
            trace,
            refused: Vec::new(),
            leaf: None,
        }
    }

    /// What was refused, root first, and who the peer showed itself to be.
    pub(crate) fn into_findings(self) -> (Vec<CertificateRefusal>, Option<CertificateIdentity>) {
        (self.refused, self.leaf)
    }
}

impl Observer for Judge<'_> {
    fn certificate(&mut self, presented: PresentedCertificate<'_>) -> CheckFlags {
        let mut flags = presented.flags;
        if presented.depth == 0 {
            let sha256 = (self.sha256)(presented.der);
            self.leaf = Some(CertificateIdentity::read(presented.der, sha256));
        }
        // Nothing was expected, so nothing can be right: a mode without
        // certificates has no business here.
        let Some(expected) = &self.expected else {
            return flags | CheckFlags::OTHER;
        };
        let facts = CertificateFacts::read(presented.der);
        if presented.depth == 0 {
            flags |= purpose(facts.as_ref(), expected.peer);
        }
        if !flags.is_passed() && self.refused.len() < MAX_REFUSED {
            self.refused.push(CertificateRefusal {
                depth: presented.depth,
                subject: facts.as_ref().map_or_else(
                    || "a certificate that cannot be read".to_owned(),
                    |facts| facts.subject.clone(),
                ),
                refusals: explain(flags, presented.depth, facts.as_ref(), expected),
            });
        }
        flags
    }

    fn message(&mut self, message: &HandshakeMessage) {
        if let Some(trace) = &mut self.trace {
            trace(message);
        }
    }
}

/// Whether the peer's certificate may be used as it is being used. Mbed TLS looks at
/// this only after it has asked us, and then fails without saying why.
fn purpose(facts: Option<&CertificateFacts>, peer: Peer) -> CheckFlags {
    let Some(facts) = facts else {
        return CheckFlags::OTHER;
    };
    let mut flags = CheckFlags::PASSED;
    if !facts.may_sign {
        flags |= CheckFlags::KEY_USAGE;
    }
    let allowed = match peer {
        Peer::Server => facts.server_auth,
        Peer::Client => facts.client_auth,
    };
    if !allowed {
        flags |= CheckFlags::EXT_KEY_USAGE;
    }
    flags
}

/// Puts the TLS library's flags into words, with the facts of the certificate.
fn explain(
    flags: CheckFlags,
    depth: u8,
    facts: Option<&CertificateFacts>,
    expected: &Expected<'_>,
) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    let mut rest = flags;
    if facts.is_none() {
        refusals.push(Refusal::Unreadable);
        rest = rest.without(CheckFlags::OTHER);
    }
    let mut take = |bits: CheckFlags| {
        let had = rest.has(bits);
        rest = rest.without(bits);
        had
    };
    if let Some(facts) = facts {
        let clock = expected.clock;
        if take(CheckFlags::NOT_TRUSTED) {
            refusals.push(untrusted(facts, expected.anchors));
        }
        if take(CheckFlags::EXPIRED) {
            let not_after = facts.not_after;
            refusals.push(Refusal::Expired { not_after, clock });
        }
        if take(CheckFlags::NOT_YET_VALID) {
            let not_before = facts.not_before;
            refusals.push(Refusal::NotYetValid { not_before, clock });
        }
        if let Some(name) = expected.name
            && take(CheckFlags::NAME)
        {
            refusals.push(Refusal::WrongName {
                wanted: name.to_text(),
                names: facts.names.clone(),
            });
        }
    }
    if take(CheckFlags::KEY_USAGE | CheckFlags::EXT_KEY_USAGE | CheckFlags::NS_CERT_TYPE) {
        refusals.push(Refusal::Purpose {
            wanted: match (depth, expected.peer) {
                (0, Peer::Server) => "use by a TLS server (serverAuth)",
                (0, Peer::Client) => "use by a TLS client (clientAuth)",
                _ => "signing certificates (keyCertSign)",
            },
        });
    }
    if take(CheckFlags::BAD_DIGEST | CheckFlags::BAD_ALGORITHM | CheckFlags::BAD_KEY) {
        refusals.push(Refusal::WeakKey);
    }
    if take(CheckFlags::REVOKED) {
        refusals.push(Refusal::Revoked);
    }
    if !rest.is_passed() {
        refusals.push(Refusal::Other(rest));
    }
    refusals
}

/// Why nobody vouches for a certificate.
fn untrusted(facts: &CertificateFacts, anchors: &[CaCertificate]) -> Refusal {
    let anchors: Vec<String> = anchors
        .iter()
        .filter_map(|anchor| CertificateFacts::read(anchor.as_der()))
        .map(|anchor| anchor.subject)
        .collect();
    if facts.is_self_issued() {
        Refusal::SelfSigned
    } else if anchors.contains(&facts.issuer) {
        Refusal::IssuerSignature {
            issuer: facts.issuer.clone(),
        }
    } else {
        Refusal::UnknownIssuer {
            issuer: facts.issuer.clone(),
            anchors,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;
    use std::vec;
    use test_pki::{KeyKind, Leaf, Pki};

    const CLOCK: UnixTime = UnixTime::from_seconds(1_795_391_999);

    /// The sentence on `leaf`, for which the TLS library raised `flags`.
    fn sentence(pki: &Pki, leaf: Leaf, flags: CheckFlags, anchor: &[u8]) -> String {
        let name = ServerName::new("device.test").unwrap();
        let anchors = [CaCertificate::from_der(anchor.to_vec()).unwrap()];
        let no_hash = |_: &[u8]| [0; 32];
        let expected = Expected {
            peer: Peer::Server,
            name: Some(&name),
            anchors: &anchors,
            clock: CLOCK,
        };
        let mut judge = Judge::new(Some(expected), &no_hash, None);
        let answer = judge.certificate(PresentedCertificate {
            depth: 0,
            der: &pki.leaf(leaf).chain_der[0],
            flags,
        });
        assert_eq!(answer | flags, answer, "a judge takes no reason away");
        assert!(!answer.is_passed());
        let (refused, _) = judge.into_findings();
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
        let no_hash = |_: &[u8]| [0; 32];
        let expected = Expected {
            peer: Peer::Server,
            name: Some(&name),
            anchors: &[],
            clock: CLOCK,
        };
        let mut judge = Judge::new(Some(expected), &no_hash, None);
        let answer = judge.certificate(PresentedCertificate {
            depth: 0,
            der: b"\x30\x00",
            flags: CheckFlags::PASSED,
        });
        assert!(!answer.is_passed());
        let (refused, _) = judge.into_findings();
        assert_eq!(refused[0].refusals, [Refusal::Unreadable]);
    }

    #[test]
    fn a_certificate_that_nobody_expected_is_refused() {
        let pki = Pki::generate(KeyKind::Ec).unwrap();
        let no_hash = |_: &[u8]| [0; 32];
        let mut judge = Judge::new(None, &no_hash, None);
        let answer = judge.certificate(PresentedCertificate {
            depth: 0,
            der: &pki.leaf(Leaf::Server).chain_der[0],
            flags: CheckFlags::PASSED,
        });
        assert!(!answer.is_passed());
    }
}
