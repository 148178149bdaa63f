// SPDX-License-Identifier: Apache-2.0

//! The parts of a certificate (RFC 5280, section 4.1), found in place.
//!
//! A certificate decoded into structures of its own, type by type, cost a device 100 kB
//! of flash, and an allocation for each part. This finds them with one decoder, that of
//! [`walk`](super::walk), and is as strict: what breaks the format is no certificate. Kinds
//! of names that are not looked at are not looked into.

use der::{Tag, TagNumber};

use super::walk::{Element, Walk, bits};
use crate::time::UnixTime;

/// Zeroes that keep it positive included (RFC 5280, section 4.1.2.2).
pub(crate) const MAX_SERIAL: usize = 21;

/// The parts of a certificate.
pub(crate) struct Parts<'a> {
    pub(crate) serial: &'a [u8],
    pub(crate) issuer: Element<'a>,
    pub(crate) not_before: UnixTime,
    pub(crate) not_after: UnixTime,
    pub(crate) subject: Element<'a>,
    pub(crate) public_key: Element<'a>,
    /// The Extensions, if there are any.
    pub(crate) extensions: Option<Element<'a>>,
    /// How the issuer signed it.
    pub(crate) algorithm: Element<'a>,
}

impl<'a> Parts<'a> {
    /// `None` if `der` is no certificate, or more than one.
    pub(crate) fn read(der: &'a [u8]) -> Option<Self> {
        let mut outer = Walk::only(der)?.walk(Tag::Sequence)?;
        let mut body = outer.read()?.walk(Tag::Sequence)?;
        let algorithm = outer.read()?;
        // The signature.
        outer.read()?.bits()?;
        if !outer.is_over() {
            return None;
        }
        if let Some(version) = body.read_tagged(TagNumber::N0) {
            // v1, v2, v3.
            Walk::only(version.value)?
                .small()
                .filter(|version| *version <= 2)?;
        }
        let serial = body.read()?.integer()?;
        if serial.len() > MAX_SERIAL {
            return None;
        }
        // The algorithm again (RFC 5280, section 4.1.1.2).
        if body.read()?.whole != algorithm.whole {
            return None;
        }
        let issuer = body.read()?;
        let mut validity = body.read()?.walk(Tag::Sequence)?;
        let (not_before, not_after) = (validity.read()?.time()?, validity.read()?.time()?);
        if !validity.is_over() {
            return None;
        }
        let subject = body.read()?;
        let public_key = body.read()?;
        // issuerUniqueID and subjectUniqueID, which are BIT STRINGs.
        for number in [TagNumber::N1, TagNumber::N2] {
            let unique = body.read_if(|tag| {
                tag == Tag::ContextSpecific {
                    constructed: false,
                    number,
                }
            });
            if let Some(unique) = unique {
                bits(unique.value)?;
            }
        }
        let extensions = match body.read_tagged(TagNumber::N3) {
            Some(extensions) => Some(Walk::only(extensions.value)?),
            None => None,
        };
        body.is_over().then_some(Self {
            serial,
            issuer,
            not_before,
            not_after,
            subject,
            public_key,
            extensions,
            algorithm,
        })
    }
}
