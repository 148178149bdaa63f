// SPDX-License-Identifier: Apache-2.0

//! The lists that a policy looks certificates up in.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use super::check::Fetched;
use super::{Crl, fetch};
use crate::credential::CaCertificate;
use crate::revocation::{HttpUrl, Limits, Scope};

/// How long a list that is fetched may be, and take: 32 KiB, some 800 entries, and 10 s.
pub const DEFAULT_CRL_LIMITS: Limits = Limits {
    bytes: 32 * 1024,
    timeout: Duration::from_secs(10),
};

/// The revocation lists that certificates are looked up in, for
/// [`Policy::with_crls`](crate::policy::Policy::with_crls).
///
/// They are required: a certificate whose issuer has no list here that is signed by the
/// issuer's key and in date is refused, whatever it is otherwise. Of several lists of one
/// issuer each that is good counts: a certificate that any of them has is revoked. They are
/// given, or fetched from where the CA publishes them ([`Crls::with_url`]).
///
/// ```
/// # use secure_socket::{credential::{CaCertificate, CredentialError, Trust}, policy::Policy};
/// use secure_socket::revocation::{Crl, Crls, Scope};
///
/// # fn example(ca_pem: &str, crl_pem: &str) -> Result<Trust, CredentialError> {
/// let lists = Crls::new().with_lists(Crl::from_pem(crl_pem)?).with_scope(Scope::Leaf);
/// let trust = Trust::from(CaCertificate::from_pem(ca_pem)?)
///     .with_policy(Policy::new().with_crls(lists));
/// # Ok(trust) }
/// ```
#[derive(Clone, Debug)]
pub struct Crls {
    pub(super) lists: Vec<Crl>,
    pub(super) issuers: Vec<CaCertificate>,
    pub(super) scope: Scope,
    pub(super) urls: Vec<HttpUrl>,
    pub(super) limits: Limits,
    pub(super) refresh_after: Option<Duration>,
    /// What fetches. Kept here so that a program that was given its lists has nothing of
    /// it linked.
    pub(super) fetched: Option<Fetch>,
}

/// Makes what fetches from what was said.
type Fetch = fn(&Crls) -> Box<dyn Fetched>;

impl Default for Crls {
    fn default() -> Self {
        Self {
            lists: Vec::new(),
            issuers: Vec::new(),
            scope: Scope::Chain,
            urls: Vec::new(),
            limits: DEFAULT_CRL_LIMITS,
            refresh_after: None,
            fetched: None,
        }
    }
}

impl Crls {
    /// No list yet; every certificate but the trust anchor is looked up.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a list.
    #[must_use]
    pub fn with_list(mut self, list: Crl) -> Self {
        self.lists.push(list);
        self
    }

    /// Adds lists.
    #[must_use]
    pub fn with_lists(mut self, lists: impl IntoIterator<Item = Crl>) -> Self {
        self.lists.extend(lists);
        self
    }

    /// Adds the list that is at this URL, in DER or PEM, one list there. Once for each
    /// issuer.
    ///
    /// It is fetched before it is needed, never within a handshake: by a client before it
    /// connects, by a server when it is bound; and again when half of the time to its
    /// nextUpdate is over, and when it ran out. A server then does so after the handshake
    /// of a client, whose stream waits for it; [`Server::refresh_revocation_lists`] spares
    /// the client that. One thread at a time fetches. The others go on with the list that is
    /// held, or, if there is none in date, wait at most as long as the limits allow. Clones
    /// of a policy, and so its clients and servers, share what was fetched.
    ///
    /// A list takes the place of the one held if it is in date and not older (thisUpdate;
    /// while the one held is in date, cRLNumber too). If the one held is in date and was
    /// found to be signed well, it has to be of the same issuer, and signed by the same key
    /// or by a certificate at hand. What cannot be had leaves the list held in use until its
    /// nextUpdate, with a warning in the log. When that is over, certificates of its
    /// issuer are refused
    /// ([`RevocationProblem::CrlFetch`](crate::revocation::RevocationProblem::CrlFetch)),
    /// and the next attempt is made 5 s after the last one at the soonest.
    ///
    /// Nothing is kept over a restart, so whoever answers for the URL then may give out a
    /// list that is old and still in date.
    ///
    /// [`Server::refresh_revocation_lists`]: crate::Server::refresh_revocation_lists
    #[must_use]
    pub fn with_url(mut self, url: HttpUrl) -> Self {
        self.urls.push(url);
        self.fetched = Some(fetch::fetched);
        self
    }

    /// How long each list that is fetched may be, and take. Held is one list for each URL;
    /// while a newer one comes in, up to four times the limit may be in use for a moment,
    /// since it grows as it comes.
    #[must_use]
    pub const fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Looks for a newer list after this long, though the one held is in date for longer:
    /// for a CA that issues a new one as soon as it revoked somebody. A minute at the least.
    #[must_use]
    pub const fn with_refresh_after(mut self, age: Duration) -> Self {
        self.refresh_after = Some(age);
        self
    }

    /// Certificates of the lists' issuers, intermediates as a rule, so that the
    /// signatures of the lists are checked when the client or server is built, or the list
    /// was fetched, and not in a handshake. Trust anchors need not be given again, and nobody here is trusted
    /// for it.
    #[must_use]
    pub fn with_issuers(mut self, issuers: impl IntoIterator<Item = CaCertificate>) -> Self {
        self.issuers.extend(issuers);
        self
    }

    /// Which certificates are looked up.
    #[must_use]
    pub const fn with_scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }
}
