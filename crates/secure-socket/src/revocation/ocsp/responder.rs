// SPDX-License-Identifier: Apache-2.0

//! Who signed a response, and whether they may speak for the issuer.

use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec::Vec;

use super::reading::{Basic, Responder};
use super::request::{Issuer, Question, key_bits, sha1};
use crate::backend::SignatureError;
use crate::diagnosis::Refusal;
use crate::policy::KeyPolicy;
use crate::revocation::{RevocationProblem, StatusLookup};
use crate::room;
use crate::verify::verify_signed;
use crate::x509::{CertificateFacts, Parts, SignatureAlgorithm};

/// The most certificates of a response that are looked at: one is the rule.
const MAX_CERTIFICATES: usize = 4;
/// id-pkix-ocsp-nocheck (RFC 6960, section 4.2.2.2.1).
const NO_CHECK: &str = "1.3.6.1.5.5.7.48.1.5";

/// Checks that the responder that a response names signed it, and may.
pub(super) fn authenticate(
    basic: &Basic<'_>,
    question: &Question<'_>,
    lookup: &StatusLookup<'_>,
) -> Result<(), Refusal> {
    let algorithm = SignatureAlgorithm::of(basic.algorithm);
    let algorithm = algorithm.ok_or(RevocationProblem::OcspUnreadable)?;
    if KeyPolicy::is_weak(&algorithm) {
        return Err(RevocationProblem::OcspWeakSignature { algorithm }.into());
    }
    let verify = |public_key: &[u8]| {
        let crypto = lookup.means;
        crypto
            .verify_signature(&algorithm, public_key, basic.signed, basic.signature)
            .map_err(|error| {
                Refusal::from(match error {
                    SignatureError::Invalid => RevocationProblem::OcspSignature,
                    SignatureError::Unsupported => RevocationProblem::OcspSignatureUnsupported {
                        algorithm: algorithm.clone(),
                    },
                    SignatureError::OutOfMemory => RevocationProblem::OutOfMemory,
                })
            })
    };
    let issuer = &question.issuer;
    let is_named = |name: &[u8], public_key: &[u8]| match basic.responder {
        Responder::Name(responder) => responder == name,
        Responder::Key(hash) => key_bits(public_key).is_some_and(|key| sha1(key) == hash),
    };
    let mut refusal = RevocationProblem::OcspResponder.into();
    if is_named(issuer.name, issuer.public_key) {
        match verify(issuer.public_key) {
            Ok(()) => return Ok(()),
            // It may be another of the same name, as when a CA gets a new key.
            Err(told) => refusal = told,
        }
    }
    let certificates = basic.certificates.clone().flatten();
    for certificate in certificates.take(MAX_CERTIFICATES) {
        let Some(parts) = Parts::read(certificate.whole) else {
            continue;
        };
        if !is_named(parts.subject.whole, parts.public_key.whole) {
            continue;
        }
        let result = may_speak(certificate.whole, &parts, issuer, lookup)
            .and_then(|()| verify(parts.public_key.whole));
        match result {
            Ok(()) => return Ok(()),
            Err(told) => refusal = told,
        }
    }
    Err(refusal)
}

/// RFC 6960, section 4.2.2.2: issued by the CA itself, for this. What costs least is
/// looked at first.
fn may_speak(
    der: &[u8],
    parts: &Parts<'_>,
    issuer: &Issuer<'_>,
    lookup: &StatusLookup<'_>,
) -> Result<(), Refusal> {
    let facts = CertificateFacts::read(der);
    // Nobody has vouched for it yet, and it decides on how much there is to say.
    let told = facts.as_ref().map_or(der.len(), CertificateFacts::told);
    if !room::is_there(room::to_judge(told) + issuer.subject.len()) {
        return Err(Refusal::OutOfMemory);
    }
    let facts = facts.ok_or(RevocationProblem::OcspUnreadable)?;
    let not_issued = || {
        Refusal::from(RevocationProblem::OcspDelegateIssuer {
            subject: facts.subject.clone(),
            issuer: issuer.subject.into(),
        })
    };
    if parts.issuer.whole != issuer.name {
        return Err(not_issued());
    }
    if let Some(refusal) = fault(&facts, lookup) {
        let problem = RevocationProblem::OcspDelegate {
            subject: facts.subject,
            refusal: Box::new(refusal),
        };
        return Err(problem.into());
    }
    verify_signed(der, &facts.signature, issuer.public_key, lookup.means).map_err(|error| {
        match error {
            SignatureError::Invalid => not_issued(),
            SignatureError::Unsupported => {
                let algorithm = facts.signature.clone();
                RevocationProblem::OcspSignatureUnsupported { algorithm }.into()
            }
            SignatureError::OutOfMemory => RevocationProblem::OutOfMemory.into(),
        }
    })
}

/// What is wrong with a responder's certificate, whoever issued it.
fn fault(facts: &CertificateFacts, lookup: &StatusLookup<'_>) -> Option<Refusal> {
    let StatusLookup { clock, keys, .. } = *lookup;
    let CertificateFacts {
        not_before,
        not_after,
        ..
    } = *facts;
    if !facts.ocsp_signing {
        return Some(Refusal::Purpose {
            wanted: "signing OCSP responses (OCSPSigning)",
        });
    }
    if !facts.may_sign {
        return Some(Refusal::Purpose {
            wanted: "signing OCSP responses (digitalSignature)",
        });
    }
    if clock > not_after {
        return Some(Refusal::Expired { not_after, clock });
    }
    if clock < not_before {
        return Some(Refusal::NotYetValid { not_before, clock });
    }
    let unknown = facts.not_understood.iter().filter(|id| *id != NO_CHECK);
    let extensions: Vec<_> = unknown.map(ToString::to_string).collect();
    if !extensions.is_empty() {
        return Some(Refusal::NotUnderstood { extensions });
    }
    keys.judge_key(&facts.key)
        .or_else(|| KeyPolicy::judge_signature(facts))
}
