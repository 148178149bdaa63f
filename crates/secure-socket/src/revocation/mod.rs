// SPDX-License-Identifier: Apache-2.0

//! Whether a certificate was revoked by those who issued it.
//!
//! Revocation lists ([`Crls`]) are looked up within the handshake, so that a peer with a
//! revoked certificate is told by an alert. A check that cannot be made refuses as a
//! revoked certificate does, and says what it wanted for: [`RevocationProblem`].

mod crl;
// Nothing in the library asks by HTTP yet.
#[cfg_attr(not(test), expect(dead_code))]
mod http;
mod problem;
mod reason;
mod url;

pub use crl::{Crl, CrlError, Crls, OidText};
pub use http::{FetchError, MAX_FIELDS, MAX_HEAD};
pub use problem::RevocationProblem;
pub use reason::RevocationReason;
pub use url::{HttpUrl, InvalidUrl, MAX_URL};

pub(crate) use crl::{CrlCheck, Lists, Question};

/// Which certificates of a chain are looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The peer's own.
    Leaf,
    /// Each but the trust anchor, which nobody above could revoke.
    Chain,
}
