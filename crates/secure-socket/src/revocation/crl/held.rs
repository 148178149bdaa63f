// SPDX-License-Identifier: Apache-2.0

//! A list, and what is known of its signature.

use alloc::vec::Vec;
use core::cell::RefCell;

use critical_section::Mutex;
// `alloc`'s own is not there where a core has no atomic compare-and-swap (riscv32imc).
use portable_atomic_util::Arc;

use super::list::{Entry, List};
use super::{Crl, CrlError, Question};
use crate::backend::SignatureError;
use crate::credential::{CaCertificate, CredentialError, CredentialKind};
use crate::revocation::RevocationProblem;
use crate::time::UnixTime;
use crate::verify::Crypto;
use crate::x509::CertificateFacts;
use crate::x509::walk::issuer_and_subject;

/// A list, and what is known of its signature.
pub(super) struct Held {
    pub(super) crl: Crl,
    checked: Mutex<RefCell<Checked>>,
}

/// A SubjectPublicKeyInfo.
pub(super) type Key = Arc<Vec<u8>>;

/// The last keys that a signature was found good with, and bad with. The second says
/// nothing about the first: CAs can share a name.
#[derive(Clone, Default)]
struct Checked {
    good: Option<Key>,
    bad: Option<Key>,
    /// Whether it was of use to a handshake.
    use_: Use,
}

/// Whether a list was of use to a handshake.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Use {
    /// None came so far.
    #[default]
    Unknown,
    /// It answered.
    Helped,
    /// There was none of the issuer that was asked for, while this one was there.
    NoHelp,
}

/// What keeps a list from being relied on.
pub(super) enum Fault {
    Unreadable,
    Signature(SignatureError),
    MayNotSign,
}

impl From<Fault> for CredentialError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Unreadable => Self::Der(CredentialKind::Crl),
            Fault::MayNotSign => CrlError::IssuerMayNotSign.into(),
            Fault::Signature(error) => match error {
                SignatureError::Invalid => CrlError::Signature.into(),
                SignatureError::Unsupported => CrlError::AlgorithmUnsupported.into(),
                SignatureError::OutOfMemory => Self::OutOfMemory(CredentialKind::Crl),
            },
        }
    }
}

impl Held {
    pub(super) const fn new(crl: Crl) -> Self {
        Self {
            crl,
            checked: Mutex::new(RefCell::new(Checked {
                good: None,
                bad: None,
                use_: Use::Unknown,
            })),
        }
    }

    pub(super) fn is_of(&self, name: &[u8]) -> bool {
        self.crl.list().is_some_and(|list| list.issuer == name)
    }

    fn checked(&self) -> Checked {
        critical_section::with(|section| self.checked.borrow_ref(section).clone())
    }

    /// The key that signed it, once that is known.
    pub(super) fn signer(&self) -> Option<Key> {
        self.checked().good
    }

    /// Whether it was checked, and nobody was found who signed it.
    pub(super) fn is_forged(&self) -> bool {
        let checked = self.checked();
        checked.good.is_none() && checked.bad.is_some()
    }

    /// Whether it was of use to nobody: another one is wanted in its place.
    pub(super) fn is_of_no_use(&self) -> bool {
        self.is_forged() || self.checked().use_ == Use::NoHelp
    }

    /// Whether a handshake asked about its issuer.
    pub(super) fn has_helped(&self) -> bool {
        self.checked().use_ == Use::Helped
    }

    /// Remembers that a handshake wanted a list and this one was that of another issuer.
    /// False if it was of help to others.
    pub(super) fn is_no_help(&self) -> bool {
        critical_section::with(|section| {
            let mut checked = self.checked.borrow_ref_mut(section);
            if checked.use_ == Use::Unknown {
                checked.use_ = Use::NoHelp;
            }
            checked.use_ == Use::NoHelp
        })
    }

    pub(super) fn is_in_date(&self, clock: UnixTime) -> bool {
        self.crl.this_update() <= clock && !self.crl.is_stale(clock)
    }

    /// The parts of the list, if `key` signed it. The arithmetic is done once for each
    /// key.
    pub(super) fn signed_by(&self, key: &[u8], crypto: &dyn Crypto) -> Result<List<'_>, Fault> {
        let list = self.crl.list().ok_or(Fault::Unreadable)?;
        let is_it = |known: Option<Key>| known.is_some_and(|known| *known == key);
        let checked = self.checked();
        if is_it(checked.good) {
            return Ok(list);
        }
        if is_it(checked.bad) {
            return Err(Fault::Signature(SignatureError::Invalid));
        }
        let algorithm = list.algorithm().ok_or(Fault::Unreadable)?;
        let result = crypto.verify_signature(&algorithm, key, list.body, list.signature);
        // The others say nothing about the signature.
        if matches!(result, Ok(()) | Err(SignatureError::Invalid)) {
            let mut known = Some(Arc::new(key.to_vec()));
            // What was there before is freed outside.
            critical_section::with(|section| {
                let mut checked = self.checked.borrow_ref_mut(section);
                let place = match result {
                    Ok(()) => &mut checked.good,
                    Err(_) => &mut checked.bad,
                };
                core::mem::swap(place, &mut known);
            });
        }
        match result {
            Ok(()) => Ok(list),
            Err(error) => Err(Fault::Signature(error)),
        }
    }

    /// The parts of the list, if `issuer` signed it and may do so.
    fn verified(&self, issuer: &CertificateFacts, crypto: &dyn Crypto) -> Result<List<'_>, Fault> {
        if !issuer.may_sign_crls {
            return Err(Fault::MayNotSign);
        }
        self.signed_by(&issuer.public_key, crypto)
    }

    /// Whether one of the certificates that bear the name of the list's issuer signed it.
    /// There may be none of them: then the first handshake tells.
    pub(super) fn prepare<'a>(
        &self,
        certificates: impl Iterator<Item = &'a CaCertificate>,
        crypto: &dyn Crypto,
    ) -> Result<(), CredentialError> {
        let mut failed = None;
        for certificate in certificates {
            let der = certificate.as_der();
            let of_issuer = issuer_and_subject(der).is_some_and(|(_, subject)| self.is_of(subject));
            if !of_issuer {
                continue;
            }
            let Some(facts) = CertificateFacts::read(der) else {
                continue;
            };
            match self.verified(&facts, crypto) {
                Ok(_) => return Ok(()),
                Err(fault) => {
                    failed.get_or_insert(fault.into());
                }
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// What the list, if it can be relied on now, says of a certificate.
    pub(super) fn look_up(
        &self,
        question: &Question<'_>,
        crypto: &dyn Crypto,
    ) -> Result<Option<Entry>, RevocationProblem> {
        let (issuer, clock) = (question.issuer, question.clock);
        let name = || issuer.subject.clone();
        let list = self.verified(issuer, crypto).map_err(|fault| match fault {
            Fault::Unreadable => RevocationProblem::Unreadable,
            Fault::MayNotSign => RevocationProblem::CrlIssuerMayNotSign { issuer: name() },
            Fault::Signature(SignatureError::OutOfMemory) => RevocationProblem::OutOfMemory,
            Fault::Signature(SignatureError::Unsupported) => {
                let list = self.crl.list();
                match list.and_then(|list| list.algorithm()) {
                    None => RevocationProblem::Unreadable,
                    Some(algorithm) => RevocationProblem::CrlSignatureUnsupported {
                        issuer: name(),
                        algorithm,
                        key: issuer.key.clone(),
                    },
                }
            }
            Fault::Signature(SignatureError::Invalid) => {
                RevocationProblem::CrlSignature { issuer: name() }
            }
        })?;
        if clock < self.crl.this_update() {
            return Err(RevocationProblem::CrlNotYetValid {
                issuer: name(),
                this_update: self.crl.this_update(),
                clock,
            });
        }
        if self.crl.is_stale(clock) {
            return Err(RevocationProblem::CrlStale {
                issuer: name(),
                next_update: self.crl.next_update(),
                clock,
            });
        }
        let found = list.find(question.serial);
        critical_section::with(|section| {
            self.checked.borrow_ref_mut(section).use_ = Use::Helped;
        });
        found.map_err(|_| RevocationProblem::Unreadable)
    }
}
