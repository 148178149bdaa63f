// SPDX-License-Identifier: Apache-2.0

//! What is in a firmware image, by the sizes of its symbols.

use std::collections::BTreeMap;
use std::fs;

use object::{Object as _, ObjectSection as _, ObjectSymbol as _, SectionFlags, SectionKind};
use rustc_demangle::demangle;

use crate::report::{grouped, put};
use crate::{Failed, document};

/// Where a symbol belongs, by how its name begins: the first that applies.
const GROUPS: [(&str, &[&str]); 9] = [
    (
        "our policy: revocation lists",
        &["secure_socket::revocation::crl"],
    ),
    (
        "our policy: OCSP and HTTP",
        &[
            "secure_socket::revocation",
            "httparse",
            "sha1_smol",
            "x509_ocsp",
        ],
    ),
    (
        "our policy: certificates and names",
        &[
            "secure_socket::x509",
            "secure_socket::verify",
            "secure_socket::policy",
        ],
    ),
    (
        "ASN.1 (`der`, `x509-cert`, `spki`)",
        &["der::", "x509_cert", "spki", "const_oid", "flagset"],
    ),
    (
        "the words of refusals",
        &["secure_socket::diagnosis", "secure_socket::error"],
    ),
    (
        "PEM",
        &["secure_socket::credential::pem", "pem_rfc7468", "base64ct"],
    ),
    ("the rest of `secure-socket`", &["secure_socket"]),
    (
        "Rust's `core` and `alloc`",
        &["core::", "alloc::", "compiler_builtins", "__rust"],
    ),
    (
        "Mbed TLS",
        &["mbedtls_", "psa_", "x509_", "ecp_", "ssl_", "rsa_"],
    ),
];
const OTHERS: &str = "all else";

/// Bytes of flash, by group.
type Sizes = BTreeMap<&'static str, u64>;

/// What a generic function is of: `<A as B>::c` and `f::<A>` belong to A's crate.
fn group(symbol: &str) -> &'static str {
    // Without the hashes.
    let name = format!("{:#}", demangle(symbol));
    let bare = name.trim_start_matches(['<', '&', '[', '*', '(']);
    GROUPS
        .into_iter()
        .find(|(_, prefixes)| prefixes.iter().any(|prefix| bare.starts_with(prefix)))
        .map_or(OTHERS, |(group, _)| group)
}

fn sizes(path: &str) -> Result<Sizes, Failed> {
    let bytes = fs::read(path).map_err(|error| format!("{path}: {error}"))?;
    let image = object::File::parse(&*bytes).map_err(|error| format!("{path}: {error}"))?;
    let mut sizes = Sizes::new();
    // All that is loaded and not all zeroes is in flash; what has no symbol is all else.
    let in_flash = |kind| {
        matches!(
            kind,
            SectionKind::Text | SectionKind::ReadOnlyData | SectionKind::Data
        )
    };
    const ALLOC: u64 = 2;
    let mut rest = 0;
    for section in image.sections().filter(|section| in_flash(section.kind())) {
        if matches!(section.flags(), SectionFlags::Elf { sh_flags } if sh_flags & ALLOC != 0) {
            rest += section.size();
        }
    }
    let mut seen = BTreeMap::new();
    for symbol in image.symbols() {
        let section = symbol
            .section_index()
            .and_then(|index| image.section_by_index(index).ok());
        if symbol.size() > 0 && section.is_some_and(|section| in_flash(section.kind())) {
            // Functions that were merged have several names.
            seen.entry(symbol.address())
                .or_insert((symbol.size(), symbol.name()?.to_owned()));
        }
    }
    for (size, name) in seen.into_values() {
        *sizes.entry(group(&name)).or_default() += size;
        rest = rest.saturating_sub(size);
    }
    *sizes.entry(OTHERS).or_default() += rest;
    Ok(sizes)
}

/// `images` are NAME=ELF.
pub(crate) fn run(images: &[&str]) -> Result<(), Failed> {
    let mut columns = Vec::new();
    for image in images {
        let (name, path) = image
            .split_once('=')
            .ok_or_else(|| format!("`{image}` is not NAME=ELF"))?;
        columns.push((name, sizes(path)?));
    }
    let mut text = String::from("| bytes of flash |");
    for (name, _) in &columns {
        text += &format!(" {name} |");
    }
    text += "\n|---|";
    text += &"--:|".repeat(columns.len());
    let groups = GROUPS.into_iter().map(|(group, _)| group).chain([OTHERS]);
    for group in groups {
        text += &format!("\n| {group} |");
        for (_, sizes) in &columns {
            let size = sizes.get(group).copied().unwrap_or_default();
            text += &format!(" {} |", grouped(size));
        }
    }
    text += "\n| **the image** |";
    for (_, sizes) in &columns {
        text += &format!(" **{}** |", grouped(sizes.values().sum()));
    }
    let mut rest = columns.iter();
    if let Some((first, base)) = rest.next() {
        let base: u64 = base.values().sum();
        text += &format!("\n| more than {first} | |");
        for (_, sizes) in rest {
            let all: u64 = sizes.values().sum();
            text += &match all.checked_sub(base) {
                Some(more) => format!(" {} |", grouped(more)),
                None => format!(" -{} |", grouped(base - all)),
            };
        }
    }
    println!("{text}");
    put(&document(), "flash", &text)
}
