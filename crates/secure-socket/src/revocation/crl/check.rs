// SPDX-License-Identifier: Apache-2.0

//! Looks certificates up.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use portable_atomic_util::Arc;

use super::held::Held;
use super::list::Entry;
use super::{CrlFetchError, Crls};
use crate::credential::{CaCertificate, CredentialError};
use crate::diagnosis::Refusal;
use crate::revocation::{HttpUrl, RevocationProblem, Scope};
use crate::time::UnixTime;
use crate::verify::{Crypto, Means};
use crate::x509::CertificateFacts;

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

    /// Fetches the lists whose turn it is. What cannot be had is told by
    /// [`CrlCheck::judge`], of the certificates that need it.
    fn refresh(&self, anchors: &[CaCertificate], turn: Turn, means: &dyn Means);

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

/// Which lists are fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Those that there is no good one of: nobody could be let in.
    Missing,
    /// These, and those that there may be a newer one of.
    Due,
    /// The same, and nobody needs them now: what another thread fetches is not waited for.
    AtLeisure,
}

/// The lists that are fetched. An image without URLs links nothing of it.
pub(super) trait Fetched: fmt::Debug + Send + Sync {
    /// `certificates` may be of the lists' issuers.
    fn refresh(&self, certificates: &[&CaCertificate], turn: Turn, means: &dyn Means);

    /// What there is at this moment.
    fn now(&self) -> Vec<Source<'_>>;
}

/// What there is by one URL at this moment.
pub(super) struct Source<'a> {
    pub(super) url: &'a HttpUrl,
    pub(super) held: Option<Arc<Held>>,
    /// Why there was nothing newer at the last attempt.
    pub(super) failure: Option<Arc<CrlFetchError>>,
}

impl Source<'_> {
    fn problem(&self, error: CrlFetchError) -> Refusal {
        let url = self.url.clone();
        RevocationProblem::CrlFetch { url, error }.into()
    }

    /// Why it has no good list of the issuer in question, if it could be expected to:
    /// not if it has that of another issuer.
    fn failure(&self, question: &Question<'_>) -> Option<Refusal> {
        if let Some(held) = &self.held {
            let is_ours = held.is_of(question.issuer_subject);
            if is_ours && held.is_forged() {
                let error = CredentialError::Crl(super::CrlError::Signature);
                return Some(self.problem(CrlFetchError::Unfit(error)));
            }
            if !is_ours && held.has_helped() {
                return None;
            }
        }
        let failure = self.failure.as_deref()?;
        Some(self.problem(failure.clone()))
    }

    /// That it has the list of an issuer whom nobody asked about so far. It is not held
    /// for long then: a wrong list at a URL may soon be put right.
    fn stranger(&self, question: &Question<'_>) -> Option<Refusal> {
        let held = self.held.as_ref()?;
        if held.is_of(question.issuer_subject) || !held.is_no_help() {
            return None;
        }
        let issuer = held.crl.issuer();
        Some(self.problem(CrlFetchError::OtherIssuer { issuer }))
    }
}

/// [`Crls`] at work.
pub(crate) struct Lists {
    given: Vec<Held>,
    fetched: Option<Box<dyn Fetched>>,
    issuers: Vec<CaCertificate>,
    scope: Scope,
}

impl From<Crls> for Lists {
    fn from(crls: Crls) -> Self {
        Self {
            fetched: crls.fetched.map(|fetched| fetched(&crls)),
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
            .field("urls", &self.fetched)
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

impl CrlCheck for Lists {
    fn scope(&self) -> Scope {
        self.scope
    }

    fn is_empty(&self) -> bool {
        self.given.is_empty() && self.fetched.is_none()
    }

    fn prepare(
        &self,
        anchors: &[CaCertificate],
        crypto: &dyn Crypto,
    ) -> Result<(), CredentialError> {
        self.given
            .iter()
            .try_for_each(|held| held.prepare(anchors.iter().chain(&self.issuers), crypto))
    }

    fn refresh(&self, anchors: &[CaCertificate], turn: Turn, means: &dyn Means) {
        if let Some(fetched) = &self.fetched {
            let certificates: Vec<_> = anchors.iter().chain(&self.issuers).collect();
            fetched.refresh(&certificates, turn, means);
        }
    }

    fn judge(&self, question: &Question<'_>, crypto: &dyn Crypto) -> Vec<Refusal> {
        let sources = self.fetched.as_ref().map_or_else(Vec::new, |all| all.now());
        let fetched = sources.iter().filter_map(|source| source.held.as_deref());
        let mut lists: Vec<&Held> = self
            .given
            .iter()
            .chain(fetched)
            .filter(|held| held.is_of(question.issuer_name))
            .filter(|held| held.is_of(question.issuer_subject))
            .collect();
        // The newest first: what is wrong with that is what is told.
        // The stable sort would have 4 KiB of stack.
        lists.sort_unstable_by_key(|held| core::cmp::Reverse(held.crl.this_update()));
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
        // What went wrong with a URL says more than what it led to; where nothing did, one may
        // have the wrong list.
        let mut refusals: Vec<_> = sources
            .iter()
            .filter_map(|source| source.failure(question))
            .collect();
        let has_failed = !refusals.is_empty();
        refusals.push(problem.into());
        if !has_failed {
            let strangers = sources
                .iter()
                .filter_map(|source| source.stranger(question));
            refusals.extend(strangers);
        }
        refusals
    }
}
