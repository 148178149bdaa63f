// SPDX-License-Identifier: Apache-2.0

//! Looks certificates up.

use alloc::borrow::ToOwned;
use alloc::vec::Vec;
use core::cell::Cell;
use core::fmt;

use critical_section::Mutex;

use super::list::{Entry, List};
use super::{Crl, CrlError, Crls};
use crate::backend::SignatureError;
use crate::credential::{CaCertificate, CredentialError, CredentialKind};
use crate::diagnosis::Refusal;
use crate::revocation::{RevocationProblem, Scope};
use crate::time::UnixTime;
use crate::verify::Crypto;
use crate::x509::CertificateFacts;
use crate::x509::walk::issuer_and_subject;

/// What a policy holds on to: an image without revocation lists links nothing of them.
pub(crate) trait CrlCheck: fmt::Debug + Send + Sync {
    fn scope(&self) -> Scope;

    /// Whether no certificate could ever pass.
    fn is_empty(&self) -> bool;

    /// Checks the signatures of those lists whose issuer's certificate is at hand.
    fn prepare(
        &self,
        anchors: &[CaCertificate],
        crypto: &dyn Crypto,
    ) -> Result<(), CredentialError>;

    /// Why the certificate is refused; nothing if its issuer did not revoke it.
    fn judge(&self, question: &Question<'_>, crypto: &dyn Crypto) -> Vec<Refusal>;
}

/// Whether a certificate is revoked.
pub(crate) struct Question<'a> {
    /// Its serial number.
    pub(crate) serial: &'a [u8],
    /// Its issuer, as it is encoded there.
    pub(crate) issuer_name: &'a [u8],
    /// The certificate of its issuer.
    pub(crate) issuer: &'a CertificateFacts,
    /// The subject of that, as it is encoded there.
    pub(crate) issuer_subject: &'a [u8],
    pub(crate) clock: UnixTime,
}

/// A list, and what is known of its signature.
pub(super) struct Held {
    crl: Crl,
    /// The last key that it was checked with.
    checked: Mutex<Cell<Option<Checked>>>,
}

/// What a check of a signature came to.
#[derive(Clone, Copy)]
struct Checked {
    /// SHA-256 of the key's SubjectPublicKeyInfo.
    key: [u8; 32],
    is_good: bool,
}

/// What keeps a list from being relied on.
enum Fault {
    Unreadable,
    Signature(SignatureError),
    MayNotSign,
}

impl Held {
    pub(super) const fn new(crl: Crl) -> Self {
        Self {
            crl,
            checked: Mutex::new(Cell::new(None)),
        }
    }

    fn is_of(&self, name: &[u8]) -> bool {
        self.crl.list().is_some_and(|list| list.issuer == name)
    }

    /// The parts of the list, if `issuer` signed it and may do so. The arithmetic is
    /// done once for each key.
    fn verified(&self, issuer: &CertificateFacts, crypto: &dyn Crypto) -> Result<List<'_>, Fault> {
        let list = self.crl.list().ok_or(Fault::Unreadable)?;
        if !issuer.may_sign_crls {
            return Err(Fault::MayNotSign);
        }
        let key = crypto.sha256(&issuer.public_key);
        let known = critical_section::with(|section| self.checked.borrow(section).get());
        let result = match known {
            Some(checked) if checked.key == key => match checked.is_good {
                true => Ok(()),
                false => Err(SignatureError::Invalid),
            },
            _ => {
                let algorithm = list.algorithm().ok_or(Fault::Unreadable)?;
                let result = crypto.verify_signature(
                    &algorithm,
                    &issuer.public_key,
                    list.body,
                    list.signature,
                );
                let is_good = result.is_ok();
                // The others say nothing about the signature.
                if matches!(result, Ok(()) | Err(SignatureError::Invalid)) {
                    critical_section::with(|section| {
                        let checked = Checked { key, is_good };
                        self.checked.borrow(section).set(Some(checked));
                    });
                }
                result
            }
        };
        match result {
            Ok(()) => Ok(list),
            Err(error) => Err(Fault::Signature(error)),
        }
    }

    /// What the list, if it can be relied on now, says of a certificate.
    fn look_up(
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
        list.find(question.serial)
            .map_err(|_| RevocationProblem::Unreadable)
    }
}

/// [`Crls`] at work.
pub(crate) struct Lists {
    given: Vec<Held>,
    issuers: Vec<CaCertificate>,
    scope: Scope,
}

impl From<Crls> for Lists {
    fn from(crls: Crls) -> Self {
        Self {
            given: crls.lists.into_iter().map(Held::new).collect(),
            issuers: crls.issuers,
            scope: crls.scope,
        }
    }
}

impl fmt::Debug for Lists {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crls")
            .field("scope", &self.scope)
            .field("issuers", &self.issuers)
            .field("lists", &Shown(&self.given))
            .finish()
    }
}

struct Shown<'a>(&'a [Held]);

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|held| &held.crl))
            .finish()
    }
}

/// Whether one of the certificates that bear the name of the list's issuer signed it.
/// There may be none of them: then the first handshake tells.
fn prepare<'a>(
    held: &Held,
    certificates: impl Iterator<Item = &'a CaCertificate>,
    crypto: &dyn Crypto,
) -> Result<(), CredentialError> {
    let mut failed = None;
    for certificate in certificates {
        let der = certificate.as_der();
        let of_issuer = issuer_and_subject(der).is_some_and(|(_, subject)| held.is_of(subject));
        if !of_issuer {
            continue;
        }
        let Some(facts) = CertificateFacts::read(der) else {
            continue;
        };
        let error = match held.verified(&facts, crypto) {
            Ok(_) => return Ok(()),
            Err(Fault::Unreadable) => CredentialError::Der(CredentialKind::Crl),
            Err(Fault::MayNotSign) => CrlError::IssuerMayNotSign.into(),
            Err(Fault::Signature(error)) => match error {
                SignatureError::Invalid => CrlError::Signature.into(),
                SignatureError::Unsupported => CrlError::AlgorithmUnsupported.into(),
                SignatureError::OutOfMemory => CredentialError::OutOfMemory(CredentialKind::Crl),
            },
        };
        failed.get_or_insert(error);
    }
    failed.map_or(Ok(()), Err)
}

impl CrlCheck for Lists {
    fn scope(&self) -> Scope {
        self.scope
    }

    fn is_empty(&self) -> bool {
        self.given.is_empty()
    }

    fn prepare(
        &self,
        anchors: &[CaCertificate],
        crypto: &dyn Crypto,
    ) -> Result<(), CredentialError> {
        self.given
            .iter()
            .try_for_each(|held| prepare(held, anchors.iter().chain(&self.issuers), crypto))
    }

    fn judge(&self, question: &Question<'_>, crypto: &dyn Crypto) -> Vec<Refusal> {
        let mut lists: Vec<&Held> = self
            .given
            .iter()
            .filter(|held| held.is_of(question.issuer_name))
            .filter(|held| held.is_of(question.issuer_subject))
            .collect();
        // The newest first: what is wrong with that is what is told.
        lists.sort_by_key(|held| core::cmp::Reverse(held.crl.this_update()));
        let mut is_answered = false;
        let mut problem = None;
        for held in lists {
            match held.look_up(question, crypto) {
                Ok(Some(Entry { at, reason })) => {
                    let at = Some(at);
                    return [Refusal::Revoked { at, reason }].to_vec();
                }
                Ok(None) => is_answered = true,
                Err(found) => {
                    problem.get_or_insert(found);
                }
            }
        }
        if is_answered {
            return Vec::new();
        }
        let problem = problem.unwrap_or_else(|| RevocationProblem::NoCrl {
            issuer: question.issuer.subject.to_owned(),
        });
        [Refusal::RevocationUnknown { problem }].to_vec()
    }
}
