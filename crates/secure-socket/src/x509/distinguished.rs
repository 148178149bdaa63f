// SPDX-License-Identifier: Apache-2.0

//! Distinguished names, as RFC 4514 writes them.

use alloc::string::String;
use core::fmt::Write as _;

use der::Tag;
use der::asn1::{
    Ia5StringRef, ObjectIdentifier, PrintableStringRef, TeletexStringRef, Utf8StringRef,
};

use super::walk::Element;
use crate::room;

/// X.520, commonName.
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// A name as a person reads it.
pub(super) struct DistinguishedName {
    /// As RFC 4514 writes it: the last part first.
    pub(super) text: String,
    /// The last commonName in it, if that is text.
    pub(super) common_name: Option<String>,
}

/// The most parts of a name, and of a part of one that has several.
const MAX_PARTS: usize = 64;
/// The most bytes of text that a byte of a name becomes: an object identifier in digits.
const MOST_FOR_EACH: usize = 5;

impl DistinguishedName {
    /// Of a Name (RFC 5280, section 4.1.2.4); `None` if it is none, has more than
    /// [`MAX_PARTS`], or there is no memory for it.
    pub(super) fn read(name: Element<'_>) -> Option<Self> {
        let parts = name.walk(Tag::Sequence)?;
        let count = parts.clone().count();
        if count > MAX_PARTS {
            return None;
        }
        // Nothing that is written below takes more.
        let mut text = String::new();
        text.try_reserve_exact(MOST_FOR_EACH * name.whole.len())
            .ok()?;
        let mut common_name = None;
        for index in (0..count).rev() {
            let attributes = parts.clone().nth(index)??.walk(Tag::Set)?;
            // An empty set has no text that could stand for it.
            if attributes.is_over() {
                return None;
            }
            for (index, attribute) in attributes.clone().enumerate() {
                let attribute = attribute?;
                // A set has nothing twice.
                let twice = |other: Option<Element<'_>>| {
                    other.is_some_and(|other| other.whole == attribute.whole)
                };
                if index >= MAX_PARTS || attributes.clone().take(index).any(twice) {
                    return None;
                }
                match index {
                    0 if text.is_empty() => {}
                    0 => text.push(','),
                    _ => text.push('+'),
                }
                let mut fields = attribute.walk(Tag::Sequence)?;
                let kind = fields.read()?.id()?;
                let value = fields.read()?;
                if !fields.is_over() {
                    return None;
                }
                write_attribute(&mut text, kind, value);
                if kind == COMMON_NAME && common_name.is_none() {
                    common_name = Some(match text_of(value) {
                        Some(text) => Some(room::text(text)?),
                        None => None,
                    });
                }
            }
        }
        Some(Self {
            text: room::text(&text)?,
            common_name: common_name.flatten(),
        })
    }
}

/// What a string says; `None` for kinds of strings that are rarer still, and for what is
/// no string.
fn text_of(value: Element<'_>) -> Option<&str> {
    let bytes = value.value;
    match value.tag {
        Tag::Utf8String => Some(Utf8StringRef::new(bytes).ok()?.as_str()),
        Tag::PrintableString => Some(PrintableStringRef::new(bytes).ok()?.as_str()),
        Tag::Ia5String => Some(Ia5StringRef::new(bytes).ok()?.as_str()),
        Tag::TeletexString => Some(TeletexStringRef::new(bytes).ok()?.as_str()),
        _ => None,
    }
}

/// RFC 4514, section 2.4. A String takes everything: there are no errors.
fn write_attribute(out: &mut String, kind: ObjectIdentifier, value: Element<'_>) {
    let (Some(name), Some(text)) = (short_name(kind.as_bytes()), text_of(value)) else {
        let _ = write!(out, "{kind}=#");
        for byte in value.whole {
            let _ = write!(out, "{byte:02x}");
        }
        return;
    };
    out.push_str(name);
    out.push('=');
    let mut characters = text.chars().peekable();
    let mut first = true;
    while let Some(character) = characters.next() {
        match character {
            '#' if first => out.push_str("\\#"),
            ' ' if first || characters.peek().is_none() => out.push_str("\\ "),
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => {
                out.push('\\');
                out.push(character);
            }
            '\0'..='\x1F' | '\x7F' => {
                let _ = write!(out, "\\{:02x}", u32::from(character));
            }
            _ => out.push(character),
        }
        first = false;
    }
}

/// The names of RFC 4519 and PKCS #9 for what occurs in certificates, by the contents of
/// the object identifier.
fn short_name(kind: &[u8]) -> Option<&'static str> {
    Some(match kind {
        [0x55, 4, last] => match last {
            3 => "CN",
            4 => "SN",
            5 => "SERIALNUMBER",
            6 => "C",
            7 => "L",
            8 => "ST",
            9 => "STREET",
            10 => "O",
            11 => "OU",
            12 => "TITLE",
            13 => "DESCRIPTION",
            15 => "BUSINESSCATEGORY",
            17 => "POSTALCODE",
            41 => "NAME",
            42 => "GIVENNAME",
            43 => "INITIALS",
            44 => "GENERATIONQUALIFIER",
            46 => "DNQUALIFIER",
            65 => "PSEUDONYM",
            _ => return None,
        },
        // 0.9.2342.19200300.100.1.1 and .25
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xF2, 0x2C, 0x64, 1, 1] => "UID",
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xF2, 0x2C, 0x64, 1, 25] => "DC",
        // 1.2.840.113549.1.9.1
        [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 9, 1] => "EMAIL",
        _ => return None,
    })
}
