// SPDX-License-Identifier: Apache-2.0

//! The extensions of a certificate (RFC 5280, section 4.2) that are looked at.

use alloc::string::String;
use alloc::vec::Vec;

use der::asn1::ObjectIdentifier;
use der::{Tag, TagNumber};

use super::extension::Extension;
use super::names::{GeneralName, NameConstraintsFacts, SubjectName};
use super::walk::{Element, Walk};
use super::{ANY_EXTENDED_KEY_USAGE, CLIENT_AUTH, OCSP_SIGNING, SERVER_AUTH};
use crate::room;

/// The most extensions that are named as not understood. One is enough to be refused, and two
/// to be refused by whoever understands one of them.
const MAX_TOLD: usize = 4;
/// The most URLs of a kind that are kept. Nobody asks at more than a few.
const MAX_URLS: usize = 8;

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

/// RFC 5280, section 4.2.1.3.
const KEY_USAGE: ObjectIdentifier = oid("2.5.29.15");
/// RFC 5280, section 4.2.1.6.
const SUBJECT_ALT_NAME: ObjectIdentifier = oid("2.5.29.17");
/// RFC 5280, section 4.2.1.9.
const BASIC_CONSTRAINTS: ObjectIdentifier = oid("2.5.29.19");
/// RFC 5280, section 4.2.1.10.
const NAME_CONSTRAINTS: ObjectIdentifier = oid("2.5.29.30");
/// RFC 5280, section 4.2.1.12.
const EXTENDED_KEY_USAGE: ObjectIdentifier = oid("2.5.29.37");
/// RFC 5280, section 4.2.1.13.
const CRL_DISTRIBUTION_POINTS: ObjectIdentifier = oid("2.5.29.31");
/// RFC 5280, section 4.2.2.1.
const AUTHORITY_INFO_ACCESS: ObjectIdentifier = oid("1.3.6.1.5.5.7.1.1");

/// RFC 5280, section 4.2.2.1.
pub(super) const AD_OCSP: ObjectIdentifier = oid("1.3.6.1.5.5.7.48.1");
/// RFC 5280, section 4.2.2.1.
pub(super) const AD_CA_ISSUERS: ObjectIdentifier = oid("1.3.6.1.5.5.7.48.2");

/// The critical extensions that the TLS library understands. Not among them are
/// nameConstraints: those that are not critical are looked at here, and Mbed TLS reads no
/// certificate in which they are.
const UNDERSTOOD: [ObjectIdentifier; 4] = [
    KEY_USAGE,
    SUBJECT_ALT_NAME,
    BASIC_CONSTRAINTS,
    EXTENDED_KEY_USAGE,
];

/// What keyUsage allows: the bits of RFC 5280, section 4.2.1.3, the first of them highest.
#[derive(Clone, Copy)]
pub(super) struct Usage(u8);

impl Usage {
    pub(super) const DIGITAL_SIGNATURE: Self = Self(0x80);
    pub(super) const KEY_CERT_SIGN: Self = Self(0x04);
    pub(super) const CRL_SIGN: Self = Self(0x02);

    pub(super) const fn allows(self, use_: Self) -> bool {
        self.0 & use_.0 != 0
    }
}

/// What extendedKeyUsage allows.
#[derive(Clone, Copy, Default)]
pub(super) struct Purposes {
    pub(super) any: bool,
    pub(super) server_auth: bool,
    pub(super) client_auth: bool,
    pub(super) ocsp_signing: bool,
}

/// What basicConstraints say.
#[derive(Clone, Copy, Default)]
pub(super) struct Basic {
    pub(super) is_ca: bool,
    pub(super) path_length: Option<u8>,
}

/// Where authorityInfoAccess leads.
#[derive(Default)]
pub(super) struct Access {
    pub(super) ocsp: Vec<String>,
    pub(super) issuers: Vec<String>,
}

/// The extensions, as far as they are looked at.
#[derive(Default)]
pub(super) struct Extensions {
    pub(super) names: Option<Vec<SubjectName>>,
    pub(super) usage: Option<Usage>,
    pub(super) purposes: Option<Purposes>,
    pub(super) basic: Option<Basic>,
    pub(super) name_constraints: Option<NameConstraintsFacts>,
    pub(super) access: Option<Access>,
    pub(super) crl_urls: Option<Vec<String>>,
    /// Critical, and understood by nobody here.
    pub(super) not_understood: Vec<String>,
}

impl Extensions {
    /// `None` if `list` is none, or what is looked at is there twice or breaks its format.
    pub(super) fn read(list: Option<Element<'_>>) -> Option<Self> {
        let mut all = Self::default();
        let Some(list) = list else {
            return Some(all);
        };
        for extension in Extension::all(list)? {
            let Extension {
                id,
                critical,
                value,
            } = extension?;
            all.take(id, value)?;
            if critical && !UNDERSTOOD.contains(&id) {
                keep_id(&mut all.not_understood, id)?;
            }
        }
        Some(all)
    }

    fn take(&mut self, id: ObjectIdentifier, value: &[u8]) -> Option<()> {
        match id {
            KEY_USAGE => once(&mut self.usage, value, usage),
            SUBJECT_ALT_NAME => once(&mut self.names, value, subject_names),
            BASIC_CONSTRAINTS => once(&mut self.basic, value, basic),
            NAME_CONSTRAINTS => once(
                &mut self.name_constraints,
                value,
                NameConstraintsFacts::read,
            ),
            EXTENDED_KEY_USAGE => once(&mut self.purposes, value, purposes),
            CRL_DISTRIBUTION_POINTS => once(&mut self.crl_urls, value, crl_urls),
            AUTHORITY_INFO_ACCESS => once(&mut self.access, value, access),
            _ => Some(()),
        }
    }
}

/// Reads what may be there once.
fn once<T>(
    slot: &mut Option<T>,
    value: &[u8],
    read: impl FnOnce(Element<'_>) -> Option<T>,
) -> Option<()> {
    if slot.is_some() {
        return None;
    }
    *slot = Some(read(Walk::only(value)?)?);
    Some(())
}

fn usage(value: Element<'_>) -> Option<Usage> {
    // No bits at all allow nothing.
    let bits = value.bits()?;
    Some(Usage(bits.first().copied().unwrap_or_default()))
}

fn subject_names(value: Element<'_>) -> Option<Vec<SubjectName>> {
    value.value_of(Tag::Sequence)?;
    room::list(GeneralName::all(value)?.map(|name| SubjectName::new(&name?)))
}

fn basic(value: Element<'_>) -> Option<Basic> {
    let mut fields = value.walk(Tag::Sequence)?;
    let is_ca = match fields.read_if(|tag| tag == Tag::Boolean) {
        Some(is_ca) => is_ca.boolean()?,
        None => false,
    };
    let path_length = match fields.read_if(|tag| tag == Tag::Integer) {
        Some(length) => Some(length.small()?),
        None => None,
    };
    fields.is_over().then_some(Basic { is_ca, path_length })
}

fn purposes(value: Element<'_>) -> Option<Purposes> {
    let mut purposes = Purposes::default();
    for purpose in value.walk(Tag::Sequence)? {
        match purpose?.id()? {
            ANY_EXTENDED_KEY_USAGE => purposes.any = true,
            SERVER_AUTH => purposes.server_auth = true,
            CLIENT_AUTH => purposes.client_auth = true,
            OCSP_SIGNING => purposes.ocsp_signing = true,
            _ => {}
        }
    }
    Some(purposes)
}

/// Keeps a number, once; `None` if there is no memory for it.
fn keep_id(ids: &mut Vec<String>, id: ObjectIdentifier) -> Option<()> {
    let id = room::shown(id)?;
    if ids.len() < MAX_TOLD && !ids.contains(&id) {
        ids.try_reserve(1).ok()?;
        ids.push(id);
    }
    Some(())
}

/// Keeps a name that is a URL; `None` if there is no memory for it.
fn keep_url(urls: &mut Vec<String>, name: &GeneralName<'_>) -> Option<()> {
    if let GeneralName::Uri(url) = name
        && urls.len() < MAX_URLS
    {
        urls.try_reserve(1).ok()?;
        urls.push(room::text(url)?);
    }
    Some(())
}

fn access(value: Element<'_>) -> Option<Access> {
    let mut access = Access::default();
    for description in value.walk(Tag::Sequence)? {
        let mut fields = description?.walk(Tag::Sequence)?;
        let method = fields.read()?.id()?;
        let location = GeneralName::read(fields.read()?)?;
        if !fields.is_over() {
            return None;
        }
        match method {
            AD_OCSP => keep_url(&mut access.ocsp, &location)?,
            AD_CA_ISSUERS => keep_url(&mut access.issuers, &location)?,
            _ => {}
        }
    }
    Some(access)
}

fn crl_urls(value: Element<'_>) -> Option<Vec<String>> {
    let mut urls = Vec::new();
    for point in value.walk(Tag::Sequence)? {
        let mut fields = point?.walk(Tag::Sequence)?;
        if let Some(name) = fields.read_tagged(TagNumber::N0) {
            let name = Walk::only(name.value)?;
            match name.context()? {
                // fullName
                (0, true) => {
                    for name in GeneralName::all(name)? {
                        keep_url(&mut urls, &name?)?;
                    }
                }
                // nameRelativeToCRLIssuer
                (1, true) => {}
                _ => return None,
            }
        }
        // reasons and cRLIssuer
        for number in 1..=2 {
            fields.read_if(
                |tag| matches!(tag, Tag::ContextSpecific { number: found, .. } if found.value() == number),
            );
        }
        if !fields.is_over() {
            return None;
        }
    }
    Some(urls)
}
