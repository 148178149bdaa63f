// SPDX-License-Identifier: Apache-2.0

//! Credentials: what a side trusts and what it proves itself with.
//!
//! Each type is checked when it is made, so that a file that is no certificate or
//! a key that belongs to another one is an error where it is loaded, and not a
//! handshake that fails for no reason that anyone can see.

mod certificate;
mod identity;
mod key;
pub mod pem;
mod psk;
mod secret;

use core::fmt;

use crate::revocation::CrlError;

pub use certificate::{Anchors, CaCertificate, Der, Trust};
pub use identity::{Identity, IdentitySource};
pub use key::check_pair;
pub use psk::{MAX_PSK, MAX_PSK_IDENTITY, MIN_PSK, Psk, PskIdentity, PskSource};
pub use secret::SecretBytes;

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use pem::fuzz::run as fuzz_pem;

/// A security tag: the number by which Zephyr's TLS credential store knows a set
/// of credentials (`sec_tag_t` in `zephyr/net/tls_credentials.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecTag(u32);

impl SecTag {
    /// A tag, in `0..=0x7FFF_FFFF`: Zephyr keeps negative values for itself.
    ///
    /// # Errors
    ///
    /// [`CredentialError::SecTag`] outside that range.
    pub const fn new(tag: u32) -> Result<Self, CredentialError> {
        if tag > i32::MAX as u32 {
            return Err(CredentialError::SecTag(tag));
        }
        Ok(Self(tag))
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The tag `steps` further on, if there is one.
    #[must_use]
    pub fn offset(self, steps: usize) -> Option<Self> {
        let tag = u32::try_from(steps).ok()?.checked_add(self.0)?;
        Self::new(tag).ok()
    }
}

impl fmt::Display for SecTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a credential was to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CredentialKind {
    /// A CA certificate, to trust.
    CaCertificate,
    /// A certificate of our own, or one of its chain.
    Certificate,
    /// The private key of our certificate.
    PrivateKey,
    /// A pre-shared key.
    Psk,
    /// The identity of a pre-shared key.
    PskIdentity,
    /// A certificate revocation list.
    Crl,
}

impl fmt::Display for CredentialKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::CaCertificate => "CA certificate",
            Self::Certificate => "certificate",
            Self::PrivateKey => "private key",
            Self::Psk => "pre-shared key",
            Self::PskIdentity => "PSK identity",
            Self::Crl => "revocation list",
        })
    }
}

/// Why a credential was refused when it was made or stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CredentialError {
    /// There was nothing in it.
    Empty(CredentialKind),
    /// The PEM armour is broken: no or mismatched BEGIN and END lines, or bad base64.
    Pem(CredentialKind),
    /// The PEM holds something else than the kind that was asked for.
    PemLabel(CredentialKind),
    /// The private key is encrypted; take the passphrase off it first.
    EncryptedKey,
    /// The DER is no X.509 certificate, no private key or no revocation list.
    Der(CredentialKind),
    /// The certificate has a critical extension that is not understood here (RFC 5280,
    /// section 4.2).
    NotUnderstood(CredentialKind),
    /// The certificate has a key, or is signed in a way, that the TLS library was built
    /// without.
    CertificateUnsupported(CredentialKind),
    /// The revocation list is of a kind that is refused.
    Crl(CrlError),
    /// The pin of a public key is not 64 hexadecimal digits.
    Pin,
    /// The private key belongs to another certificate.
    KeyMismatch,
    /// The private key is of a kind or size that the TLS library was built without.
    KeyUnsupported,
    /// The PSK has this many bytes, outside of `MIN_PSK..=MAX_PSK`.
    PskLength(usize),
    /// The PSK is no even number of hexadecimal digits.
    PskHex,
    /// The PSK identity has this many bytes, outside of `1..=MAX_PSK_IDENTITY`.
    PskIdentityLength(usize),
    /// The PSK identity has a NUL byte in it, where other TLS stacks end it.
    PskIdentityNul,
    /// The security tag is outside of `0..=0x7FFF_FFFF`.
    SecTag(u32),
    /// The credential store holds nothing of this kind under this tag.
    NotStored {
        /// The tag that was asked for.
        tag: SecTag,
        /// What was looked for.
        kind: CredentialKind,
    },
    /// The credential store holds another credential of this kind under this tag.
    TagInUse {
        /// The tag in question.
        tag: SecTag,
        /// What was to be stored.
        kind: CredentialKind,
    },
    /// The credential store holds PEM under this tag, which the image was built without.
    StoredPem {
        /// The tag.
        tag: SecTag,
        /// What is PEM.
        kind: CredentialKind,
    },
    /// The credential store holds PEM under this tag, and no NUL after it, which the
    /// platform's TLS library needs to tell that it is PEM.
    StoredPemEnd {
        /// The tag.
        tag: SecTag,
        /// What is PEM.
        kind: CredentialKind,
    },
    /// The credential store has no room for one more.
    StoreFull,
    /// The credential store is a modem's, which takes credentials only while it is offline.
    StoreOnline {
        /// The tag.
        tag: SecTag,
        /// What was to be stored.
        kind: CredentialKind,
    },
    /// The credential store does not take or give it, for a reason that it keeps to itself.
    StoreRefused {
        /// The tag.
        tag: SecTag,
        /// What was to be stored or read.
        kind: CredentialKind,
    },
    /// The TLS library ran out of memory while it read the credential.
    OutOfMemory(CredentialKind),
}

impl fmt::Display for CredentialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty(kind) => write!(f, "the {kind} is empty"),
            Self::Pem(kind) => write!(
                f,
                "the {kind} is broken PEM: its BEGIN and END lines do not match, or the text \
                 between them is no base64"
            ),
            Self::PemLabel(kind) => write!(f, "the PEM holds no {kind}"),
            Self::EncryptedKey => f.write_str(
                "the private key is encrypted: decrypt it first, for example with \
                 `openssl pkey -in key.pem -out plain.pem`",
            ),
            Self::Der(kind) => write!(f, "the DER is no {kind}"),
            Self::NotUnderstood(kind) => write!(
                f,
                "the {kind} has a critical extension that is not understood here"
            ),
            Self::CertificateUnsupported(kind) => write!(
                f,
                "the {kind} has a key, or is signed in a way, that this TLS library was built \
                 without"
            ),
            Self::Crl(error) => error.fmt(f),
            Self::Pin => {
                f.write_str("the pin of a public key is not the 64 hexadecimal digits of a SHA-256")
            }
            Self::KeyMismatch => f.write_str("the private key does not belong to the certificate"),
            Self::KeyUnsupported => f.write_str(
                "the private key is of a kind or size that this TLS library was built without",
            ),
            Self::PskLength(length) => write!(
                f,
                "the pre-shared key has {length} bytes; it takes {MIN_PSK} to {MAX_PSK}"
            ),
            Self::PskHex => {
                f.write_str("the pre-shared key is no even number of hexadecimal digits")
            }
            Self::PskIdentityLength(length) => write!(
                f,
                "the PSK identity has {length} bytes; it takes 1 to {MAX_PSK_IDENTITY}"
            ),
            Self::PskIdentityNul => f.write_str("the PSK identity has a NUL byte in it"),
            Self::SecTag(tag) => write!(
                f,
                "security tag {tag} is out of range; it takes 0 to {}",
                i32::MAX
            ),
            Self::NotStored { tag, kind } => {
                write!(
                    f,
                    "the credential store has no {kind} under security tag {tag}"
                )
            }
            Self::TagInUse { tag, kind } => write!(
                f,
                "the credential store already has another {kind} under security tag {tag}"
            ),
            Self::StoredPem { tag, kind } => write!(
                f,
                "the {kind} under security tag {tag} is PEM, which this image cannot read; store \
                 DER, or build with CONFIG_SECURE_SOCKETS_CREDENTIALS_PEM=y"
            ),
            Self::StoredPemEnd { tag, kind } => write!(
                f,
                "the {kind} under security tag {tag} is PEM without a NUL at its end; store that \
                 too"
            ),
            Self::StoreFull => {
                f.write_str("the credential store is full; raise CONFIG_TLS_MAX_CREDENTIALS_NUMBER")
            }
            Self::StoreOnline { tag, kind } => write!(
                f,
                "the {kind} under security tag {tag} is another one in the modem, which takes \
                 credentials only while it is offline"
            ),
            Self::StoreRefused { tag, kind } => write!(
                f,
                "the credential store refuses the {kind} of security tag {tag}"
            ),
            Self::OutOfMemory(kind) => write!(
                f,
                "out of memory while reading the {kind}; raise CONFIG_MBEDTLS_HEAP_SIZE"
            ),
        }
    }
}

impl From<CrlError> for CredentialError {
    fn from(error: CrlError) -> Self {
        Self::Crl(error)
    }
}

impl core::error::Error for CredentialError {}
