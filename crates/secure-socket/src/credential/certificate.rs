// SPDX-License-Identifier: Apache-2.0

//! CA certificates, and the set of them that a side trusts.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use super::{CredentialError, CredentialKind, SecTag, pem};
use crate::error::{ConfigurationError, Error};
use crate::policy::{Policy, SpkiPin};
use crate::revocation::{StatusLookup, Turn};
use crate::time::UnixTime;
use crate::verify::{self, Crypto, Examiner, Expected, Means};
use crate::x509::CertificateFacts;

/// DER bytes: part of the program (`&'static`, not copied to RAM) or owned.
pub type Der = Cow<'static, [u8]>;

/// Refuses what is no X.509 certificate.
pub(super) fn check(der: &[u8], kind: CredentialKind) -> Result<CertificateFacts, CredentialError> {
    if der.is_empty() {
        return Err(CredentialError::Empty(kind));
    }
    match CertificateFacts::read(der) {
        None => Err(CredentialError::Der(kind)),
        Some(facts) if !facts.not_understood.is_empty() => {
            Err(CredentialError::NotUnderstood(kind))
        }
        Some(facts) => Ok(facts),
    }
}

/// A certificate to trust: that of a CA, or a self-signed one of the peer itself.
///
/// Holding one proves that it is an X.509 certificate. It does not prove that the
/// certificate is in date or marked as a CA: that is checked in each handshake.
#[derive(Clone)]
pub struct CaCertificate(Der);

/// Its subject.
impl fmt::Debug for CaCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let facts = CertificateFacts::read(&self.0);
        f.debug_tuple("CaCertificate")
            .field(&facts.map(|facts| facts.subject))
            .finish()
    }
}

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

/// What vouches for the peer's certificate.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Anchors {
    /// One of these certificates. An empty list trusts nobody, and is refused when a
    /// client or server is built with it.
    Given(Vec<CaCertificate>),
    /// What the platform's credential store holds under this tag.
    Stored(SecTag),
    /// Nobody: the certificate's own key is one of these, and dates, name and purpose
    /// are checked as ever. An empty list is refused likewise.
    Pinned(Vec<SpkiPin>),
}

/// Whom a side trusts, and how carefully.
#[derive(Clone, Debug)]
pub struct Trust {
    anchors: Anchors,
    policy: Policy,
    /// What looks at certificates. Kept here so that a program which trusts no
    /// certificates has nothing of it linked.
    examine: Examine,
}

type Examine = for<'a> fn(Expected<'a>, &'a dyn Crypto) -> Box<dyn Examiner + 'a>;

impl Trust {
    /// Trusts whom `anchors` vouch for, by the default [`Policy`].
    #[must_use]
    pub fn new(anchors: Anchors) -> Self {
        Self {
            anchors,
            policy: Policy::new(),
            examine: verify::examine,
        }
    }

    /// Trusts a certificate whose own key is one of `pins`, whoever issued it: in place
    /// of a CA, for a peer with a self-signed certificate or from a CA that one would
    /// rather not depend on. Give a second pin for the key that is to come next.
    #[must_use]
    pub fn pinned(pins: impl IntoIterator<Item = SpkiPin>) -> Self {
        Self::new(Anchors::Pinned(pins.into_iter().collect()))
    }

    /// The same with another policy.
    #[must_use]
    pub fn with_policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// What vouches for the peer's certificate.
    #[must_use]
    pub const fn anchors(&self) -> &Anchors {
        &self.anchors
    }

    /// How carefully to look at it.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The CA certificates, where the program holds them.
    #[must_use]
    pub fn certificates(&self) -> &[CaCertificate] {
        match &self.anchors {
            Anchors::Given(certificates) => certificates,
            Anchors::Stored(_) | Anchors::Pinned(_) => &[],
        }
    }

    fn check(&self) -> Result<(), ConfigurationError> {
        match &self.anchors {
            Anchors::Given(certificates) if certificates.is_empty() => {
                Err(ConfigurationError::NoTrustAnchor)
            }
            Anchors::Pinned(pins) if pins.is_empty() => Err(ConfigurationError::NoTrustAnchor),
            Anchors::Pinned(_) if self.policy.crls().is_some() || self.policy.asks_ocsp() => {
                Err(ConfigurationError::RevocationOfPinned)
            }
            _ => Ok(()),
        }?;
        match self.policy.crls() {
            Some(crls) if crls.is_empty() => Err(ConfigurationError::NoRevocationList),
            _ => Ok(()),
        }
    }

    /// Checks what a handshake would find out too late.
    pub(crate) fn prepare(&self, crypto: &dyn Crypto) -> Result<(), Error> {
        self.check()?;
        match self.policy.crls() {
            Some(crls) => Ok(crls.prepare(self.certificates(), crypto)?),
            None => Ok(()),
        }
    }

    /// Fetches the revocation lists whose turn it is.
    pub(crate) fn refresh(&self, turn: Turn, means: &dyn Means) {
        if let Some(crls) = self.policy.crls() {
            crls.refresh(self.certificates(), turn, means);
        }
    }

    /// What to ask about the peer's certificates once the handshake is over.
    pub(crate) fn status_lookup<'a>(
        &'a self,
        clock: UnixTime,
        means: &'a dyn Means,
    ) -> Option<StatusLookup<'a>> {
        self.policy.status_check().map(|check| StatusLookup {
            check,
            keys: self.policy.keys(),
            clock,
            means,
        })
    }

    pub(crate) fn examiner<'a>(
        &self,
        expected: Expected<'a>,
        crypto: &'a dyn Crypto,
    ) -> Box<dyn Examiner + 'a> {
        (self.examine)(expected, crypto)
    }
}

impl From<CaCertificate> for Trust {
    fn from(anchor: CaCertificate) -> Self {
        Self::new(Anchors::Given(alloc::vec![anchor]))
    }
}

impl From<Vec<CaCertificate>> for Trust {
    fn from(anchors: Vec<CaCertificate>) -> Self {
        Self::new(Anchors::Given(anchors))
    }
}

impl From<SecTag> for Trust {
    fn from(tag: SecTag) -> Self {
        Self::new(Anchors::Stored(tag))
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
