// SPDX-License-Identifier: Apache-2.0

//! The names in certificates.

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use der::Tagged;
use der::asn1::{
    Ia5StringRef, ObjectIdentifier, PrintableStringRef, TeletexStringRef, Utf8StringRef,
};
use x509_cert::ext::pkix::NameConstraints;
use x509_cert::ext::pkix::constraints::name::GeneralSubtree;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;

/// The value of the last attribute of this kind in a distinguished name, if it is
/// text.
pub(super) fn attribute(name: &Name, kind: ObjectIdentifier) -> Option<String> {
    let attribute = name
        .0
        .iter()
        .flat_map(|set| set.0.iter())
        .rfind(|attribute| attribute.oid == kind)?;
    let value = &attribute.value;
    let text = match value.tag() {
        der::Tag::Utf8String => value.decode_as::<Utf8StringRef<'_>>().ok()?.to_string(),
        der::Tag::PrintableString => value
            .decode_as::<PrintableStringRef<'_>>()
            .ok()?
            .to_string(),
        der::Tag::Ia5String => value.decode_as::<Ia5StringRef<'_>>().ok()?.to_string(),
        der::Tag::TeletexString => value.decode_as::<TeletexStringRef<'_>>().ok()?.to_string(),
        _ => return None,
    };
    Some(text)
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
    pub(super) fn read(name: &GeneralName) -> Self {
        match name {
            GeneralName::DnsName(name) => Self::Dns(name.as_str().to_owned()),
            GeneralName::Rfc822Name(name) => Self::Email(name.as_str().to_owned()),
            GeneralName::UniformResourceIdentifier(uri) => Self::Uri(uri.as_str().to_owned()),
            GeneralName::IpAddress(address) => {
                address_of(address.as_bytes()).map_or(Self::BadIp, Self::Ip)
            }
            _ => Self::Other,
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
    /// This DNS name and all below it; empty for all DNS names.
    Dns(String),
    /// The addresses that agree with the first in all bits of the second, which is of
    /// the same family.
    Ip(IpAddr, IpAddr),
    /// A kind of name that is not understood here.
    Other,
}

impl Constraint {
    fn read(subtree: &GeneralSubtree) -> Self {
        match &subtree.base {
            GeneralName::DnsName(name) => {
                let name = name.as_str();
                Self::Dns(name.strip_prefix('.').unwrap_or(name).to_owned())
            }
            GeneralName::IpAddress(range) => {
                let bytes = range.as_bytes();
                let (address, mask) = bytes.split_at(bytes.len() / 2);
                match (address_of(address), address_of(mask)) {
                    (Some(address), Some(mask)) if address.is_ipv4() == mask.is_ipv4() => {
                        Self::Ip(address, mask)
                    }
                    _ => Self::Other,
                }
            }
            _ => Self::Other,
        }
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
    pub(super) fn read(constraints: &NameConstraints) -> Self {
        let read = |subtrees: &Option<Vec<GeneralSubtree>>| {
            subtrees.iter().flatten().map(Constraint::read).collect()
        };
        Self {
            permitted: read(&constraints.permitted_subtrees),
            excluded: read(&constraints.excluded_subtrees),
        }
    }
}
