// SPDX-License-Identifier: Apache-2.0

//! A revocation list (RFC 5280, section 5.1), read where it lies.
//!
//! `x509-cert` would make a `Vec` of the entries, which a device has no room for, and
//! does not read lists of version 1.

use der::Tag;

use super::error::{CrlError, OidText};
use super::extensions::{check_entry, check_list, number};
use crate::revocation::RevocationReason;
use crate::time::UnixTime;
use crate::x509::walk::{Element, Walk};
use crate::x509::{Hash, SignatureAlgorithm, significant};

/// Why bytes are no list that will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// They are no list at all.
    Malformed,
    /// They are one of a kind that is refused.
    Refused(CrlError),
}

impl From<CrlError> for Unfit {
    fn from(error: CrlError) -> Self {
        Self::Refused(error)
    }
}

/// An entry: a certificate that was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) at: UnixTime,
    pub(super) reason: Option<RevocationReason>,
}

/// The parts of a list.
pub(super) struct List<'a> {
    /// What is signed.
    pub(super) body: &'a [u8],
    pub(super) signature: &'a [u8],
    /// How, as the list says outside of what is signed.
    algorithm: &'a [u8],
    /// And within.
    signed_algorithm: &'a [u8],
    /// Who issued it: a Name, whole.
    pub(super) issuer: &'a [u8],
    pub(super) this_update: UnixTime,
    pub(super) next_update: Option<UnixTime>,
    /// The entries, one after the other.
    entries: &'a [u8],
    /// The sequence of extensions.
    extensions: Option<Element<'a>>,
    /// Whether the list, and its entries, can have extensions.
    is_version_2: bool,
}

impl<'a> List<'a> {
    /// Takes a list apart: work that does not grow with the entries. `None` if it is
    /// none.
    pub(super) fn read(der: &'a [u8]) -> Option<Self> {
        let mut outer = Walk::only(der)?.walk(Tag::Sequence)?;
        let body = outer.read()?;
        let algorithm = outer.read()?;
        // No bits are unused in what is made of bytes.
        let [0, signature @ ..] = outer.read()?.value_of(Tag::BitString)? else {
            return None;
        };
        if !outer.is_over() {
            return None;
        }

        let mut fields = body.walk(Tag::Sequence)?;
        let is_version_2 = match fields.read_if(|tag| tag == Tag::Integer) {
            // Versions are counted from 0, and 0 is left out.
            Some(version) if version.value == [1] => true,
            Some(_) => return None,
            None => false,
        };
        let signed_algorithm = fields.read()?;
        let issuer = fields.read()?;
        issuer.value_of(Tag::Sequence)?;
        let this_update = fields.read()?.time()?;
        let is_time = |tag| matches!(tag, Tag::UtcTime | Tag::GeneralizedTime);
        let next_update = match fields.read_if(is_time) {
            Some(time) => Some(time.time()?),
            None => None,
        };
        let entries = fields.read_if(|tag| tag == Tag::Sequence);
        let extensions = match fields.read_if(|tag| matches!(tag, Tag::ContextSpecific { .. })) {
            Some(Element { tag, value, .. }) if tag.octet() == EXTENSIONS && is_version_2 => {
                Some(Walk::only(value)?)
            }
            Some(_) => return None,
            None => None,
        };
        fields.is_over().then_some(Self {
            body: body.whole,
            signature,
            algorithm: algorithm.whole,
            signed_algorithm: signed_algorithm.whole,
            issuer: issuer.whole,
            this_update,
            next_update,
            entries: entries.map_or(&[], |entries| entries.value),
            extensions,
            is_version_2,
        })
    }

    /// Refuses what cannot be relied on, whoever signed it; looks at every entry.
    /// Returns until when the list is good.
    pub(super) fn check(&self) -> Result<UnixTime, Unfit> {
        if self.algorithm != self.signed_algorithm {
            return Err(CrlError::AlgorithmMismatch.into());
        }
        match self.algorithm() {
            None => return Err(Unfit::Malformed),
            Some(SignatureAlgorithm::Known(_, hash @ (Hash::Md5 | Hash::Sha1 | Hash::Sha224))) => {
                return Err(CrlError::WeakHash(hash).into());
            }
            Some(SignatureAlgorithm::Known(..)) => {}
            Some(SignatureAlgorithm::Other(_)) => {
                let mut fields = Walk::only(self.algorithm)
                    .and_then(|algorithm| algorithm.walk(Tag::Sequence))
                    .ok_or(Unfit::Malformed)?;
                let id = fields.read().and_then(Element::id);
                let id = id.ok_or(Unfit::Malformed)?;
                return Err(CrlError::Algorithm(OidText::new(id)).into());
            }
        }
        if let Some(extensions) = self.extensions {
            check_list(extensions)?;
        }
        let mut entries = Walk::over(self.entries).ok_or(Unfit::Malformed)?;
        while !entries.is_over() {
            let (_, mut rest) = entries.read().and_then(serial).ok_or(Unfit::Malformed)?;
            self.entry(&mut rest)?;
        }
        self.next_update
            .ok_or(Unfit::Refused(CrlError::NoNextUpdate))
    }

    /// How it is signed; `None` if that is not said, or there is no memory for it.
    pub(super) fn algorithm(&self) -> Option<SignatureAlgorithm> {
        SignatureAlgorithm::of(Walk::only(self.algorithm)?)
    }

    /// Its number (cRLNumber; RFC 5280, section 5.2.3), if it has one: the bytes of an
    /// INTEGER.
    pub(super) fn number(&self) -> Option<&'a [u8]> {
        number(self.extensions?)
    }

    /// The entry of the certificate with this serial number, if there is one: a walk over
    /// the entries that allocates nothing. Numbers are compared by their bytes without
    /// the zeroes in front, so that one that an encoder took for negative is found too.
    pub(super) fn find(&self, serial_number: &[u8]) -> Result<Option<Entry>, Unfit> {
        let wanted = significant(serial_number);
        let mut entries = Walk::over(self.entries).ok_or(Unfit::Malformed)?;
        while !entries.is_over() {
            let (found, mut rest) = entries.read().and_then(serial).ok_or(Unfit::Malformed)?;
            if significant(found) == wanted {
                return self.entry(&mut rest).map(Some);
            }
        }
        Ok(None)
    }

    /// What comes after the number.
    fn entry(&self, rest: &mut Walk<'_>) -> Result<Entry, Unfit> {
        let at = rest
            .read()
            .and_then(Element::time)
            .ok_or(Unfit::Malformed)?;
        let reason = match rest.read_if(|tag| tag == Tag::Sequence && self.is_version_2) {
            Some(extensions) => check_entry(extensions)?,
            None => None,
        };
        if !rest.is_over() {
            return Err(Unfit::Malformed);
        }
        Ok(Entry { at, reason })
    }
}

/// `[0] EXPLICIT`.
const EXTENSIONS: u8 = 0xA0;

/// An entry's number, and what comes after.
fn serial(entry: Element<'_>) -> Option<(&[u8], Walk<'_>)> {
    let mut fields = entry.walk(Tag::Sequence)?;
    let number = fields.read()?.value_of(Tag::Integer)?;
    (!number.is_empty()).then_some((number, fields))
}
