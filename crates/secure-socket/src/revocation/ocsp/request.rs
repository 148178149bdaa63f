// SPDX-License-Identifier: Apache-2.0

//! What a responder is asked.

use alloc::vec::Vec;

use der::asn1::{Null, ObjectIdentifier, OctetStringRef};
use der::{AnyRef, Encode, Sequence, Tag};

use crate::verify::Crypto;
use crate::x509::walk::Walk;
use crate::x509::{MAX_SERIAL, Parts, significant};

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
    pub(super) const fn id(self) -> ObjectIdentifier {
        match self {
            Self::Sha1 => ID_SHA1,
            Self::Sha256 => ID_SHA256,
        }
    }

    fn of(self, bytes: &[u8], crypto: &dyn Crypto) -> Digest {
        let mut digest = Digest::new();
        // Both fit.
        let _ = match self {
            Self::Sha1 => digest.extend_from_slice(&sha1(bytes)),
            Self::Sha256 => digest.extend_from_slice(&crypto.sha256(bytes)),
        };
        digest
    }
}

/// A hash, SHA-256's at most.
type Digest = heapless::Vec<u8, 32>;

/// For CertIDs and for responders that are named by their key (RFC 6960, section
/// 4.2.1). No signature is ever checked with it, and TLS libraries are built without it.
pub(super) fn sha1(bytes: &[u8]) -> [u8; 20] {
    sha1_smol::Sha1::from(bytes).digest().bytes()
}

/// Who issued the certificate that is asked about.
pub(super) struct Issuer<'a> {
    /// The name, in DER, as it stands in that certificate.
    pub(super) name: &'a [u8],
    /// The name as RFC 4514 writes it.
    pub(super) subject: &'a str,
    /// The key, a SubjectPublicKeyInfo in DER.
    pub(super) public_key: &'a [u8],
}

/// A question about one certificate.
pub(super) struct Question<'a> {
    pub(super) hash: CertIdHash,
    pub(super) name_hash: Digest,
    pub(super) key_hash: Digest,
    /// An INTEGER's bytes.
    pub(super) serial: &'a [u8],
    pub(super) issuer: Issuer<'a>,
    /// By which to remember the answer: SHA-256 over those of the issuer's key and name, and
    /// the serial number.
    pub(super) key: [u8; 32],
}

impl<'a> Question<'a> {
    /// `None` if one of the two certificates (DER) cannot be read. `issuer_name` is who
    /// issued the first, as RFC 4514 writes it.
    pub(super) fn about(
        certificate: &'a [u8],
        issuer: &'a [u8],
        issuer_name: &'a str,
        hash: CertIdHash,
        crypto: &dyn Crypto,
    ) -> Option<Self> {
        let certificate = Parts::read(certificate)?;
        let issuer = Parts::read(issuer)?.public_key.whole;
        // As it stands in the certificate asked about (RFC 6960, section 4.1.1).
        let name = certificate.issuer.whole;
        let mut known_by = [0; 32 + 32 + MAX_SERIAL];
        let serial = significant(certificate.serial);
        let (hashes, rest) = known_by.split_at_mut(64);
        hashes[..32].copy_from_slice(&crypto.sha256(issuer));
        hashes[32..].copy_from_slice(&crypto.sha256(name));
        rest.get_mut(..serial.len())?.copy_from_slice(serial);
        Some(Self {
            hash,
            name_hash: hash.of(name, crypto),
            key_hash: hash.of(key_bits(issuer)?, crypto),
            serial: certificate.serial,
            key: crypto.sha256(&known_by[..64 + serial.len()]),
            issuer: Issuer {
                name,
                subject: issuer_name,
                public_key: issuer,
            },
        })
    }

    /// The request, in DER: unsigned, for this one certificate (as RFC 5019, section
    /// 2.1.1 has them). `None` if it cannot be written.
    pub(super) fn to_der(&self, nonce: Option<&[u8; NONCE]>) -> Option<Vec<u8>> {
        // An OCTET STRING within the extension's own (RFC 9654, section 2.1).
        let mut nonce_string = [0; 2 + NONCE];
        let extensions = match nonce {
            None => None,
            Some(nonce) => {
                let nonce = OctetStringRef::new(nonce).ok()?;
                let value = nonce.encode_to_slice(&mut nonce_string).ok()?;
                let value = OctetStringRef::new(value).ok()?;
                let id = ID_PKIX_OCSP_NONCE;
                let nonce = Extension { id, value };
                Some(Extensions { nonce })
            }
        };
        let id = CertId {
            algorithm: Algorithm {
                id: self.hash.id(),
                parameters: Null,
            },
            name_hash: OctetStringRef::new(&self.name_hash).ok()?,
            key_hash: OctetStringRef::new(&self.key_hash).ok()?,
            serial: AnyRef::new(Tag::Integer, self.serial).ok()?,
        };
        let requests = Requests {
            request: Request { id },
        };
        let body = TbsRequest {
            requests,
            extensions,
        };
        OcspRequest { body }.to_der().ok()
    }
}

/// OCSPRequest (RFC 6960, section 4.1.1), as far as it is written: what `x509-ocsp` has of it
/// knows of signatures and kinds of names besides, for 10 kB of flash.
#[derive(Sequence)]
struct OcspRequest<'a> {
    body: TbsRequest<'a>,
}

#[derive(Sequence)]
struct TbsRequest<'a> {
    requests: Requests<'a>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", optional = "true")]
    extensions: Option<Extensions<'a>>,
}

/// A sequence of one.
#[derive(Sequence)]
struct Requests<'a> {
    request: Request<'a>,
}

#[derive(Sequence)]
struct Request<'a> {
    id: CertId<'a>,
}

#[derive(Sequence)]
struct CertId<'a> {
    algorithm: Algorithm,
    name_hash: OctetStringRef<'a>,
    key_hash: OctetStringRef<'a>,
    /// An INTEGER.
    serial: AnyRef<'a>,
}

#[derive(Sequence)]
struct Algorithm {
    id: ObjectIdentifier,
    parameters: Null,
}

/// A sequence of one.
#[derive(Sequence)]
struct Extensions<'a> {
    nonce: Extension<'a>,
}

/// One that is not critical.
#[derive(Sequence)]
struct Extension<'a> {
    id: ObjectIdentifier,
    value: OctetStringRef<'a>,
}

/// The key itself, as KeyHash and CertID count it: without tag, length and number of
/// unused bits (RFC 6960, section 4.1.1).
pub(super) fn key_bits(public_key: &[u8]) -> Option<&[u8]> {
    let mut fields = Walk::only(public_key)?.walk(Tag::Sequence)?;
    fields.read()?;
    fields.read()?.bits()
}
