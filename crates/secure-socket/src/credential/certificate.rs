// SPDX-License-Identifier: Apache-2.0

//! CA certificates, and the set of them that a side trusts.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use super::{CredentialError, CredentialKind, SecTag, pem};
use crate::backend::Backend;
use crate::error::{ConfigurationError, Error};
use crate::policy::{KeyPolicy, Policy, SpkiPin};
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
    /// certificates has nothing of it linked. `None`: the platform's TLS judges alone.
    examine: Option<Examine>,
}

/// What to do where nobody can look at certificates.
const UNSEEN: &str = "it takes a look at the server's certificates, and this platform's TLS shows \
                      none; leave it out, or have Mbed TLS do TLS";

type Examine = for<'a> fn(Expected<'a>, &'a dyn Crypto) -> Box<dyn Examiner + 'a>;

impl Trust {
    /// Trusts whom `anchors` vouch for, by the default [`Policy`].
    #[must_use]
    pub fn new(anchors: Anchors) -> Self {
        Self {
            anchors,
            policy: Policy::new(),
            examine: Some(verify::examine),
        }
    }

    /// Trusts a certificate whose own key is one of `pins`, whoever issued it: in place
    /// of a CA, for a peer with a self-signed certificate or from a CA that one would
    /// rather not depend on. Give a second pin for the key that is to come next.
    #[must_use]
    pub fn pinned(pins: impl IntoIterator<Item = SpkiPin>) -> Self {
        Self::new(Anchors::Pinned(pins.into_iter().collect()))
    }

    /// Trusts whom the platform's own TLS takes for the server, unseen: for a platform that
    /// does not show certificates, such as a modem that does TLS itself
    /// ([`Backend::shows_certificates`](crate::backend::Backend::shows_certificates)), and
    /// for no other.
    ///
    /// This gives up all that this library checks. No [`Policy`] applies: not its least
    /// and longest keys, not its refusal of weak signatures, no pins, no revocation. Whether
    /// dates, names, purpose and constraints are checked, and how, is the platform's to
    /// say; a modem may have no clock to check dates by. Why a certificate was refused is
    /// not told.
    #[must_use]
    pub fn unexamined(anchors: Anchors) -> Self {
        Self {
            anchors,
            policy: Policy::new(),
            examine: None,
        }
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

    /// Whether this library judges certificates ([`Trust::unexamined`]: it does not).
    #[must_use]
    pub const fn is_examined(&self) -> bool {
        self.examine.is_some()
    }

    /// The CA certificates, where the program holds them.
    #[must_use]
    pub fn certificates(&self) -> &[CaCertificate] {
        match &self.anchors {
            Anchors::Given(certificates) => certificates,
            Anchors::Stored(_) | Anchors::Pinned(_) => &[],
        }
    }

    /// Refuses, each by its name, what takes a look at certificates where none is `shown`;
    /// and to leave them unexamined where they are.
    fn check_examined(&self, shown: bool) -> Result<(), ConfigurationError> {
        let policy = &self.policy;
        let asked = [
            (
                matches!(self.anchors, Anchors::Pinned(_)),
                "trusting pinned keys in place of a CA",
            ),
            (!policy.pins().is_empty(), "pinned keys"),
            (policy.crls().is_some(), "looking up revocation lists (CRL)"),
            (policy.asks_ocsp(), "asking an OCSP responder"),
            (
                policy.legacy_common_name(),
                "taking a certificate by its commonName",
            ),
            (
                *policy.keys() != KeyPolicy::default(),
                "limits on keys in certificates",
            ),
        ];
        let option = asked.iter().find(|(asked, _)| *asked);
        let (option, advice) = match (shown, option) {
            (true, _) if self.is_examined() => return Ok(()),
            (true, _) => (
                "leaving certificates unexamined",
                "this platform shows them; trust a CA or pinned keys",
            ),
            (false, Some((_, option))) => (*option, UNSEEN),
            (false, None) if !self.is_examined() => return Ok(()),
            (false, None) => (
                "examining the server's certificate",
                "the platform's TLS judges it out of sight; Trust::unexamined \
                 (CONFIG_SECURE_SOCKETS_UNEXAMINED) leaves it to that, and gives up what its \
                 documentation lists",
            ),
        };
        Err(ConfigurationError::Unsupported { option, advice })
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
    pub(crate) fn prepare<B: Backend>(&self, crypto: &B) -> Result<(), Error> {
        self.check_examined(crypto.shows_certificates())?;
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
    ) -> Option<Box<dyn Examiner + 'a>> {
        self.examine.map(|examine| examine(expected, crypto))
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

    fn refused(trust: &Trust, shown: bool) -> Option<&'static str> {
        match trust.check_examined(shown) {
            Ok(()) => None,
            Err(ConfigurationError::Unsupported { option, .. }) => Some(option),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn where_no_certificate_is_shown_nothing_is_taken_for_examined() {
        use crate::policy::KeyPolicy;
        use crate::revocation::{Crls, Ocsp};
        let pki = Pki::generate(KeyKind::Ec).unwrap();
        let ca = CaCertificate::from_der(pki.root().der.clone()).unwrap();
        let pin = SpkiPin::new([1; 32]);
        let anchors = Anchors::Given(alloc::vec![ca.clone()]);
        let unseen = |policy| Trust::unexamined(anchors.clone()).with_policy(policy);

        assert_eq!(refused(&Trust::from(ca), true), None);
        assert_eq!(refused(&unseen(Policy::new()), false), None);
        assert_eq!(
            refused(&unseen(Policy::new()), true),
            Some("leaving certificates unexamined")
        );
        assert_eq!(
            refused(&Trust::new(anchors.clone()), false),
            Some("examining the server's certificate")
        );
        let keys = KeyPolicy::new().with_max_rsa_bits(4096);
        for (policy, option) in [
            (Policy::new().with_pins([pin]), "pinned keys"),
            (
                Policy::new().with_crls(Crls::new()),
                "looking up revocation lists (CRL)",
            ),
            (
                Policy::new().with_ocsp(Ocsp::new()),
                "asking an OCSP responder",
            ),
            (
                Policy::new().with_legacy_common_name(),
                "taking a certificate by its commonName",
            ),
            (
                Policy::new().with_keys(keys),
                "limits on keys in certificates",
            ),
        ] {
            // Whether or not the program said that it goes without.
            let examined = Trust::new(anchors.clone()).with_policy(policy.clone());
            assert_eq!(refused(&examined, false), Some(option));
            assert_eq!(refused(&examined, true), None);
            assert_eq!(refused(&unseen(policy), false), Some(option));
        }
        let pinned = Trust::unexamined(Anchors::Pinned(alloc::vec![pin]));
        assert_eq!(
            refused(&pinned, false),
            Some("trusting pinned keys in place of a CA")
        );
    }

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
