// SPDX-License-Identifier: Apache-2.0

//! Certificate revocation lists (CRLs; RFC 5280, section 5).

mod check;
mod error;
mod extensions;
mod fetch;
mod fetch_error;
#[cfg(any(test, feature = "fuzzing"))]
pub(super) mod fuzz;
mod held;
mod list;
mod lists;
mod slot;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

pub use error::{CrlError, OidText};
pub use fetch_error::CrlFetchError;
pub use lists::{Crls, DEFAULT_CRL_LIMITS};

pub(crate) use check::{CrlCheck, Lists, Question, Turn};

use crate::credential::{CredentialError, CredentialKind, Der, pem};
use crate::time::UnixTime;
use crate::x509::name_text;
use list::{List, Unfit};

/// A certificate revocation list: the complete one of one issuer.
///
/// Holding one proves that it can be read to the last entry, says when it runs out, and
/// is of a kind that is understood here. It does not prove who signed it: that is
/// checked once, when a client or server is built that holds its issuer's certificate,
/// else in the first handshake that shows it.
///
/// Versions 1 and 2 are read. Refused by name are lists that leave something out or are
/// about others' certificates (delta, indirect, partitioned), lists without a nextUpdate,
/// and critical extensions that are not understood: see [`CrlError`]. An entry with
/// certificateHold revokes as any other does.
///
/// On the heap it has its DER and nothing per entry; of a list that is part of the
/// program (`&'static`) not even that. Once in use, the key of its issuer comes to that.
/// To look a certificate up takes time that grows
/// with the list, some 40 bytes an entry.
#[derive(Clone)]
pub struct Crl {
    der: Der,
    this_update: UnixTime,
    next_update: UnixTime,
}

/// Its issuer, and when it runs out.
impl fmt::Debug for Crl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crl")
            .field("issuer", &self.issuer())
            .field("next_update", &self.next_update)
            .finish_non_exhaustive()
    }
}

impl Crl {
    /// Checks and takes one list in DER.
    ///
    /// # Errors
    ///
    /// [`CredentialError::Empty`], [`CredentialError::Der`] or [`CredentialError::Crl`].
    pub fn from_der(der: impl Into<Der>) -> Result<Self, CredentialError> {
        const KIND: CredentialKind = CredentialKind::Crl;
        let der = der.into();
        if der.is_empty() {
            return Err(CredentialError::Empty(KIND));
        }
        let list = List::read(&der).ok_or(CredentialError::Der(KIND))?;
        let this_update = list.this_update;
        let next_update = list.check().map_err(|unfit| match unfit {
            Unfit::Malformed => CredentialError::Der(KIND),
            Unfit::Refused(error) => CredentialError::Crl(error),
        })?;
        Ok(Self {
            der,
            this_update,
            next_update,
        })
    }

    /// Checks and takes every list of a PEM text (`X509 CRL`; RFC 7468, section 6), of
    /// which there must be one at least.
    ///
    /// # Errors
    ///
    /// [`CredentialError::Empty`], [`CredentialError::Pem`],
    /// [`CredentialError::PemLabel`], [`CredentialError::Der`] or
    /// [`CredentialError::Crl`].
    pub fn from_pem(text: &str) -> Result<Vec<Self>, CredentialError> {
        pem::revocation_lists(text)?
            .into_iter()
            .map(Self::from_der)
            .collect()
    }

    /// The list in DER.
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// Who issued it, as RFC 4514 writes it.
    #[must_use]
    pub fn issuer(&self) -> String {
        self.list()
            .and_then(|list| name_text(list.issuer))
            .unwrap_or_default()
    }

    /// When it was issued.
    #[must_use]
    pub const fn this_update(&self) -> UnixTime {
        self.this_update
    }

    /// When the next one is due: its last second.
    #[must_use]
    pub const fn next_update(&self) -> UnixTime {
        self.next_update
    }

    /// Its parts. It was read before, and is so again.
    fn list(&self) -> Option<List<'_>> {
        List::read(&self.der)
    }

    /// Whether `clock` is past its last second.
    fn is_stale(&self, clock: UnixTime) -> bool {
        clock > self.next_update
    }
}

#[cfg(test)]
mod tests;
