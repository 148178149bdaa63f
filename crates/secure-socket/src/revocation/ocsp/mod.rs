// SPDX-License-Identifier: Apache-2.0

//! The Online Certificate Status Protocol (RFC 6960), with the nonce of RFC 9654.

mod cache;
#[cfg(any(test, feature = "fuzzing"))]
pub(super) mod fuzz;
mod reading;
mod request;
mod responder;
mod response;
mod status;

use core::time::Duration;

use cache::Cache;
use request::Question;

pub use cache::MAX_CACHE;
pub use request::CertIdHash;
pub use response::{CLOCK_SKEW, MAX_AGE};
pub use status::OcspStatus;

use super::http::{self, Method};
use super::{
    HttpUrl, Limits, RevocationProblem, Scope, ShownCertificate, StatusCheck, StatusLookup,
};
use crate::diagnosis::{CertificateRefusal, Refusal};
use crate::room;
use crate::x509::CertificateFacts;

/// How long a response may be, and take: 8 KiB and 10 s. A response with an ECDSA
/// signature has some 300 bytes, one with an RSA responder's certificate in it 2000.
pub const DEFAULT_OCSP_LIMITS: Limits = Limits {
    bytes: 8 * 1024,
    timeout: Duration::from_secs(10),
};
/// How many answers are kept.
pub const DEFAULT_CACHE: usize = 4;

/// What it takes to write a request and to send it, in bytes; a response takes more.
const ASKING: usize = 2048;

/// Asks an OCSP responder whether the peer's certificate is revoked.
///
/// The default: the responder that the certificate itself names (authorityInfoAccess; the
/// first that can be asked by http), the peer's own certificate alone, no nonce, and no
/// stream without a good answer.
///
/// A response is taken if its signature is that of the certificate's issuer, or of
/// somebody whose certificate is in the response, comes from that issuer itself and is
/// for OCSPSigning, in date and with a key that the
/// [`KeyPolicy`](crate::policy::KeyPolicy) takes (RFC 6960, section 4.2.2.2). Whether
/// *that* certificate is revoked is not asked, with id-pkix-ocsp-nocheck or without
/// (section 4.2.2.2.1 leaves it to us): a CA gives it a short life instead. A responder
/// that is trusted by configuration alone is not supported.
///
/// A response that is not yet valid by more than [`CLOCK_SKEW`], or past its nextUpdate, is
/// refused; one without nextUpdate is taken for [`MAX_AGE`] from its thisUpdate.
#[derive(Clone, Debug)]
pub struct Ocsp {
    responder: Option<HttpUrl>,
    scope: Scope,
    nonce: bool,
    soft_fail: bool,
    cache: usize,
    limits: Limits,
    hash: CertIdHash,
}

impl Default for Ocsp {
    fn default() -> Self {
        Self {
            responder: None,
            scope: Scope::Leaf,
            nonce: false,
            soft_fail: false,
            cache: DEFAULT_CACHE,
            limits: DEFAULT_OCSP_LIMITS,
            hash: CertIdHash::Sha1,
        }
    }
}

impl Ocsp {
    /// The default.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks this responder, whatever certificates say.
    #[must_use]
    pub fn with_responder(mut self, responder: HttpUrl) -> Self {
        self.responder = Some(responder);
        self
    }

    /// Asks about these certificates; issuers first, one request each.
    #[must_use]
    pub const fn with_scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// Asks for an answer that was made for this request and no other (RFC 9654, 32
    /// random bytes). A response without the nonce is refused
    /// ([`RevocationProblem::OcspNonceMissing`]), so this is for responders that sign
    /// each response anew. Nothing is taken from the cache, or kept there.
    #[must_use]
    pub const fn with_nonce(mut self) -> Self {
        self.nonce = true;
        self
    }

    /// Lets a peer in where there is no answer, with a warning in the log: whoever can
    /// cut the responder off can then go on using a revoked certificate.
    ///
    /// What this forgives is absence alone: a responder whose host has no address, that
    /// does not take a connection, does not answer in time or breaks off, and the
    /// answers tryLater and internalError, as HTTP has them too (status 408, 429 and
    /// 5xx). An answer that is there and will not do is refused as ever: revoked and
    /// unknown, a bad signature, a stale response, something that is no OCSP response; and
    /// so is what only configuration can mend, such as a certificate that names no
    /// responder, a redirect or status 404.
    #[must_use]
    pub const fn with_soft_fail(mut self) -> Self {
        self.soft_fail = true;
        self
    }

    /// Keeps this many good answers until their nextUpdate, at most [`MAX_CACHE`], the
    /// oldest giving way; 0 keeps none. Each takes 48 bytes. Refusals are not kept, nor
    /// are answers without a nextUpdate.
    #[must_use]
    pub const fn with_cache(mut self, entries: usize) -> Self {
        self.cache = entries;
        self
    }

    /// How long a response may be, and take; the time is for each certificate.
    #[must_use]
    pub const fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Names certificates to the responder by this hash. See [`CertIdHash`].
    #[must_use]
    pub const fn with_cert_id_hash(mut self, hash: CertIdHash) -> Self {
        self.hash = hash;
        self
    }
}

/// What a policy holds of an [`Ocsp`]: with what was learned by it.
#[derive(Debug)]
pub(crate) struct Checker {
    ocsp: Ocsp,
    cache: Cache,
}

impl Checker {
    pub(crate) fn new(ocsp: Ocsp) -> Self {
        Self {
            cache: Cache::new(ocsp.cache),
            ocsp,
        }
    }

    /// Asks about one certificate.
    fn ask(&self, asked: &Asked<'_>, lookup: &StatusLookup<'_>) -> Result<(), Refusal> {
        let StatusLookup { clock, means, .. } = *lookup;
        let Asked { facts, .. } = *asked;
        // The peer had a hand in the length of all that a request is made of.
        if !room::is_there(ASKING + room::to_judge(facts.told())) {
            return Err(Refusal::OutOfMemory);
        }
        let question = Question::about(
            asked.certificate,
            asked.issuer,
            &facts.issuer,
            self.ocsp.hash,
            means,
        );
        let question = question.ok_or(Refusal::Unreadable)?;
        let caches = !self.ocsp.nonce;
        if caches && self.cache.holds(&question.key, clock) {
            log::debug!("OCSP: {} is good, as was said before", facts.subject);
            return Ok(());
        }
        let url = self.responder(facts)?;
        let mut nonce = [0; request::NONCE];
        let nonce = match self.ocsp.nonce {
            false => None,
            true => {
                let filled = means.random(&mut nonce);
                filled.map_err(RevocationProblem::NoRandom)?;
                Some(&nonce)
            }
        };
        let body = question.to_der(nonce).ok_or(Refusal::Unreadable)?;
        let method = Method::Post {
            content_type: "application/ocsp-request",
            body: &body,
        };
        let answer = http::request(means, &url, method, self.ocsp.limits)
            .map_err(|error| RevocationProblem::Fetch { url, error })?;
        let good = response::judge(&answer, &question, nonce, lookup)?;
        log::debug!("OCSP: {} is good", facts.subject);
        if caches {
            self.cache.keep(question.key, &good);
        }
        Ok(())
    }

    fn responder(&self, facts: &CertificateFacts) -> Result<HttpUrl, RevocationProblem> {
        let named = || {
            facts
                .ocsp_urls
                .iter()
                .find_map(|url| HttpUrl::new(url).ok())
        };
        let configured = self.ocsp.responder.clone();
        configured
            .or_else(named)
            .ok_or(RevocationProblem::NoResponder)
    }

    /// Whether the lack of an answer is let pass.
    fn forgives(&self, refusal: &Refusal) -> bool {
        match refusal {
            Refusal::RevocationUnknown { problem } => self.ocsp.soft_fail && problem.is_absence(),
            _ => false,
        }
    }
}

/// A certificate to ask about.
struct Asked<'a> {
    facts: &'a CertificateFacts,
    certificate: &'a [u8],
    issuer: &'a [u8],
}

impl StatusCheck for Checker {
    fn check(
        &self,
        chain: &[ShownCertificate],
        lookup: &StatusLookup<'_>,
    ) -> Result<(), CertificateRefusal> {
        // Kept until it is said what was found.
        let mut reserve = room::reserve(room::to_judge(0));
        // A chain of one is the trust anchor itself.
        for pair in chain.windows(2) {
            let [issuer, shown] = pair else { continue };
            if self.ocsp.scope == Scope::Leaf && shown.depth > 0 {
                continue;
            }
            let facts = CertificateFacts::read(&shown.der);
            let result = match &facts {
                // It was read before.
                None => Err(Refusal::OutOfMemory),
                Some(facts) => self.ask(
                    &Asked {
                        facts,
                        certificate: &shown.der,
                        issuer: &issuer.der,
                    },
                    lookup,
                ),
            };
            match result {
                Ok(()) => {}
                Err(refusal) if self.forgives(&refusal) => {
                    log::warn!("going on without an OCSP response: {refusal}");
                }
                Err(refusal) => {
                    drop(core::mem::take(&mut reserve));
                    return Err(CertificateRefusal {
                        depth: shown.depth,
                        subject: facts.map_or_else(
                            || "a certificate that cannot be read".into(),
                            |facts| facts.subject,
                        ),
                        refusals: [refusal].into(),
                    });
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
