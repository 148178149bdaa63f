// SPDX-License-Identifier: Apache-2.0

//! What a responder is asked.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use der::asn1::{Null, ObjectIdentifier, OctetString};
use der::{Decode, Encode};
use x509_cert::Certificate;
use x509_cert::ext::Extension;
use x509_cert::name::Name;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_ocsp::ext::Nonce;
use x509_ocsp::{CertId, OcspRequest, Request, TbsRequest, Version};

use crate::verify::Crypto;
use crate::x509::significant;

/// The length of a nonce, in bytes: the least that RFC 9654, section 2.1 has clients use.
pub(super) const NONCE: usize = 32;

/// RFC 6960, section 4.4.1.
pub(super) const ID_PKIX_OCSP_NONCE: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.2");
/// FIPS 180-4's SHA-1, in RFC 8017, appendix B.1.
const ID_SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
/// FIPS 180-4's SHA-256, in RFC 8017, appendix B.1.
const ID_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");

/// The hash by which a request names the issuer of a certificate (CertID in RFC 6960,
/// section 4.1.1).
///
/// It has to find the right issuer among those that a responder serves, and protects
/// nothing: a response counts for its signature, by the issuer that our own chain has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CertIdHash {
    /// SHA-1, which every responder knows, and many that sign in advance know alone
    /// (RFC 5019, section 2.1.1).
    #[default]
    Sha1,
    /// SHA-256, where SHA-1 may not be used at all.
    Sha256,
}

impl CertIdHash {
    const fn id(self) -> ObjectIdentifier {
        match self {
            Self::Sha1 => ID_SHA1,
            Self::Sha256 => ID_SHA256,
        }
    }

    fn of(self, bytes: &[u8], crypto: &dyn Crypto) -> Vec<u8> {
        match self {
            Self::Sha1 => sha1(bytes).to_vec(),
            Self::Sha256 => crypto.sha256(bytes).to_vec(),
        }
    }
}

/// For CertIDs and for responders that are named by their key (RFC 6960, section
/// 4.2.1). No signature is ever checked with it, and TLS libraries are built without it.
pub(super) fn sha1(bytes: &[u8]) -> [u8; 20] {
    sha1_smol::Sha1::from(bytes).digest().bytes()
}

/// Who issued the certificate that is asked about.
pub(super) struct Issuer {
    pub(super) name: Name,
    /// The name as RFC 4514 writes it.
    pub(super) subject: String,
    /// The key, a SubjectPublicKeyInfo in DER.
    pub(super) public_key: Vec<u8>,
    /// SHA-1 of the key itself, its algorithm apart.
    pub(super) key_hash: [u8; 20],
}

/// A question about one certificate.
pub(super) struct Question {
    pub(super) id: CertId,
    pub(super) issuer: Issuer,
    /// By which to remember the answer: SHA-256 over the issuer's key and name and the
    /// serial number, each of which says where it ends but the last.
    pub(super) key: [u8; 32],
}

impl Question {
    /// `None` if one of the two certificates (DER) cannot be read.
    pub(super) fn about(
        certificate: &[u8],
        issuer: &[u8],
        hash: CertIdHash,
        crypto: &dyn Crypto,
    ) -> Option<Self> {
        let certificate = Certificate::from_der(certificate).ok()?.tbs_certificate;
        let issuer = Certificate::from_der(issuer).ok()?.tbs_certificate;
        // As it stands in the certificate asked about (RFC 6960, section 4.1.1).
        let name = certificate.issuer.to_der().ok()?;
        let public_key = issuer.subject_public_key_info.to_der().ok()?;
        let key_bits = key_bits(&issuer.subject_public_key_info);
        let mut known_by = public_key.clone();
        known_by.extend_from_slice(&name);
        known_by.extend_from_slice(significant(certificate.serial_number.as_bytes()));
        Some(Self {
            id: CertId {
                hash_algorithm: AlgorithmIdentifierOwned {
                    oid: hash.id(),
                    parameters: Some(Null.into()),
                },
                issuer_name_hash: OctetString::new(hash.of(&name, crypto)).ok()?,
                issuer_key_hash: OctetString::new(hash.of(key_bits, crypto)).ok()?,
                serial_number: certificate.serial_number,
            },
            key: crypto.sha256(&known_by),
            issuer: Issuer {
                subject: certificate.issuer.to_string(),
                name: certificate.issuer,
                key_hash: sha1(key_bits),
                public_key,
            },
        })
    }

    /// The request, in DER: unsigned, for this one certificate (as RFC 5019, section
    /// 2.1.1 has them). `None` if it cannot be written.
    pub(super) fn to_der(&self, nonce: Option<&[u8]>) -> Option<Vec<u8>> {
        let extensions = match nonce {
            None => None,
            Some(nonce) => Some([nonce_extension(nonce)?].into()),
        };
        OcspRequest {
            tbs_request: TbsRequest {
                version: Version::V1,
                requestor_name: None,
                request_list: [Request {
                    req_cert: self.id.clone(),
                    single_request_extensions: None,
                }]
                .into(),
                request_extensions: extensions,
            },
            optional_signature: None,
        }
        .to_der()
        .ok()
    }

    /// Whether a response speaks of the certificate asked about.
    pub(super) fn is_about(&self, id: &CertId) -> bool {
        let serial = |id: &CertId| significant(id.serial_number.as_bytes()).to_vec();
        // Some leave the NULL behind the algorithm out (RFC 5754, section 2).
        self.id.hash_algorithm.oid == id.hash_algorithm.oid
            && self.id.issuer_name_hash == id.issuer_name_hash
            && self.id.issuer_key_hash == id.issuer_key_hash
            && serial(&self.id) == serial(id)
    }
}

/// The key itself, as KeyHash and CertID count it: without tag, length and number of
/// unused bits (RFC 6960, section 4.1.1).
pub(super) fn key_bits(info: &SubjectPublicKeyInfoOwned) -> &[u8] {
    info.subject_public_key.raw_bytes()
}

/// RFC 9654, section 2.1: an OCTET STRING within the extension's own.
fn nonce_extension(nonce: &[u8]) -> Option<Extension> {
    Some(Extension {
        extn_id: ID_PKIX_OCSP_NONCE,
        critical: false,
        extn_value: OctetString::new(nonce_value(nonce)?).ok()?,
    })
}

/// What a nonce looks like in an extension.
pub(super) fn nonce_value(nonce: &[u8]) -> Option<Vec<u8>> {
    Nonce::new(nonce).ok()?.to_der().ok()
}
