// SPDX-License-Identifier: Apache-2.0

//! Reads DER where it lies: nothing is copied, and nothing allocated.

use der::asn1::ObjectIdentifier;
use der::{Decode, Header, Length, Reader, SliceReader, Tag, TagNumber};
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

    /// The elements in it, whatever its tag.
    pub(crate) fn elements(self) -> Option<Walk<'a>> {
        Walk::over(self.value)
    }

    /// A time, if it is one as RFC 5280, section 4.1.2.5 has them.
    pub(crate) fn time(self) -> Option<UnixTime> {
        Time::from_der(self.whole).ok().map(|time| seconds(&time))
    }

    /// The number of a kind, if it is one.
    pub(crate) fn id(self) -> Option<ObjectIdentifier> {
        ObjectIdentifier::from_bytes(self.value_of(Tag::ObjectIdentifier)?).ok()
    }

    /// An INTEGER's bytes, big end first, if it is one in the fewest bytes.
    pub(crate) fn integer(self) -> Option<&'a [u8]> {
        match self.value_of(Tag::Integer)? {
            [] | [0, 0..=0x7F, ..] | [0xFF, 0x80..=0xFF, ..] => None,
            bytes => Some(bytes),
        }
    }

    /// An INTEGER of 0 to 255, if it is one.
    pub(crate) fn small(self) -> Option<u8> {
        match *self.integer()? {
            [byte @ 0..=0x7F] | [0, byte] => Some(byte),
            _ => None,
        }
    }

    /// The bytes of a BIT STRING, if it is one; the last of them may be filled up.
    pub(crate) fn bits(self) -> Option<&'a [u8]> {
        bits(self.value_of(Tag::BitString)?)
    }

    /// The number of its context-specific tag, and whether it holds elements.
    pub(crate) fn context(self) -> Option<(u8, bool)> {
        match self.tag {
            Tag::ContextSpecific {
                constructed,
                number,
            } => Some((number.value(), constructed)),
            _ => None,
        }
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

/// The bytes of a BIT STRING with this contents.
pub(super) fn bits(contents: &[u8]) -> Option<&[u8]> {
    match contents {
        [0] => Some(&[]),
        [0..=7, bytes @ ..] if !bytes.is_empty() => Some(bytes),
        _ => None,
    }
}

/// Elements that follow each other.
#[derive(Clone)]
pub(crate) struct Walk<'a>(&'a [u8]);

impl<'a> Walk<'a> {
    /// `None` if there is more than any DER here has (256 MiB).
    pub(crate) fn over(bytes: &'a [u8]) -> Option<Self> {
        Length::try_from(bytes.len()).ok().map(|_| Self(bytes))
    }

    /// What `bytes` hold, if that is one element and no more.
    pub(crate) fn only(bytes: &'a [u8]) -> Option<Element<'a>> {
        let mut walk = Self::over(bytes)?;
        let element = walk.read()?;
        walk.is_over().then_some(element)
    }

    /// The next one; `None` if there is none, or what is there is no DER.
    pub(crate) fn read(&mut self) -> Option<Element<'a>> {
        // Nearly all are short, and a revocation list has thousands: a tag, a length that
        // is one byte, the value.
        let (tag, header, length) = match *self.0 {
            [tag, length @ 0..=0x7F, ..] => (Tag::try_from(tag).ok()?, 2, usize::from(length)),
            _ => {
                let mut ahead = SliceReader::new(self.0).ok()?;
                let Header { tag, length } = Header::decode(&mut ahead).ok()?;
                let usize_of = |length| usize::try_from(length).ok();
                (tag, usize_of(ahead.position())?, usize_of(length)?)
            }
        };
        let (whole, rest) = self.0.split_at_checked(header.checked_add(length)?)?;
        self.0 = rest;
        Some(Element {
            tag,
            value: &whole[header..],
            whole,
        })
    }

    /// The next one if it has this tag; otherwise it stays.
    pub(crate) fn read_if(&mut self, is_it: impl FnOnce(Tag) -> bool) -> Option<Element<'a>> {
        let tag = Tag::try_from(*self.0.first()?).ok()?;
        if is_it(tag) { self.read() } else { None }
    }

    /// The next one if it has the context-specific tag `number` and holds elements.
    pub(crate) fn read_tagged(&mut self, number: TagNumber) -> Option<Element<'a>> {
        self.read_if(|tag| {
            tag == Tag::ContextSpecific {
                constructed: true,
                number,
            }
        })
    }

    /// Whether all was read.
    pub(crate) fn is_over(&self) -> bool {
        self.0.is_empty()
    }
}

/// Each element that is left; `None` for what is no DER, and then no more.
impl<'a> Iterator for Walk<'a> {
    type Item = Option<Element<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over() {
            return None;
        }
        let element = self.read();
        if element.is_none() {
            self.0 = &[];
        }
        Some(element)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read by the short way is what the decoder of `der` reads, for every tag and
    /// every length of one or two bytes, with all, too little and more behind it.
    #[test]
    fn short_elements_are_read_as_long_ones_are() {
        for tag in 0..=u8::MAX {
            for length in 0..=u8::MAX {
                for behind in [0, 1, 2, 0x7E, 0x7F, 0x80, 0x90] {
                    let mut bytes = [0x80; 2 + 0x90];
                    [bytes[0], bytes[1]] = [tag, length];
                    let bytes = &bytes[..2 + behind];
                    let mut reader = SliceReader::new(bytes).unwrap();
                    let expected = Header::decode(&mut reader).ok().and_then(|header| {
                        let value = reader.read_slice(header.length).ok()?;
                        Some((header.tag, value))
                    });
                    let mut walk = Walk::over(bytes).unwrap();
                    let read = walk.read();
                    let found = read.map(|element| (element.tag, element.value));
                    assert_eq!(found, expected, "{tag:#x} {length:#x} {behind}");
                    let left = read.map_or(bytes.len(), |read| bytes.len() - read.whole.len());
                    assert_eq!(walk.0.len(), left);
                }
            }
        }
    }
}
