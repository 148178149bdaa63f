// SPDX-License-Identifier: Apache-2.0

//! Extensions, of whatever has them: certificates, revocation lists, OCSP responses.

use der::Tag;
use der::asn1::ObjectIdentifier;

use super::walk::Element;

/// RFC 5280, section 4.1.
pub(crate) struct Extension<'a> {
    pub(crate) id: ObjectIdentifier,
    pub(crate) critical: bool,
    pub(crate) value: &'a [u8],
}

impl<'a> Extension<'a> {
    /// Each of a sequence of them, and `None` for what is none; `None` at once if it is no
    /// sequence.
    pub(crate) fn all(list: Element<'a>) -> Option<impl Iterator<Item = Option<Self>> + use<'a>> {
        let list = list.walk(Tag::Sequence)?;
        Some(list.map(|extension| Self::read(extension?)))
    }

    fn read(extension: Element<'a>) -> Option<Self> {
        let mut fields = extension.walk(Tag::Sequence)?;
        let id = fields.read()?.id()?;
        let critical = match fields.read_if(|tag| tag == Tag::Boolean) {
            Some(critical) => critical.boolean()?,
            None => false,
        };
        let value = fields.read()?.value_of(Tag::OctetString)?;
        fields.is_over().then_some(Self {
            id,
            critical,
            value,
        })
    }
}
