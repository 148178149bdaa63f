// SPDX-License-Identifier: Apache-2.0

//! Which keys and signatures are strong enough, and which too heavy.

use alloc::vec::Vec;

use crate::diagnosis::Refusal;
use crate::x509::{CertificateFacts, Curve, Hash, PublicKeyKind, SignatureAlgorithm};

/// The shortest RSA key that any policy takes, in bits (NIST SP 800-131A, revision 2).
pub const MIN_RSA_BITS: u32 = 2048;
/// The longest RSA key that the default policy takes, in bits.
pub const DEFAULT_MAX_RSA_BITS: u32 = 3072;

/// Which keys may be in a chain, and how it may be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPolicy {
    max_rsa_bits: u32,
    curves: Vec<Curve>,
}

impl Default for KeyPolicy {
    fn default() -> Self {
        Self {
            max_rsa_bits: DEFAULT_MAX_RSA_BITS,
            curves: [Curve::P256, Curve::P384].into(),
        }
    }
}

impl KeyPolicy {
    /// RSA from 2048 to 3072 bits, P-256 and P-384; signatures over SHA-256 or better.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes RSA keys of up to `bits`. Work grows with the square of it: at 4096 bits a
    /// small core needs seconds for each certificate. Less than 2048 leaves no RSA at all.
    #[must_use]
    pub const fn with_max_rsa_bits(mut self, bits: u32) -> Self {
        self.max_rsa_bits = bits;
        self
    }

    /// Takes keys on these curves alone; none for no elliptic-curve keys at all. What
    /// the TLS library was built without is refused all the same.
    #[must_use]
    pub fn with_curves(mut self, curves: impl IntoIterator<Item = Curve>) -> Self {
        self.curves = curves.into_iter().collect();
        self
    }

    /// The longest RSA key, in bits.
    #[must_use]
    pub const fn max_rsa_bits(&self) -> u32 {
        self.max_rsa_bits
    }

    /// The curves.
    #[must_use]
    pub fn curves(&self) -> &[Curve] {
        &self.curves
    }

    /// What is wrong with the key in a certificate.
    pub(crate) fn judge_key(&self, key: &PublicKeyKind) -> Option<Refusal> {
        match key {
            PublicKeyKind::Rsa(bits) if *bits < MIN_RSA_BITS => Some(Refusal::KeyTooShort {
                bits: *bits,
                min: MIN_RSA_BITS,
            }),
            PublicKeyKind::Rsa(bits) if *bits > self.max_rsa_bits => Some(Refusal::KeyTooHeavy {
                bits: *bits,
                max: self.max_rsa_bits,
            }),
            PublicKeyKind::Rsa(_) => None,
            PublicKeyKind::Ec(curve) if self.curves.contains(curve) => None,
            other => Some(Refusal::KeyNotAllowed { key: other.clone() }),
        }
    }

    /// Whether what is signed like this can be forged, or is not known here.
    pub(crate) const fn is_weak(algorithm: &SignatureAlgorithm) -> bool {
        match algorithm {
            SignatureAlgorithm::Known(_, hash) => {
                matches!(hash, Hash::Md5 | Hash::Sha1 | Hash::Sha224)
            }
            SignatureAlgorithm::Other(_) => true,
        }
    }

    /// What is wrong with how a certificate is signed. That of a trust anchor proves
    /// nothing, and is not looked at.
    pub(crate) fn judge_signature(facts: &CertificateFacts) -> Option<Refusal> {
        Self::is_weak(&facts.signature).then(|| Refusal::WeakSignature {
            algorithm: facts.signature.clone(),
        })
    }
}
