// SPDX-License-Identifier: Apache-2.0

//! What the peer's certificate must satisfy, beyond leading to a trust anchor.
//!
//! Chain, dates, name and purpose are always checked, as is what nameConstraints
//! forbid. A [`Policy`] says how strong keys must be, which keys are pinned and how
//! revocation is looked up. It belongs to a [`Trust`](crate::credential::Trust), so
//! that clients and servers have it alike.

mod keys;
mod pins;

use alloc::boxed::Box;
use alloc::vec::Vec;

// `alloc`'s own is not there where a core has no atomic compare-and-swap (riscv32imc).
use portable_atomic_util::Arc;

pub use keys::{DEFAULT_MAX_RSA_BITS, KeyPolicy, MIN_RSA_BITS};
pub use pins::SpkiPin;

use crate::revocation::{CrlCheck, Crls, Lists, Ocsp, OcspChecker, Scope, StatusCheck};
use crate::x509::CertificateFacts;

/// How carefully to look at the peer's certificate.
///
/// The default: RSA from 2048 to 3072 bits or a key on P-256 or P-384, signatures
/// over SHA-256 or better, no pins, no revocation, and no certificate without a
/// subjectAltName.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    keys: KeyPolicy,
    legacy_common_name: bool,
    pins: Vec<SpkiPin>,
    /// Both behind a pointer, so that a program that does not ask has none of it linked;
    /// and shared by clones, with what was learned.
    crls: Option<Arc<dyn CrlCheck>>,
    status_check: Option<Arc<dyn StatusCheck>>,
}

impl Policy {
    /// The default.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How strong, and how heavy, keys may be.
    #[must_use]
    pub fn with_keys(mut self, keys: KeyPolicy) -> Self {
        self.keys = keys;
        self
    }

    /// Takes a server's certificate that has no subjectAltName by its commonName, as
    /// was done before RFC 6125 (2011) and is against RFC 9525, section 6.3. For a
    /// server whose certificate cannot be replaced.
    #[must_use]
    pub const fn with_legacy_common_name(mut self) -> Self {
        self.legacy_common_name = true;
        self
    }

    /// Demands that some certificate of the chain, the trust anchor included, holds
    /// one of these keys. On top of everything else: with
    /// [`Trust::pinned`](crate::credential::Trust::pinned) pins stand in for a CA
    /// instead. Give a second one for the key that is to come next, so that a device
    /// in the field outlives the change.
    #[must_use]
    pub fn with_pins(mut self, pins: impl IntoIterator<Item = SpkiPin>) -> Self {
        self.pins.extend(pins);
        self
    }

    /// Demands that certificates are not on their issuer's revocation list, and that
    /// there is one. What is learnt of these lists, such as whose signature they bear,
    /// is shared with every clone of this policy.
    #[must_use]
    pub fn with_crls(mut self, crls: Crls) -> Self {
        let crls: Box<dyn CrlCheck> = Box::new(Lists::from(crls));
        self.crls = Some(crls.into());
        self
    }

    /// Demands that an OCSP responder says the peer's certificate is not revoked.
    /// Clones of this policy share what it said before.
    #[must_use]
    pub fn with_ocsp(mut self, ocsp: Ocsp) -> Self {
        let check: Box<dyn StatusCheck> = Box::new(OcspChecker::new(ocsp));
        self.status_check = Some(Arc::from(check));
        self
    }

    /// How strong, and how heavy, keys may be.
    #[must_use]
    pub const fn keys(&self) -> &KeyPolicy {
        &self.keys
    }

    /// Whether a certificate without a subjectAltName is taken by its commonName.
    #[must_use]
    pub const fn legacy_common_name(&self) -> bool {
        self.legacy_common_name
    }

    /// Whether an OCSP responder is asked.
    #[must_use]
    pub const fn asks_ocsp(&self) -> bool {
        self.status_check.is_some()
    }

    /// What is asked once a handshake is over.
    pub(crate) fn status_check(&self) -> Option<&dyn StatusCheck> {
        self.status_check.as_deref()
    }

    /// The keys of which one must be in the chain; empty for any.
    #[must_use]
    pub fn pins(&self) -> &[SpkiPin] {
        &self.pins
    }

    /// Which certificates are looked up in revocation lists; `None` if none is.
    #[must_use]
    pub fn crl_scope(&self) -> Option<Scope> {
        self.crls().map(CrlCheck::scope)
    }

    pub(crate) fn crls(&self) -> Option<&dyn CrlCheck> {
        self.crls.as_deref()
    }
}

/// The pin of a certificate's key.
pub(crate) fn pin_of(facts: &CertificateFacts, sha256: &dyn Fn(&[u8]) -> [u8; 32]) -> SpkiPin {
    SpkiPin::new(sha256(&facts.public_key))
}
