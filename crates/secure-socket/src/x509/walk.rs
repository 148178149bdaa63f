// SPDX-License-Identifier: Apache-2.0

//! Reads DER where it lies: nothing is copied, and nothing allocated.

use der::asn1::ObjectIdentifier;
use der::{Decode, Header, Reader, SliceReader, Tag};
use x509_cert::time::Time;

use super::seconds;
use crate::time::UnixTime;

/// One element: a tag and what belongs to it.
#[derive(Clone, Copy)]
pub(crate) struct Element<'a> {
    pub(crate) tag: Tag,
    /// What is in it.
    pub(crate) value: &'a [u8],
    /// All of it, tag and length included.
    pub(crate) whole: &'a [u8],
}

impl<'a> Element<'a> {
    /// What is in it, if it has this tag.
    pub(crate) fn value_of(self, tag: Tag) -> Option<&'a [u8]> {
        (self.tag == tag).then_some(self.value)
    }

    /// The elements in it, if it has this tag.
    pub(crate) fn walk(self, tag: Tag) -> Option<Walk<'a>> {
        Walk::over(self.value_of(tag)?)
    }

    /// A time, if it is one as RFC 5280, section 4.1.2.5 has them.
    pub(crate) fn time(self) -> Option<UnixTime> {
        Time::from_der(self.whole).ok().map(|time| seconds(&time))
    }

    /// The number of a kind, if it is one.
    pub(crate) fn id(self) -> Option<ObjectIdentifier> {
        ObjectIdentifier::from_bytes(self.value_of(Tag::ObjectIdentifier)?).ok()
    }

    /// A truth value, if it is one.
    pub(crate) fn boolean(self) -> Option<bool> {
        match self.value_of(Tag::Boolean)? {
            [0] => Some(false),
            [0xFF] => Some(true),
            _ => None,
        }
    }
}

/// Elements that follow each other.
#[derive(Clone)]
pub(crate) struct Walk<'a>(SliceReader<'a>);

impl<'a> Walk<'a> {
    /// `None` if there is more than any DER here has (256 MiB).
    pub(crate) fn over(bytes: &'a [u8]) -> Option<Self> {
        SliceReader::new(bytes).ok().map(Self)
    }

    /// What `bytes` hold, if that is one element and no more.
    pub(crate) fn only(bytes: &'a [u8]) -> Option<Element<'a>> {
        let mut walk = Self::over(bytes)?;
        let element = walk.read()?;
        walk.is_over().then_some(element)
    }

    /// The next one; `None` if there is none, or what is there is no DER.
    pub(crate) fn read(&mut self) -> Option<Element<'a>> {
        let mut ahead = self.0.clone();
        let header = Header::decode(&mut ahead).ok()?;
        let value = ahead.read_slice(header.length).ok()?;
        let length = (ahead.position() - self.0.position()).ok()?;
        let whole = self.0.read_slice(length).ok()?;
        Some(Element {
            tag: header.tag,
            value,
            whole,
        })
    }

    /// The next one if it has this tag; otherwise it stays.
    pub(crate) fn read_if(&mut self, is_it: impl FnOnce(Tag) -> bool) -> Option<Element<'a>> {
        let tag = self.0.peek_tag().ok()?;
        if is_it(tag) { self.read() } else { None }
    }

    /// Whether all was read.
    pub(crate) fn is_over(&self) -> bool {
        self.0.is_finished()
    }
}

/// The issuer and the subject of a certificate (RFC 5280, section 4.1.2), as they are
/// encoded there.
pub(crate) fn issuer_and_subject(certificate: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut outer = Walk::only(certificate)?.walk(Tag::Sequence)?;
    let mut body = outer.read()?.walk(Tag::Sequence)?;
    // The version, which the first of them go without.
    body.read_if(|tag| matches!(tag, Tag::ContextSpecific { .. }));
    body.read()?.value_of(Tag::Integer)?;
    body.read()?.value_of(Tag::Sequence)?;
    let issuer = body.read()?;
    body.read()?.value_of(Tag::Sequence)?;
    let subject = body.read()?;
    issuer.value_of(Tag::Sequence)?;
    subject.value_of(Tag::Sequence)?;
    Some((issuer.whole, subject.whole))
}
