// SPDX-License-Identifier: Apache-2.0

//! Holds a chain against what was expected, certificate by certificate, issuer first.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::iter;

use super::explain::explain;
use super::{Crypto, Examiner, Expected, Findings, chain, name, purpose};
use crate::backend::PresentedCertificate;
use crate::credential::Anchors;
use crate::diagnosis::{CertificateRefusal, CheckFlags, Refusal};
use crate::policy::{KeyPolicy, pin_of};
use crate::revocation::{Question, RevocationProblem, Scope, ShownCertificate};
use crate::room;
use crate::session::CertificateIdentity;
use crate::x509::CertificateFacts;
use crate::x509::walk::issuer_and_subject;

/// The most certificates that are kept of those that a peer sent: what is longer
/// is no honest chain.
const MAX_SENT: usize = 8;

/// A certificate that was looked at.
pub(super) struct Link {
    pub(super) depth: u8,
    /// `None` if it cannot be read.
    pub(super) facts: Option<CertificateFacts>,
    /// The certificate itself, where it takes that to say why nobody vouches for it, or
    /// to look up whom it revoked, or to look it up itself once the handshake is over.
    pub(super) der: Vec<u8>,
    /// The TLS library's verdict, and ours.
    pub(super) flags: CheckFlags,
    /// What we found that it was not asked for.
    pub(super) refusals: Vec<Refusal>,
}

impl Link {
    fn into_shown(self) -> ShownCertificate {
        ShownCertificate {
            depth: self.depth,
            der: self.der,
        }
    }
}

struct ChainExaminer<'a> {
    expected: Expected<'a>,
    crypto: &'a dyn Crypto,
    /// Root first.
    chain: Vec<Link>,
    /// What came along with the leaf, in the order sent.
    sent: Vec<CertificateFacts>,
    leaf: Option<CertificateIdentity>,
    /// The first certificate for which there was no memory.
    no_memory: Option<u8>,
    /// Kept until it is said what was found.
    reserve: Vec<u8>,
}

/// What [`Trust`](crate::credential::Trust) holds on to.
pub(crate) fn examine<'a>(
    expected: Expected<'a>,
    crypto: &'a dyn Crypto,
) -> Box<dyn Examiner + 'a> {
    Box::new(ChainExaminer {
        expected,
        crypto,
        chain: Vec::new(),
        sent: Vec::new(),
        leaf: None,
        no_memory: None,
        reserve: room::reserve(room::to_judge(0)),
    })
}

impl ChainExaminer<'_> {
    /// The TLS library's verdict, less what it is not to judge.
    fn verdict(&self, presented: &PresentedCertificate<'_>) -> CheckFlags {
        match self.expected.trust.anchors() {
            // It looked for a CA where there is none to be found, and at a signature that
            // proves nothing: the pin decides. The key itself is looked at here.
            Anchors::Pinned(_) if presented.depth == 0 => presented.flags.without(
                CheckFlags::NOT_TRUSTED
                    | CheckFlags::BAD_DIGEST
                    | CheckFlags::BAD_ALGORITHM
                    | CheckFlags::BAD_KEY,
            ),
            // Nobody asks what came along with a pinned key.
            Anchors::Pinned(_) => CheckFlags::PASSED,
            _ => presented.flags,
        }
    }

    /// What we find wrong, with the flags that say so to the TLS library.
    fn judge(
        &self,
        presented: &PresentedCertificate<'_>,
        facts: Option<&CertificateFacts>,
    ) -> Vec<(CheckFlags, Refusal)> {
        let mut found = Vec::new();
        let Some(facts) = facts else {
            found.push((CheckFlags::OTHER, Refusal::Unreadable));
            return found;
        };
        let Expected { trust, peer, .. } = self.expected;
        let policy = trust.policy();
        let pinned = matches!(trust.anchors(), Anchors::Pinned(_));
        if pinned && presented.depth > 0 {
            return found;
        }
        if !facts.not_understood.is_empty() {
            let extensions = facts.not_understood.clone();
            found.push((CheckFlags::OTHER, Refusal::NotUnderstood { extensions }));
        }
        if let Some(refusal) = policy.keys().judge_key(&facts.key) {
            found.push((CheckFlags::BAD_KEY, refusal));
        }
        // The first that is shown is the trust anchor, unless nobody vouches for it.
        let is_anchor = self.chain.is_empty() && !presented.flags.has(CheckFlags::NOT_TRUSTED);
        if !(is_anchor || pinned)
            && let Some(refusal) = KeyPolicy::judge_signature(facts)
        {
            found.push((CheckFlags::BAD_DIGEST, refusal));
        }
        if !(is_anchor || pinned) {
            let refusals = self.judge_revocation(presented, facts);
            found.extend(
                refusals
                    .into_iter()
                    .map(|refusal| (CheckFlags::REVOKED, refusal)),
            );
        }
        if presented.depth > 0 {
            if !is_anchor {
                found.extend(purpose::judge_issuer(facts, peer));
            }
            return found;
        }
        found.extend(purpose::judge(facts, peer));
        if let Some(wanted) = self.expected.name
            && let Some(refusal) = name::judge(facts, wanted, policy.legacy_common_name())
        {
            found.push((CheckFlags::NAME, refusal));
        }
        for issuer in self.chain.iter().filter_map(|link| link.facts.as_ref()) {
            let legacy = policy.legacy_common_name();
            if let Some(refusal) = name::judge_constraints(issuer, facts, legacy) {
                found.push((CheckFlags::OTHER, refusal));
            }
        }
        if let Some(refusal) = self.judge_pins(facts) {
            found.push((CheckFlags::OTHER, refusal));
        }
        found
    }

    /// Whether its issuer revoked it. Nobody is asked about a chain that leads nowhere:
    /// it is refused for that, and whose lists to believe is not known.
    fn judge_revocation(
        &self,
        presented: &PresentedCertificate<'_>,
        facts: &CertificateFacts,
    ) -> Vec<Refusal> {
        let Some(crls) = self.expected.trust.policy().crls() else {
            return Vec::new();
        };
        let is_untrusted = |flags: CheckFlags| flags.has(CheckFlags::NOT_TRUSTED);
        if (crls.scope() == Scope::Leaf && presented.depth > 0)
            || is_untrusted(presented.flags)
            || self.chain.iter().any(|link| is_untrusted(link.flags))
        {
            return Vec::new();
        }
        // Its issuer was shown right before it.
        let issuer = self
            .chain
            .last()
            .filter(|issuer| issuer.depth.checked_sub(1) == Some(presented.depth));
        let question = issuer.and_then(|issuer| {
            Some(Question {
                serial: &facts.serial,
                issuer_name: issuer_and_subject(presented.der)?.0,
                issuer: issuer.facts.as_ref()?,
                issuer_subject: issuer_and_subject(&issuer.der)?.1,
                clock: self.expected.clock,
            })
        });
        match question {
            Some(question) => crls.judge(&question, self.crypto),
            None => {
                let problem = RevocationProblem::Unreadable;
                [Refusal::RevocationUnknown { problem }].to_vec()
            }
        }
    }

    /// The memory that it takes to say what is wrong with a certificate, in bytes.
    fn needed_to_explain(&self, link: &Link) -> usize {
        let told = link.facts.as_ref().map_or(0, CertificateFacts::told);
        let anchors = match link.flags.has(CheckFlags::NOT_TRUSTED) {
            false => 0,
            // Each is read anew, and its subject told.
            true => {
                let anchors = self.expected.trust.certificates();
                let read: usize = anchors.iter().map(|anchor| anchor.as_der().len()).sum();
                read + anchors.len() * 2 * size_of::<CertificateFacts>()
            }
        };
        room::to_judge(told) + anchors
    }

    /// Whether a key that has to be there is there, now that the chain is complete.
    fn judge_pins(&self, leaf: &CertificateFacts) -> Option<Refusal> {
        let trust = self.expected.trust;
        let pins = trust.policy().pins();
        // Without pins there is nothing to compute.
        if pins.is_empty() && !matches!(trust.anchors(), Anchors::Pinned(_)) {
            return None;
        }
        let sha256 = |data: &[u8]| self.crypto.sha256(data);
        let own = pin_of(leaf, &sha256);
        if let Anchors::Pinned(pins) = trust.anchors()
            && !pins.contains(&own)
        {
            return Some(Refusal::NotPinned { own });
        }
        let pinned = pins.is_empty()
            || pins.contains(&own)
            || self
                .chain
                .iter()
                .filter_map(|link| link.facts.as_ref())
                .any(|facts| pins.contains(&pin_of(facts, &sha256)));
        (!pinned).then_some(Refusal::NotPinned { own })
    }
}

impl Examiner for ChainExaminer<'_> {
    fn certificate(&mut self, presented: PresentedCertificate<'_>) -> CheckFlags {
        // Shown again, since the TLS library found more fault with it.
        if let Some(link) = self.chain.last_mut()
            && link.depth == presented.depth
        {
            link.flags |= presented.flags;
            return link.flags;
        }
        let verdict = self.verdict(&presented);
        let facts = CertificateFacts::read(presented.der);
        // A peer decides on how much there is to say, and nobody has vouched for it yet.
        let told = facts.as_ref().map_or(0, CertificateFacts::told);
        let needed = room::to_judge(told) + presented.der.len();
        if self.chain.try_reserve_exact(1).is_err() || !room::is_there(needed) {
            self.no_memory.get_or_insert(presented.depth);
            return verdict | CheckFlags::OTHER;
        }
        if presented.depth == 0 {
            let sha256 = self.crypto.sha256(presented.der);
            self.leaf = Some(CertificateIdentity::new(facts.as_ref(), sha256));
        }
        let found = self.judge(&presented, facts.as_ref());
        let mut flags = verdict;
        let mut refusals = Vec::new();
        for (flag, refusal) in found {
            flags |= flag;
            refusals.push(refusal);
        }
        let policy = self.expected.trust.policy();
        let keep = flags.has(CheckFlags::NOT_TRUSTED)
            || self.expected.keeps_chain
            || policy.status_check().is_some()
            || (policy.crls().is_some() && presented.depth > 0);
        self.chain.push(Link {
            depth: presented.depth,
            facts,
            der: if keep {
                presented.der.to_owned()
            } else {
                Vec::new()
            },
            flags,
            refusals,
        });
        flags
    }

    fn sent(&mut self, der: &[u8]) {
        if self.sent.len() < MAX_SENT
            && self.sent.try_reserve_exact(1).is_ok()
            && let Some(facts) = CertificateFacts::read(der)
        {
            self.sent.push(facts);
        }
    }

    fn into_findings(mut self: Box<Self>) -> Findings {
        drop(core::mem::take(&mut self.reserve));
        let mut refused = Vec::new();
        if let Some(depth) = self.no_memory {
            refused.push(CertificateRefusal {
                depth,
                subject: "a certificate".to_owned(),
                refusals: [Refusal::OutOfMemory].into(),
            });
        }
        let above = iter::once(None).chain(self.chain.iter().map(Some));
        for (link, above) in self.chain.iter().zip(above) {
            if link.flags.is_passed() {
                continue;
            }
            if !room::is_there(self.needed_to_explain(link)) {
                refused.push(CertificateRefusal {
                    depth: link.depth,
                    subject: "a certificate".to_owned(),
                    refusals: [Refusal::OutOfMemory].into(),
                });
                continue;
            }
            let refusals = explain(link, above, &self.expected, || {
                chain::untrusted(link, self.expected.trust, &self.sent, self.crypto)
            });
            if !refusals.is_empty() {
                refused.push(CertificateRefusal {
                    depth: link.depth,
                    subject: link.facts.as_ref().map_or_else(
                        || "a certificate that cannot be read".to_owned(),
                        |facts| facts.subject.clone(),
                    ),
                    refusals,
                });
            }
        }
        let policy = self.expected.trust.policy();
        let chain = match self.expected.keeps_chain || policy.status_check().is_some() {
            false => Vec::new(),
            true => self.chain.into_iter().map(Link::into_shown).collect(),
        };
        Findings {
            refused,
            leaf: self.leaf,
            chain,
        }
    }
}
