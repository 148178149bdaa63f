// SPDX-License-Identifier: Apache-2.0

//! The names in certificates.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use der::{Tag, TagNumber};

use super::walk::Element;
use crate::room;

/// A GeneralName (RFC 5280, section 4.2.1.6), as far as its kind is understood here.
pub(super) enum GeneralName<'a> {
    Email(&'a str),
    Dns(&'a str),
    Uri(&'a str),
    /// An address, or an address and a mask.
    Ip(&'a [u8]),
    Other,
}

impl<'a> GeneralName<'a> {
    /// `None` if it is none.
    pub(super) fn read(element: Element<'a>) -> Option<Self> {
        let text = || {
            let text = core::str::from_utf8(element.value).ok()?;
            text.is_ascii().then_some(text)
        };
        Some(match element.context()? {
            (1, false) => Self::Email(text()?),
            (2, false) => Self::Dns(text()?),
            (6, false) => Self::Uri(text()?),
            (7, false) => Self::Ip(element.value),
            // otherName, x400Address, directoryName, ediPartyName; registeredID.
            (0 | 3..=5, true) | (8, false) => Self::Other,
            _ => return None,
        })
    }

    /// The names of a GeneralNames, with whatever tag; `None` for each that is none.
    pub(super) fn all(names: Element<'a>) -> Option<impl Iterator<Item = Option<Self>> + Clone> {
        Some(names.elements()?.map(|name| Self::read(name?)))
    }
}

/// A name in a subjectAltName (RFC 5280, section 4.2.1.6).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SubjectName {
    /// A DNS name as it is written, perhaps with a wildcard.
    Dns(String),
    /// An IP address.
    Ip(IpAddr),
    /// A mail address.
    Email(String),
    /// A URI.
    Uri(String),
    /// An iPAddress that is neither 4 nor 16 bytes long.
    BadIp,
    /// Another kind of name.
    Other,
}

impl SubjectName {
    /// `None` if there is no memory for it.
    pub(super) fn new(name: &GeneralName<'_>) -> Option<Self> {
        Some(match *name {
            GeneralName::Dns(name) => Self::Dns(room::text(name)?),
            GeneralName::Email(name) => Self::Email(room::text(name)?),
            GeneralName::Uri(uri) => Self::Uri(room::text(uri)?),
            GeneralName::Ip(address) => address_of(address).map_or(Self::BadIp, Self::Ip),
            GeneralName::Other => Self::Other,
        })
    }

    /// How long it is in a list, in bytes.
    pub(super) fn length(&self) -> usize {
        match self {
            Self::Dns(name) => name.len(),
            // With what is written before it.
            Self::Email(name) | Self::Uri(name) => name.len() + 6,
            // The longest of what is said of the others.
            Self::Ip(_) | Self::BadIp | Self::Other => 40,
        }
    }
}

impl fmt::Display for SubjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => f.write_str(name),
            Self::Ip(address) => address.fmt(f),
            Self::Email(name) => write!(f, "email:{name}"),
            Self::Uri(uri) => write!(f, "URI:{uri}"),
            Self::BadIp => f.write_str("an IP address of a wrong length"),
            Self::Other => f.write_str("another kind of name"),
        }
    }
}

fn address_of(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(v4).into());
    }
    <[u8; 16]>::try_from(bytes)
        .ok()
        .map(|v6| Ipv6Addr::from(v6).into())
}

/// A part of the space of names (RFC 5280, section 4.2.1.10).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Constraint {
    /// This DNS name and all below it; with a dot in front, what is below it alone; empty
    /// for all DNS names.
    Dns(String),
    /// The addresses that agree with the first in all bits of the second, which is of
    /// the same family.
    Ip(IpAddr, IpAddr),
    /// A kind of name that is not understood here.
    Other,
}

impl Constraint {
    /// Of a GeneralSubtree; `None` if it is none. Its minimum and maximum are for no kind
    /// of name that is understood here.
    fn read(subtree: Element<'_>) -> Option<Self> {
        let mut fields = subtree.walk(Tag::Sequence)?;
        let base = GeneralName::read(fields.read()?)?;
        for number in 0..=1 {
            fields.read_if(|tag| {
                matches!(tag, Tag::ContextSpecific { constructed: false, number: found }
                    if found.value() == number)
            });
        }
        if !fields.is_over() {
            return None;
        }
        Some(match base {
            GeneralName::Dns(name) => Self::Dns(room::text(name)?),
            GeneralName::Ip(range) => {
                let (address, mask) = range.split_at(range.len() / 2);
                match (address_of(address), address_of(mask)) {
                    (Some(address), Some(mask)) if address.is_ipv4() == mask.is_ipv4() => {
                        Self::Ip(address, mask)
                    }
                    _ => Self::Other,
                }
            }
            _ => Self::Other,
        })
    }
}

/// What a CA's nameConstraints allow and forbid (RFC 5280, section 4.2.1.10).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct NameConstraintsFacts {
    /// The names that are allowed, if any of their kind is mentioned.
    pub permitted: Vec<Constraint>,
    /// The names that are forbidden.
    pub excluded: Vec<Constraint>,
}

impl NameConstraintsFacts {
    /// `None` if it is none.
    pub(super) fn read(constraints: Element<'_>) -> Option<Self> {
        let mut fields = constraints.walk(Tag::Sequence)?;
        let mut subtrees = |number| match fields.read_tagged(number) {
            None => Some(Vec::new()),
            Some(list) => room::list(list.elements()?.map(|subtree| Constraint::read(subtree?))),
        };
        let (permitted, excluded) = (subtrees(TagNumber::N0)?, subtrees(TagNumber::N1)?);
        fields.is_over().then_some(Self {
            permitted,
            excluded,
        })
    }
}
