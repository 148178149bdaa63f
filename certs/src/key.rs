// SPDX-License-Identifier: Apache-2.0

//! Keys of every kind that a recipe can name, and signatures with them.
//!
//! AWS-LC makes the keys and the signatures. It refuses RSA below 2048 bits, a public
//! exponent of 3, and signatures over MD5, SHA-1 and SHA-224; the `rsa` crate makes those.

use crate::Error;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RsaEncoding,
};
use aws_lc_rs::{digest, rand::SystemRandom, rsa::KeySize};
use der::asn1::{Any, BitString, Null, OctetString};
use der::oid::ObjectIdentifier;
use der::{Decode, Encode, Sequence};
use md5::Digest as _;
use pem_rfc7468::LineEnding;
use rsa::pkcs1v15::Pkcs1v15Sign;
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey};
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use zeroize::Zeroizing;

/// A kind of key: `p256`, `rsa2048` and so on. `rsa2048e3` has the public exponent 3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum KeyType {
    #[default]
    P256,
    P384,
    P521,
    Secp256k1,
    Rsa1024,
    Rsa2048,
    Rsa2048E3,
    Rsa3072,
    Rsa4096,
    Ed25519,
}

impl KeyType {
    fn is_rsa(self) -> bool {
        matches!(
            self,
            Self::Rsa1024 | Self::Rsa2048 | Self::Rsa2048E3 | Self::Rsa3072 | Self::Rsa4096
        )
    }

    fn ecdsa(self) -> Option<&'static EcdsaSigningAlgorithm> {
        match self {
            Self::P256 => Some(&signature::ECDSA_P256_SHA256_ASN1_SIGNING),
            Self::P384 => Some(&signature::ECDSA_P384_SHA384_ASN1_SIGNING),
            Self::P521 => Some(&signature::ECDSA_P521_SHA512_ASN1_SIGNING),
            Self::Secp256k1 => Some(&signature::ECDSA_P256K1_SHA256_ASN1_SIGNING),
            _ => None,
        }
    }

    /// The hash that goes with the key when a recipe names none.
    fn usual_hash(self) -> Hash {
        match self {
            Self::P384 => Hash::Sha384,
            Self::P521 => Hash::Sha512,
            _ => Hash::Sha256,
        }
    }
}

/// The hash in a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Hash {
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    pub(crate) fn of(self, message: &[u8]) -> Vec<u8> {
        let algorithm = match self {
            Self::Md5 => return md5::Md5::digest(message).to_vec(),
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha224 => &digest::SHA224,
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        };
        digest::digest(algorithm, message).as_ref().to_vec()
    }

    /// The hash by itself. With NULL parameters, as everybody writes them.
    pub(crate) fn algorithm(self) -> Result<AlgorithmIdentifierOwned, Error> {
        algorithm(
            match self {
                Self::Md5 => "1.2.840.113549.2.5",
                Self::Sha1 => "1.3.14.3.2.26",
                Self::Sha224 => "2.16.840.1.101.3.4.2.4",
                Self::Sha256 => "2.16.840.1.101.3.4.2.1",
                Self::Sha384 => "2.16.840.1.101.3.4.2.2",
                Self::Sha512 => "2.16.840.1.101.3.4.2.3",
            },
            Some(Any::from(Null)),
        )
    }
}

/// How a signature is to be made.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Scheme {
    /// Absent: the usual one of the key.
    pub(crate) hash: Option<Hash>,
    /// RSASSA-PSS instead of PKCS#1 v1.5.
    pub(crate) pss: bool,
}

/// A private key. It is wiped when the last user of it is gone.
pub(crate) struct Key {
    kind: KeyType,
    pkcs8: Zeroizing<Vec<u8>>,
    public: SubjectPublicKeyInfoOwned,
}

impl Key {
    fn generate(kind: KeyType) -> Result<Self, Error> {
        let rsa = |size| -> Result<_, Error> {
            let pair = signature::RsaKeyPair::generate(size).map_err(|_| Error::Random)?;
            let pkcs8 = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).map_err(|_| Error::Random)?;
            let public: PublicKeyX509Der<'_> =
                pair.public_key().as_der().map_err(|_| Error::Random)?;
            Ok((
                Zeroizing::new(pkcs8.as_ref().to_vec()),
                public.as_ref().to_vec(),
            ))
        };
        let (pkcs8, public) = match kind {
            KeyType::Rsa1024 | KeyType::Rsa2048E3 => {
                let bad = |e: &dyn std::fmt::Display| Error::recipe("RSA key", e);
                let (bits, exponent) = match kind {
                    KeyType::Rsa1024 => (1024, 65537_u32),
                    _ => (2048, 3),
                };
                let key = rsa::RsaPrivateKey::new_with_exp(
                    &mut rsa::rand_core::OsRng,
                    bits,
                    &exponent.into(),
                )
                .map_err(|e| bad(&e))?;
                let pkcs8 = key.to_pkcs8_der().map_err(|e| bad(&e))?;
                let public = key
                    .to_public_key()
                    .to_public_key_der()
                    .map_err(|e| bad(&e))?;
                (Zeroizing::new(pkcs8.as_bytes().to_vec()), public.into_vec())
            }
            KeyType::Rsa2048 => rsa(KeySize::Rsa2048)?,
            KeyType::Rsa3072 => rsa(KeySize::Rsa3072)?,
            KeyType::Rsa4096 => rsa(KeySize::Rsa4096)?,
            KeyType::Ed25519 => {
                let pair = Ed25519KeyPair::generate().map_err(|_| Error::Random)?;
                let pkcs8 = pair.to_pkcs8v1().map_err(|_| Error::Random)?;
                let public: PublicKeyX509Der<'_> =
                    pair.public_key().as_der().map_err(|_| Error::Random)?;
                (
                    Zeroizing::new(pkcs8.as_ref().to_vec()),
                    public.as_ref().to_vec(),
                )
            }
            KeyType::P256 | KeyType::P384 | KeyType::P521 | KeyType::Secp256k1 => {
                let algorithm = kind.ecdsa().ok_or(Error::Random)?;
                let pair = EcdsaKeyPair::generate(algorithm).map_err(|_| Error::Random)?;
                let pkcs8 = pair.to_pkcs8v1().map_err(|_| Error::Random)?;
                let public: PublicKeyX509Der<'_> =
                    pair.public_key().as_der().map_err(|_| Error::Random)?;
                (
                    Zeroizing::new(pkcs8.as_ref().to_vec()),
                    public.as_ref().to_vec(),
                )
            }
        };
        Ok(Self {
            kind,
            pkcs8,
            public: SubjectPublicKeyInfoOwned::from_der(&public)?,
        })
    }

    pub(crate) fn public(&self) -> &SubjectPublicKeyInfoOwned {
        &self.public
    }

    /// SHA-1 of the bits of the public key: the key identifier of RFC 5280,
    /// section 4.2.1.2, and the KeyHash of RFC 6960, section 4.2.1.
    pub(crate) fn id(&self) -> Vec<u8> {
        Hash::Sha1.of(self.public.subject_public_key.raw_bytes())
    }

    pub(crate) fn der(&self) -> Zeroizing<Vec<u8>> {
        self.pkcs8.clone()
    }

    pub(crate) fn pem(&self) -> Result<Zeroizing<String>, Error> {
        let pem = pem_rfc7468::encode_string("PRIVATE KEY", LineEnding::LF, &self.pkcs8)?;
        Ok(Zeroizing::new(pem))
    }

    /// The algorithm as it stands in a certificate, CRL or OCSP response.
    pub(crate) fn algorithm(&self, scheme: Scheme) -> Result<AlgorithmIdentifierOwned, Error> {
        let refuse = |why: &str| Err(Error::recipe("signature", why));
        let hash = scheme.hash.unwrap_or_else(|| self.kind.usual_hash());
        if scheme.pss {
            if !self.kind.is_rsa() {
                return refuse("`pss` needs an RSA key");
            }
            return pss_algorithm(hash);
        }
        let oid = match (self.kind, hash) {
            (KeyType::Ed25519, _) if scheme.hash.is_some() => {
                return refuse("Ed25519 has its own hash; leave `hash` out");
            }
            (KeyType::Ed25519, _) => return algorithm("1.3.101.112", None),
            (kind, hash) if kind.is_rsa() => {
                let oid = match hash {
                    Hash::Md5 => "1.2.840.113549.1.1.4",
                    Hash::Sha1 => "1.2.840.113549.1.1.5",
                    Hash::Sha224 => "1.2.840.113549.1.1.14",
                    Hash::Sha256 => "1.2.840.113549.1.1.11",
                    Hash::Sha384 => "1.2.840.113549.1.1.12",
                    Hash::Sha512 => "1.2.840.113549.1.1.13",
                };
                return algorithm(oid, Some(Any::from(Null)));
            }
            (_, Hash::Md5) => return refuse("there is no ECDSA with MD5; take an RSA key"),
            (_, Hash::Sha1) => "1.2.840.10045.4.1",
            (_, Hash::Sha224) => "1.2.840.10045.4.3.1",
            (_, Hash::Sha256) => "1.2.840.10045.4.3.2",
            (_, Hash::Sha384) => "1.2.840.10045.4.3.3",
            (_, Hash::Sha512) => "1.2.840.10045.4.3.4",
        };
        algorithm(oid, None)
    }

    pub(crate) fn sign(&self, message: &[u8], scheme: Scheme) -> Result<Vec<u8>, Error> {
        let failed = || Error::recipe("signature", "the crypto library could not make it");
        let hash = scheme.hash.unwrap_or_else(|| self.kind.usual_hash());
        if self.kind == KeyType::Ed25519 {
            let pair = Ed25519KeyPair::from_pkcs8(&self.pkcs8).map_err(|_| failed())?;
            return Ok(pair.sign(message).as_ref().to_vec());
        }
        if let Some(algorithm) = self.kind.ecdsa() {
            let pair = EcdsaKeyPair::from_pkcs8(algorithm, &self.pkcs8).map_err(|_| failed())?;
            let digest = ecdsa_digest(self.kind, &hash.of(message)).map_err(|_| failed())?;
            let signature = pair.sign_digest(&digest).map_err(|_| failed())?;
            return Ok(signature.as_ref().to_vec());
        }
        let encoding: &'static dyn RsaEncoding = match (self.kind, hash, scheme.pss) {
            (KeyType::Rsa1024 | KeyType::Rsa2048E3, _, true)
            | (_, Hash::Md5 | Hash::Sha1 | Hash::Sha224, true) => {
                return Err(Error::recipe(
                    "signature",
                    "`pss` needs 2048 bits or more, and sha256, sha384 or sha512",
                ));
            }
            (KeyType::Rsa1024 | KeyType::Rsa2048E3, _, false)
            | (_, Hash::Md5 | Hash::Sha1 | Hash::Sha224, false) => {
                return self.sign_weak(&hash.of(message), hash);
            }
            (_, Hash::Sha256, false) => &signature::RSA_PKCS1_SHA256,
            (_, Hash::Sha384, false) => &signature::RSA_PKCS1_SHA384,
            (_, Hash::Sha512, false) => &signature::RSA_PKCS1_SHA512,
            (_, Hash::Sha256, true) => &signature::RSA_PSS_SHA256,
            (_, Hash::Sha384, true) => &signature::RSA_PSS_SHA384,
            (_, Hash::Sha512, true) => &signature::RSA_PSS_SHA512,
        };
        let pair = signature::RsaKeyPair::from_pkcs8(&self.pkcs8).map_err(|_| failed())?;
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(encoding, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| failed())?;
        Ok(signature)
    }

    /// PKCS#1 v1.5 with what AWS-LC refuses.
    fn sign_weak(&self, digest: &[u8], hash: Hash) -> Result<Vec<u8>, Error> {
        let bad = |e: &dyn std::fmt::Display| Error::recipe("signature", e);
        let info = DigestInfo {
            algorithm: hash.algorithm()?,
            digest: OctetString::new(digest)?,
        };
        let key = rsa::RsaPrivateKey::from_pkcs8_der(&self.pkcs8).map_err(|e| bad(&e))?;
        key.sign(Pkcs1v15Sign::new_unprefixed(), &info.to_der()?)
            .map_err(|e| bad(&e))
    }
}

/// `digest` in the length that AWS-LC takes for the curve. It pairs each curve
/// with one hash; ECDSA itself takes the leftmost bits of a long digest, and a
/// short one as the number it is (SEC 1, section 4.1.3).
fn ecdsa_digest(
    kind: KeyType,
    digest: &[u8],
) -> Result<digest::Digest, aws_lc_rs::error::Unspecified> {
    let algorithm = match kind {
        KeyType::P256 | KeyType::Secp256k1 => &digest::SHA256,
        KeyType::P384 => &digest::SHA384,
        _ => &digest::SHA512,
    };
    let len = algorithm.output_len();
    let mut padded = vec![0; len.saturating_sub(digest.len())];
    padded.extend(digest.iter().take(len));
    digest::Digest::import_less_safe(&padded, algorithm)
}

/// RFC 8017, section 9.2.
#[derive(Sequence)]
struct DigestInfo {
    algorithm: AlgorithmIdentifierOwned,
    digest: OctetString,
}

/// RFC 4055, section 3.1, without the trailer field, which has its default.
#[derive(Sequence)]
struct PssParameters {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    hash: AlgorithmIdentifierOwned,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT")]
    mask: AlgorithmIdentifierOwned,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT")]
    salt_len: u8,
}

fn pss_algorithm(hash: Hash) -> Result<AlgorithmIdentifierOwned, Error> {
    let hash_algorithm = hash.algorithm()?;
    let parameters = PssParameters {
        mask: algorithm(
            "1.2.840.113549.1.1.8",
            Some(Any::encode_from(&hash_algorithm)?),
        )?,
        hash: hash_algorithm,
        // As long as the hash: what AWS-LC makes, and everybody else.
        salt_len: u8::try_from(hash.of(b"").len()).unwrap_or(u8::MAX),
    };
    algorithm(
        "1.2.840.113549.1.1.10",
        Some(Any::encode_from(&parameters)?),
    )
}

fn algorithm(oid: &str, parameters: Option<Any>) -> Result<AlgorithmIdentifierOwned, Error> {
    Ok(AlgorithmIdentifierOwned {
        oid: ObjectIdentifier::new(oid).map_err(der::Error::from)?,
        parameters,
    })
}

/// Signature bits for `message`, and if so wished wrong by one bit.
pub(crate) fn signature_bits(
    key: &Key,
    scheme: Scheme,
    message: &[u8],
    corrupt: bool,
) -> Result<BitString, Error> {
    let mut signature = key.sign(message, scheme)?;
    if corrupt && let Some(last) = signature.last_mut() {
        // Still well-formed: the last bit of RSA's number, or of ECDSA's `s`.
        *last ^= 1;
    }
    Ok(BitString::from_bytes(&signature)?)
}

/// Hands out keys, a new one each time. RSA keys are slow to make, so they are
/// kept for the next `Keys` of this process, until it ends.
#[derive(Default)]
pub(crate) struct Keys {
    used: HashMap<KeyType, usize>,
}

impl Keys {
    pub(crate) fn next(&mut self, kind: KeyType) -> Result<Arc<Key>, Error> {
        static RSA: LazyLock<Mutex<HashMap<KeyType, Vec<Arc<Key>>>>> =
            LazyLock::new(Mutex::default);
        if !kind.is_rsa() {
            return Ok(Arc::new(Key::generate(kind)?));
        }
        let used = self.used.entry(kind).or_default();
        // Keys are added whole: a thread that died with the lock broke nothing.
        let mut kept = RSA.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.entry(kind).or_default();
        let key = match kept.get(*used) {
            Some(key) => key.clone(),
            None => {
                let key = Arc::new(Key::generate(kind)?);
                kept.push(key.clone());
                key
            }
        };
        *used += 1;
        Ok(key)
    }
}
