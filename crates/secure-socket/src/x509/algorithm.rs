// SPDX-License-Identifier: Apache-2.0

//! Kinds of keys and signatures.

use alloc::string::String;
use core::fmt;

use der::asn1::ObjectIdentifier;
use der::{Tag, TagNumber};

use super::walk::{Element, Walk};
use crate::room;

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

/// RFC 8017, appendix A.1.
const RSA_ENCRYPTION: ObjectIdentifier = oid("1.2.840.113549.1.1.1");
/// RFC 8017, appendix A.2.3.
const RSASSA_PSS: ObjectIdentifier = oid("1.2.840.113549.1.1.10");
/// RFC 5480, section 2.1.1.
const EC_PUBLIC_KEY: ObjectIdentifier = oid("1.2.840.10045.2.1");

/// An elliptic curve that certificates' keys are on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Curve {
    /// NIST P-256 (secp256r1).
    P256,
    /// NIST P-384 (secp384r1).
    P384,
    /// NIST P-521 (secp521r1).
    P521,
    /// Another one, by its object identifier.
    Other(String),
}

impl Curve {
    /// RFC 5480, section 2.1.1.1.
    const NAMED: [(ObjectIdentifier, Self); 3] = [
        (oid("1.2.840.10045.3.1.7"), Self::P256),
        (oid("1.3.132.0.34"), Self::P384),
        (oid("1.3.132.0.35"), Self::P521),
    ];

    /// `None` if there is no memory for the number of one that has no name here.
    fn read(id: ObjectIdentifier) -> Option<Self> {
        match Self::NAMED.into_iter().find(|(named, _)| *named == id) {
            Some((_, curve)) => Some(curve),
            None => room::shown(id).map(Self::Other),
        }
    }
}

impl fmt::Display for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
            Self::Other(id) => id,
        })
    }
}

/// The kind of a public key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PublicKeyKind {
    /// RSA, with a modulus of this many bits.
    Rsa(u32),
    /// An elliptic-curve key.
    Ec(Curve),
    /// Another kind, by its object identifier.
    Other(String),
}

/// An AlgorithmIdentifier (RFC 5280, section 4.1.1.2): its number, and its parameters.
struct Identifier<'a> {
    id: ObjectIdentifier,
    parameters: Option<Element<'a>>,
}

impl<'a> Identifier<'a> {
    fn read(element: Element<'a>) -> Option<Self> {
        let mut fields = element.walk(Tag::Sequence)?;
        let id = fields.read()?.id()?;
        let parameters = match fields.is_over() {
            true => None,
            false => Some(fields.read()?),
        };
        fields.is_over().then_some(Self { id, parameters })
    }
}

impl PublicKeyKind {
    /// Of a SubjectPublicKeyInfo; `None` if it is none, or there is no memory for its number.
    pub(super) fn read(info: Element<'_>) -> Option<Self> {
        let mut fields = info.walk(Tag::Sequence)?;
        let Identifier { id, parameters } = Identifier::read(fields.read()?)?;
        let key = fields.read()?.bits()?;
        if !fields.is_over() {
            return None;
        }
        let known = match id {
            RSA_ENCRYPTION | RSASSA_PSS => modulus(key).map(|modulus| Self::Rsa(bits(modulus))),
            EC_PUBLIC_KEY => match parameters.and_then(Element::id) {
                Some(curve) => Some(Self::Ec(Curve::read(curve)?)),
                None => None,
            },
            _ => None,
        };
        known.or_else(|| room::shown(id).map(Self::Other))
    }
}

/// Of an RSAPublicKey (RFC 8017, appendix A.1.1).
fn modulus(key: &[u8]) -> Option<&[u8]> {
    let mut fields = Walk::only(key)?.walk(Tag::Sequence)?;
    let modulus = fields.read()?.integer()?;
    let exponent = fields.read()?.integer()?;
    let is_positive = |number: &[u8]| number.first().is_some_and(|first| *first < 0x80);
    (fields.is_over() && is_positive(modulus) && is_positive(exponent)).then_some(modulus)
}

/// How many bits a number has, its bytes given big end first.
fn bits(bytes: &[u8]) -> u32 {
    let bytes = super::significant(bytes);
    let Some(first) = bytes.first() else {
        return 0;
    };
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX / 8);
    length * 8 - first.leading_zeros()
}

impl fmt::Display for PublicKeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa(bits) => write!(f, "RSA-{bits}"),
            Self::Ec(curve) => write!(f, "EC {curve}"),
            Self::Other(id) => write!(f, "algorithm {id}"),
        }
    }
}

/// A hash function that signatures are made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Hash {
    /// MD5: broken.
    Md5,
    /// SHA-1: broken.
    Sha1,
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA-1",
            Self::Sha224 => "SHA-224",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        })
    }
}

/// A way of signing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignatureScheme {
    /// ECDSA (RFC 5758).
    Ecdsa,
    /// RSA with the padding of PKCS #1 v1.5 (RFC 4055).
    RsaPkcs1,
    /// RSASSA-PSS with MGF1 over the same hash (RFC 4055); its salt, which is as long
    /// as the hash or is not read, is the TLS library's to check.
    RsaPss,
}

/// How a certificate, a revocation list or an OCSP response is signed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignatureAlgorithm {
    /// A way of signing, over a hash.
    Known(SignatureScheme, Hash),
    /// Another one, by its object identifier.
    Other(String),
}

impl SignatureAlgorithm {
    const NAMED: [(ObjectIdentifier, SignatureScheme, Hash); 10] = [
        (
            oid("1.2.840.113549.1.1.4"),
            SignatureScheme::RsaPkcs1,
            Hash::Md5,
        ),
        (
            oid("1.2.840.113549.1.1.5"),
            SignatureScheme::RsaPkcs1,
            Hash::Sha1,
        ),
        (
            oid("1.2.840.113549.1.1.14"),
            SignatureScheme::RsaPkcs1,
            Hash::Sha224,
        ),
        (
            oid("1.2.840.113549.1.1.11"),
            SignatureScheme::RsaPkcs1,
            Hash::Sha256,
        ),
        (
            oid("1.2.840.113549.1.1.12"),
            SignatureScheme::RsaPkcs1,
            Hash::Sha384,
        ),
        (
            oid("1.2.840.113549.1.1.13"),
            SignatureScheme::RsaPkcs1,
            Hash::Sha512,
        ),
        (oid("1.2.840.10045.4.1"), SignatureScheme::Ecdsa, Hash::Sha1),
        (
            oid("1.2.840.10045.4.3.2"),
            SignatureScheme::Ecdsa,
            Hash::Sha256,
        ),
        (
            oid("1.2.840.10045.4.3.3"),
            SignatureScheme::Ecdsa,
            Hash::Sha384,
        ),
        (
            oid("1.2.840.10045.4.3.4"),
            SignatureScheme::Ecdsa,
            Hash::Sha512,
        ),
    ];

    /// FIPS 180-4's in RFC 8017, appendix B.1.
    const HASHES: [(ObjectIdentifier, Hash); 5] = [
        (oid("1.3.14.3.2.26"), Hash::Sha1),
        (oid("2.16.840.1.101.3.4.2.4"), Hash::Sha224),
        (oid("2.16.840.1.101.3.4.2.1"), Hash::Sha256),
        (oid("2.16.840.1.101.3.4.2.2"), Hash::Sha384),
        (oid("2.16.840.1.101.3.4.2.3"), Hash::Sha512),
    ];

    /// Of an AlgorithmIdentifier; `None` if it is none, or there is no memory for its number.
    pub(crate) fn of(identifier: Element<'_>) -> Option<Self> {
        let Identifier { id, parameters } = Identifier::read(identifier)?;
        let known = match id {
            RSASSA_PSS => parameters.and_then(Self::of_pss),
            id => Self::NAMED
                .into_iter()
                .find(|(named, ..)| *named == id)
                .map(|(_, scheme, hash)| Self::Known(scheme, hash)),
        };
        known.or_else(|| room::shown(id).map(Self::Other))
    }

    /// RFC 4055, section 3.1; `None` where the hash and that of the mask are two.
    fn of_pss(parameters: Element<'_>) -> Option<Self> {
        let mut fields = parameters.walk(Tag::Sequence)?;
        let mut field = |number| match fields.read_tagged(number) {
            Some(field) => Walk::only(field.value).map(Some),
            None => Some(None),
        };
        let hash = field(TagNumber::N0)?;
        let mask = field(TagNumber::N1)?;
        // The length of the salt, and the trailer.
        for number in [TagNumber::N2, TagNumber::N3] {
            if let Some(number) = field(number)? {
                number.integer()?;
            }
        }
        if !fields.is_over() {
            return None;
        }
        // What is left out is SHA-1.
        let hash = match hash {
            None => Hash::Sha1,
            Some(hash) => Self::hash(Identifier::read(hash)?.id)?,
        };
        let mask = match mask {
            None => Hash::Sha1,
            Some(mask) => {
                let inner = Identifier::read(mask)?.parameters?;
                Self::hash(Identifier::read(inner)?.id)?
            }
        };
        (hash == mask).then_some(Self::Known(SignatureScheme::RsaPss, hash))
    }

    fn hash(id: ObjectIdentifier) -> Option<Hash> {
        Self::HASHES
            .into_iter()
            .find(|(named, _)| *named == id)
            .map(|(_, hash)| hash)
    }
}

impl fmt::Display for SignatureAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(SignatureScheme::Ecdsa, hash) => write!(f, "ECDSA with {hash}"),
            Self::Known(SignatureScheme::RsaPkcs1, hash) => write!(f, "RSA with {hash}"),
            Self::Known(SignatureScheme::RsaPss, hash) => write!(f, "RSA-PSS with {hash}"),
            Self::Other(id) => write!(f, "algorithm {id}"),
        }
    }
}
