// SPDX-License-Identifier: Apache-2.0

//! CA certificates, and the set of them that a side trusts.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::{CredentialError, CredentialKind, SecTag, pem};
use crate::x509::CertificateFacts;

/// DER bytes: part of the program (`&'static`, not copied to RAM) or owned.
pub type Der = Cow<'static, [u8]>;

/// Refuses what is no X.509 certificate.
pub(super) fn check(der: &[u8], kind: CredentialKind) -> Result<(), CredentialError> {
    if der.is_empty() {
        return Err(CredentialError::Empty(kind));
    }
    CertificateFacts::read(der)
        .map(|_| ())
        .ok_or(CredentialError::Der(kind))
}

/// A certificate to trust: that of a CA, or a self-signed one of the peer itself.
///
/// Holding one proves that it is an X.509 certificate. It does not prove that the
/// certificate is in date or marked as a CA: that is checked in each handshake.
#[derive(Clone)]
pub struct CaCertificate(Der);

impl CaCertificate {
    /// Checks and takes one certificate in DER.
    ///
    /// # Errors
    ///
    /// [`CredentialError::Empty`] or [`CredentialError::Der`].
    pub fn from_der(der: impl Into<Der>) -> Result<Self, CredentialError> {
        let der = der.into();
        check(&der, CredentialKind::CaCertificate)?;
        Ok(Self(der))
    }

    /// Checks and takes every certificate of a PEM text, of which there must be one
    /// at least.
    ///
    /// # Errors
    ///
    /// [`CredentialError::Empty`], [`CredentialError::Pem`],
    /// [`CredentialError::PemLabel`] or [`CredentialError::Der`].
    pub fn from_pem(text: &str) -> Result<Vec<Self>, CredentialError> {
        pem::certificates(text, CredentialKind::CaCertificate)?
            .into_iter()
            .map(Self::from_der)
            .collect()
    }

    /// The certificate in DER.
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        &self.0
    }

    /// The certificate in DER, as it was given: cloning it copies no part of the
    /// program.
    #[must_use]
    pub const fn der(&self) -> &Der {
        &self.0
    }
}

/// What a side trusts the peer's certificate to lead to.
#[derive(Clone)]
#[non_exhaustive]
pub enum Trust {
    /// These certificates. An empty list trusts nobody, and is refused when a
    /// client or server is built with it.
    Given(Vec<CaCertificate>),
    /// What the platform's credential store holds under this tag.
    Stored(SecTag),
}

impl Trust {
    /// The certificates, where the program holds them.
    #[must_use]
    pub fn anchors(&self) -> &[CaCertificate] {
        match self {
            Self::Given(anchors) => anchors,
            Self::Stored(_) => &[],
        }
    }
}

impl From<CaCertificate> for Trust {
    fn from(anchor: CaCertificate) -> Self {
        Self::Given(alloc::vec![anchor])
    }
}

impl From<Vec<CaCertificate>> for Trust {
    fn from(anchors: Vec<CaCertificate>) -> Self {
        Self::Given(anchors)
    }
}

impl From<SecTag> for Trust {
    fn from(tag: SecTag) -> Self {
        Self::Stored(tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;
    use test_pki::{KeyKind, Leaf, Pki};

    const KIND: CredentialKind = CredentialKind::CaCertificate;

    #[test]
    fn pem_and_der_of_one_certificate_are_the_same() {
        let pki = Pki::generate(KeyKind::Ec).unwrap();
        let bundle = String::from("# two of them\n") + &pki.root().pem + &pki.other_root().pem;
        let anchors = CaCertificate::from_pem(&bundle).unwrap();
        assert_eq!(anchors[0].as_der(), pki.root().der);
        assert_eq!(anchors[1].as_der(), pki.other_root().der);
    }

    #[test]
    fn what_is_no_certificate_is_refused_when_it_is_loaded() {
        let pki = Pki::generate(KeyKind::Ec).unwrap();
        let pem = &pki.root().pem;
        let cut = &pem[..pem.len() / 2];
        let broken = pem.replacen("MII", "M!I", 1);
        let mislabelled = pem.replacen("END CERTIFICATE", "END PRIVATE KEY", 1);
        for (text, error) in [
            ("", CredentialError::Empty(KIND)),
            ("no PEM at all", CredentialError::Pem(KIND)),
            (cut, CredentialError::Pem(KIND)),
            (&*broken, CredentialError::Pem(KIND)),
            (&*mislabelled, CredentialError::Pem(KIND)),
            (
                &*pki.leaf(Leaf::Server).key_pem,
                CredentialError::PemLabel(KIND),
            ),
        ] {
            assert_eq!(CaCertificate::from_pem(text).err(), Some(error), "{text}");
        }
        let der = &pki.root().der;
        for (bytes, error) in [
            (&[][..], CredentialError::Empty(KIND)),
            (&der[..der.len() - 1], CredentialError::Der(KIND)),
            (b"\x30\x03\x02\x01\x00", CredentialError::Der(KIND)),
        ] {
            assert_eq!(CaCertificate::from_der(bytes.to_vec()).err(), Some(error));
        }
    }
}
