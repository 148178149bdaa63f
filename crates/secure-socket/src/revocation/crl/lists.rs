// SPDX-License-Identifier: Apache-2.0

//! The lists that a policy looks certificates up in.

use alloc::vec::Vec;

use super::Crl;
use crate::credential::CaCertificate;
use crate::revocation::Scope;

/// The revocation lists that certificates are looked up in, for
/// [`Policy::with_crls`](crate::policy::Policy::with_crls).
///
/// They are required: a certificate whose issuer has no list here that is signed by the
/// issuer's key and in date is refused, whatever it is otherwise. Of several lists of one
/// issuer each that is good counts: a certificate that any of them has is revoked.
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
}

impl Default for Crls {
    fn default() -> Self {
        Self {
            lists: Vec::new(),
            issuers: Vec::new(),
            scope: Scope::Chain,
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

    /// Certificates of the lists' issuers, intermediates as a rule, so that the
    /// signatures of the lists are checked when the client or server is built, and not
    /// in a handshake. Trust anchors need not be given again, and nobody here is trusted
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
