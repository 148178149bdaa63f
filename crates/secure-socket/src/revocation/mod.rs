// SPDX-License-Identifier: Apache-2.0

//! Whether a certificate was revoked by those who issued it.
//!
//! Revocation lists ([`Crls`]) are looked up within the handshake; those that are fetched
//! are so before it. [`Ocsp`] asks a responder after it and before the stream is handed out: a peer whose certificate turns
//! out to be revoked is sent no application data, and none of its own reaches the program.
//! Either way the peer is told by an alert. A check that cannot be made refuses as a
//! revoked certificate does, and says what it wanted for: [`RevocationProblem`].
//!
//! A [`Policy`](crate::policy::Policy) asks for them; a program that does not has none of
//! this linked.

mod crl;
mod http;
mod ocsp;
mod problem;
mod reason;
mod url;

use alloc::vec::Vec;
use core::fmt;

pub use crl::{Crl, CrlError, CrlFetchError, Crls, DEFAULT_CRL_LIMITS, OidText};
pub use http::{FetchError, Limits, MAX_FIELDS, MAX_HEAD};
pub use ocsp::{
    CLOCK_SKEW, CertIdHash, DEFAULT_CACHE, DEFAULT_OCSP_LIMITS, MAX_AGE, MAX_CACHE, Ocsp,
    OcspStatus,
};
pub use problem::RevocationProblem;
pub use reason::RevocationReason;
pub use url::{HttpUrl, InvalidUrl, MAX_URL};

pub(crate) use crl::{CrlCheck, Lists, Question, Turn};
pub(crate) use ocsp::Checker as OcspChecker;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use {
    crl::fuzz::run as fuzz_crl, http::fuzz::run as fuzz_http, ocsp::fuzz::run as fuzz_ocsp,
};

use crate::diagnosis::CertificateRefusal;
use crate::policy::KeyPolicy;
use crate::time::UnixTime;
use crate::verify::Means;

/// Which certificates of a chain are looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The peer's own.
    Leaf,
    /// Each but the trust anchor, which nobody above could revoke.
    Chain,
}

/// A certificate of the chain that a handshake was concluded on.
pub(crate) struct ShownCertificate {
    /// Its place: 0 is the peer's own, above are its issuers.
    pub(crate) depth: u8,
    pub(crate) der: Vec<u8>,
}

/// What it takes to look a chain up once its handshake is over.
pub(crate) struct StatusLookup<'a> {
    pub(crate) check: &'a dyn StatusCheck,
    pub(crate) keys: &'a KeyPolicy,
    /// What our clock showed when the handshake began.
    pub(crate) clock: UnixTime,
    pub(crate) means: &'a dyn Means,
}

/// Looks up, once a handshake is over, whether a certificate of its chain is revoked.
pub(crate) trait StatusCheck: fmt::Debug + Send + Sync {
    /// `chain` is verified, trust anchor first.
    fn check(
        &self,
        chain: &[ShownCertificate],
        lookup: &StatusLookup<'_>,
    ) -> Result<(), CertificateRefusal>;
}
