// SPDX-License-Identifier: Apache-2.0

//! A certificate chain and its private key.

use alloc::vec::Vec;

use super::certificate::check;
use super::{CredentialError, CredentialKind, Der, SecTag, SecretBytes, pem};
use crate::backend::Backend;
use crate::session::CertificateIdentity;

/// What a side proves itself with: a certificate, the intermediates that lead from
/// it to the CA, and its private key.
///
/// Holding one proves that the key belongs to the certificate. It does not prove
/// that the certificate is in date or that any peer trusts it.
pub struct Identity {
    chain: Vec<Der>,
    key: SecretBytes,
    about: CertificateIdentity,
}

impl Identity {
    /// Takes a chain in DER, leaf first and without the root, and the leaf's
    /// private key in DER (PKCS#8, SEC1 or PKCS#1, not encrypted).
    ///
    /// # Errors
    ///
    /// [`CredentialError`] says which of them is wrong, and how; a key that belongs
    /// to another certificate is [`CredentialError::KeyMismatch`].
    pub fn from_der<B, C>(
        chain: C,
        key: impl Into<SecretBytes>,
        backend: &B,
    ) -> Result<Self, CredentialError>
    where
        B: Backend + ?Sized,
        C: IntoIterator,
        C::Item: Into<Der>,
    {
        let chain: Vec<Der> = chain.into_iter().map(Into::into).collect();
        let leaf = chain
            .first()
            .ok_or(CredentialError::Empty(CredentialKind::Certificate))?;
        let facts = check(leaf, CredentialKind::Certificate)?;
        for certificate in &chain[1..] {
            check(certificate, CredentialKind::Certificate)?;
        }
        let key = key.into();
        if key.expose().is_empty() {
            return Err(CredentialError::Empty(CredentialKind::PrivateKey));
        }
        backend.check_key_pair(leaf, key.expose())?;
        let about = CertificateIdentity::new(Some(&facts), backend.sha256(leaf));
        Ok(Self { chain, key, about })
    }

    /// Takes a chain in PEM, leaf first and without the root, and the leaf's
    /// private key in PEM. Both may be in one text.
    ///
    /// # Errors
    ///
    /// As [`Identity::from_der`], and for what is no PEM.
    pub fn from_pem<B: Backend + ?Sized>(
        chain: &str,
        key: &str,
        backend: &B,
    ) -> Result<Self, CredentialError> {
        let chain = pem::certificates(chain, CredentialKind::Certificate)?;
        Self::from_der(chain, pem::private_key(key)?, backend)
    }

    /// The chain in DER, leaf first.
    #[must_use]
    pub fn chain(&self) -> &[Der] {
        &self.chain
    }

    /// Whom the certificate is about.
    #[must_use]
    pub const fn about(&self) -> &CertificateIdentity {
        &self.about
    }

    /// The private key in DER. Whoever copies it wipes the copy.
    #[must_use]
    pub const fn key(&self) -> &SecretBytes {
        &self.key
    }
}

/// Where an [`Identity`] is.
#[non_exhaustive]
pub enum IdentitySource {
    /// In the program's hands.
    Given(Identity),
    /// In the platform's credential store: certificate and key under this tag.
    Stored(SecTag),
}

impl From<Identity> for IdentitySource {
    fn from(identity: Identity) -> Self {
        Self::Given(identity)
    }
}

impl From<SecTag> for IdentitySource {
    fn from(tag: SecTag) -> Self {
        Self::Stored(tag)
    }
}
