// SPDX-License-Identifier: Apache-2.0

//! Who signed a response, and whether they may speak for the issuer.

use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec::Vec;

use der::asn1::BitStringRef;
use der::{AnyRef, Decode, Encode, Sequence};
use x509_cert::Certificate;
use x509_cert::spki::AlgorithmIdentifierOwned;
use x509_ocsp::ResponderId;

use super::request::{Issuer, Question, key_bits, sha1};
use crate::backend::SignatureError;
use crate::diagnosis::Refusal;
use crate::policy::KeyPolicy;
use crate::revocation::{RevocationProblem, StatusLookup};
use crate::verify::verify_signed;
use crate::x509::{CertificateFacts, SignatureAlgorithm};

/// The most certificates of a response that are looked at: one is the rule.
const MAX_CERTIFICATES: usize = 4;
/// id-pkix-ocsp-nocheck (RFC 6960, section 4.2.2.2.1).
const NO_CHECK: &str = "1.3.6.1.5.5.7.48.1.5";

/// BasicOCSPResponse (RFC 6960, section 4.2.1) with what is signed left as it is, since
/// the signature is over those bytes and no others.
#[derive(Sequence)]
pub(super) struct Signed<'a> {
    pub(super) data: AnyRef<'a>,
    algorithm: AlgorithmIdentifierOwned,
    signature: BitStringRef<'a>,
    #[asn1(context_specific = "0", optional = "true", tag_mode = "EXPLICIT")]
    certificates: Option<Vec<AnyRef<'a>>>,
}

/// Checks that the responder that a response names signed it, and may.
pub(super) fn authenticate(
    signed: &Signed<'_>,
    responder: &ResponderId,
    question: &Question,
    lookup: &StatusLookup<'_>,
) -> Result<(), RevocationProblem> {
    let algorithm = SignatureAlgorithm::read(&signed.algorithm);
    if KeyPolicy::is_weak(&algorithm) {
        return Err(RevocationProblem::OcspWeakSignature { algorithm });
    }
    let data = signed
        .data
        .to_der()
        .map_err(|_| RevocationProblem::OcspUnreadable)?;
    let verify = |public_key: &[u8]| {
        let signature = signed.signature.raw_bytes();
        let crypto = lookup.means;
        crypto
            .verify_signature(&algorithm, public_key, &data, signature)
            .map_err(|error| match error {
                SignatureError::Invalid => RevocationProblem::OcspSignature,
                SignatureError::Unsupported => RevocationProblem::OcspSignatureUnsupported {
                    algorithm: algorithm.clone(),
                },
                SignatureError::OutOfMemory => RevocationProblem::OutOfMemory,
            })
    };
    let issuer = &question.issuer;
    let is_issuer = match responder {
        ResponderId::ByName(name) => *name == issuer.name,
        ResponderId::ByKey(hash) => hash.as_bytes() == issuer.key_hash,
    };
    let mut problem = RevocationProblem::OcspResponder;
    if is_issuer {
        match verify(&issuer.public_key) {
            Ok(()) => return Ok(()),
            // It may be another of the same name, as when a CA gets a new key.
            Err(told) => problem = told,
        }
    }
    let certificates = signed.certificates.iter().flatten();
    for certificate in certificates.take(MAX_CERTIFICATES) {
        let Some((der, certificate)) = read(*certificate) else {
            continue;
        };
        let info = &certificate.tbs_certificate;
        let is_named = match responder {
            ResponderId::ByName(name) => *name == info.subject,
            ResponderId::ByKey(hash) => {
                hash.as_bytes() == sha1(key_bits(&info.subject_public_key_info))
            }
        };
        if !is_named {
            continue;
        }
        let result = may_speak(&der, &certificate, issuer, lookup)
            .and_then(|delegate| verify(&delegate.public_key));
        match result {
            Ok(()) => return Ok(()),
            Err(told) => problem = told,
        }
    }
    Err(problem)
}

fn read(certificate: AnyRef<'_>) -> Option<(Vec<u8>, Certificate)> {
    let der = certificate.to_der().ok()?;
    let certificate = Certificate::from_der(&der).ok()?;
    Some((der, certificate))
}

/// RFC 6960, section 4.2.2.2: issued by the CA itself, for this. What costs least is
/// looked at first.
fn may_speak(
    der: &[u8],
    certificate: &Certificate,
    issuer: &Issuer,
    lookup: &StatusLookup<'_>,
) -> Result<CertificateFacts, RevocationProblem> {
    let facts = CertificateFacts::read(der).ok_or(RevocationProblem::OcspUnreadable)?;
    let not_issued = || RevocationProblem::OcspDelegateIssuer {
        subject: facts.subject.clone(),
        issuer: issuer.subject.clone(),
    };
    if certificate.tbs_certificate.issuer != issuer.name {
        return Err(not_issued());
    }
    if let Some(refusal) = fault(&facts, lookup) {
        return Err(RevocationProblem::OcspDelegate {
            subject: facts.subject,
            refusal: Box::new(refusal),
        });
    }
    match verify_signed(der, &facts.signature, &issuer.public_key, lookup.means) {
        Ok(()) => Ok(facts),
        Err(SignatureError::Invalid) => Err(not_issued()),
        Err(SignatureError::Unsupported) => Err(RevocationProblem::OcspSignatureUnsupported {
            algorithm: facts.signature,
        }),
        Err(SignatureError::OutOfMemory) => Err(RevocationProblem::OutOfMemory),
    }
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
