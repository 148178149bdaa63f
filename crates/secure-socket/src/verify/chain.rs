// SPDX-License-Identifier: Apache-2.0

//! Why nobody vouches for a certificate.
//!
//! The TLS library says only that no trusted issuer was found. This looks at each
//! candidate, among our trust anchors and what the peer sent, for what kept it from
//! being that issuer.

use alloc::string::String;
use alloc::vec::Vec;

use der::Tag;

use super::Crypto;
use super::examiner::Link;
use crate::backend::SignatureError;
use crate::credential::Trust;
use crate::diagnosis::Refusal;
use crate::x509::walk::Walk;
use crate::x509::{CertificateFacts, SignatureAlgorithm};

/// What comes of one candidate, worst guess first: the last one that applies to any
/// candidate is told.
pub(super) fn untrusted(
    link: &Link,
    trust: &Trust,
    sent: &[CertificateFacts],
    crypto: &dyn Crypto,
) -> Option<Refusal> {
    let child = link.facts.as_ref()?;
    let anchors: Vec<CertificateFacts> = trust
        .certificates()
        .iter()
        .filter_map(|anchor| CertificateFacts::read(anchor.as_der()))
        .collect();
    let place = sent.iter().position(|sent| sent == child);
    let is_issuer = |candidate: &&CertificateFacts| candidate.subject == child.issuer;
    let check = |candidate: &CertificateFacts| {
        wrong_with(candidate, child, link.depth)
            .or_else(|| wrong_signature(candidate, child, &link.der, crypto))
    };
    if child.is_self_issued() {
        // Mostly it is self-signed, which makes it nobody else's. It may be a CA that
        // changed its key, and signed the new one with the old (RFC 5280, section 6.1).
        let by_old_key = |candidate: &&CertificateFacts| {
            candidate.public_key != child.public_key
                && wrong_signature(candidate, child, &link.der, crypto).is_none()
        };
        let mut renewed = sent.iter().filter(is_issuer).filter(by_old_key);
        return Some(
            anchors
                .iter()
                .filter(is_issuer)
                .find_map(check)
                .or_else(|| renewed.find_map(|old| wrong_with(old, child, link.depth)))
                .unwrap_or(Refusal::SelfSigned),
        );
    }
    if let Some(refusal) = anchors.iter().filter(is_issuer).find_map(check) {
        return Some(refusal);
    }
    for (index, candidate) in sent.iter().enumerate() {
        if candidate.subject != child.issuer {
            continue;
        }
        if let Some(refusal) = check(candidate) {
            return Some(refusal);
        }
        // It would do. Issuers follow, in TLS 1.2 (RFC 5246, section 7.4.2); the TLS
        // library does not look back.
        if place.is_some_and(|place| index < place) {
            return Some(Refusal::WrongOrder {
                issuer: child.issuer.clone(),
            });
        }
    }
    Some(Refusal::UnknownIssuer {
        issuer: child.issuer.clone(),
        anchors: anchors
            .into_iter()
            .map(|anchor| anchor.subject)
            .collect::<Vec<String>>(),
    })
}

/// What keeps a certificate of the issuer's name from being an issuer at this place.
fn wrong_with(
    candidate: &CertificateFacts,
    child: &CertificateFacts,
    child_depth: u8,
) -> Option<Refusal> {
    let issuer = || child.issuer.clone();
    if !candidate.is_ca {
        return Some(Refusal::NotACa { issuer: issuer() });
    }
    if !candidate.may_sign_certificates {
        return Some(Refusal::MayNotSignCertificates { issuer: issuer() });
    }
    match candidate.path_length {
        // The CAs below the candidate are all but the leaf, which has depth 0.
        Some(allowed) if allowed < child_depth => Some(Refusal::PathLength {
            issuer: issuer(),
            allowed,
            had: child_depth,
        }),
        _ => None,
    }
}

/// Verifies the signature on a certificate (DER), made by `algorithm`, with a key (a
/// SubjectPublicKeyInfo in DER).
pub(crate) fn verify_signed(
    der: &[u8],
    algorithm: &SignatureAlgorithm,
    public_key: &[u8],
    crypto: &dyn Crypto,
) -> Result<(), SignatureError> {
    let (body, signature) = signed(der).ok_or(SignatureError::Invalid)?;
    crypto.verify_signature(algorithm, public_key, body, signature)
}

/// What is signed, and the signature (RFC 5280, section 4.1).
fn signed(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut fields = Walk::only(der)?.walk(Tag::Sequence)?;
    let body = fields.read()?.whole;
    fields.read()?;
    let signature = fields.read()?.bits()?;
    fields.is_over().then_some((body, signature))
}

fn wrong_signature(
    candidate: &CertificateFacts,
    child: &CertificateFacts,
    der: &[u8],
    crypto: &dyn Crypto,
) -> Option<Refusal> {
    match verify_signed(der, &child.signature, &candidate.public_key, crypto) {
        Ok(()) => None,
        Err(SignatureError::Unsupported) => Some(Refusal::SignatureUnsupported {
            algorithm: child.signature.clone(),
            key: candidate.key.clone(),
        }),
        Err(SignatureError::Invalid | SignatureError::OutOfMemory) => {
            Some(Refusal::IssuerSignature {
                issuer: child.issuer.clone(),
            })
        }
    }
}
