// SPDX-License-Identifier: Apache-2.0

//! The tables.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::Failed;
use crate::callgrind::{Whose, heap, instructions};
use crate::case::Case;
use crate::material::{Chain, ENTRIES, Files};
use crate::probe::Heap;

/// What something costs.
#[derive(Clone, Copy)]
struct Cost {
    instructions: u64,
    heap: Heap,
}

impl Cost {
    fn of(files: &Files, case: Case) -> Result<Self, Failed> {
        Ok(Self {
            instructions: instructions(files, case, Whose::Ours)?,
            heap: heap(files, case)?,
        })
    }

    /// What this costs more than another.
    const fn above(self, other: Self) -> u64 {
        self.instructions.saturating_sub(other.instructions)
    }
}

/// All that is measured of one chain.
pub(crate) struct Measured {
    tls_library: Cost,
    handshakes: [u64; 2],
    plain: Cost,
    /// What each costs, and what it is called.
    more: Vec<(String, Cost)>,
    build: Cost,
    /// To load a list of so many entries, and to build a client with it.
    lists: Vec<(usize, Cost, Cost)>,
}

pub(crate) fn measure(chain: &Chain, files: &Files) -> Result<Measured, Failed> {
    let plain = Cost::of(files, Case::Plain)?;
    let mut more = vec![("three pins".to_owned(), Cost::of(files, Case::Pins)?)];
    for entries in ENTRIES {
        let name = format!("a list of {}", grouped(entries as u64));
        more.push((name, Cost::of(files, Case::Crl(entries))?));
    }
    for (name, delegate) in [("OCSP, issuer", false), ("OCSP, delegate", true)] {
        more.push((name.to_owned(), Cost::of(files, Case::Ocsp { delegate })?));
    }
    let handshake = |mutual| instructions(files, Case::Handshake { mutual }, Whose::Ours);
    let mut lists = Vec::new();
    // Lists do not know how long a chain is.
    for entries in ENTRIES.into_iter().filter(|_| chain.intermediates == 1) {
        let load = Cost::of(files, Case::CrlLoad(entries))?;
        lists.push((entries, load, Cost::of(files, Case::CrlBuild(entries))?));
    }
    Ok(Measured {
        tls_library: Cost {
            instructions: instructions(files, Case::Plain, Whose::TlsLibrary)?,
            heap: heap(files, Case::Alone)?,
        },
        handshakes: [handshake(false)?, handshake(true)?],
        plain,
        more,
        build: Cost::of(files, Case::Build)?,
        lists,
    })
}

/// `1234567` as `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn percent(part: u64, whole: u64) -> String {
    let tenths = part * 1_000 / whole.max(1);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

pub(crate) fn text(chains: &[(Chain, Measured)]) -> String {
    let mut text = String::new();
    // To write to a String never fails.
    let _ = verification(&mut text, chains);
    let _ = lists(&mut text, chains);
    text
}

fn verification(text: &mut String, chains: &[(Chain, Measured)]) -> std::fmt::Result {
    for (chain, measured) in chains {
        let Measured {
            tls_library, plain, ..
        } = measured;
        let many = chain.intermediates;
        let s = if many == 1 { "" } else { "s" };
        writeln!(text, "### {}, {many} intermediate{s}\n", chain.shown)?;
        writeln!(
            text,
            "| | instructions | of a handshake | heap, peak | kept |"
        )?;
        writeln!(text, "|---|--:|--:|--:|--:|")?;
        let [of_handshake, mutual] = measured.handshakes;
        for (name, all) in [("mode 2", of_handshake), ("mode 3", mutual)] {
            let all = grouped(all);
            writeln!(text, "| the client's handshake, {name} | {all} | | | |")?;
        }
        let mut row = |name: &str, instructions: u64, heap: Heap| {
            let share = percent(instructions, of_handshake);
            let instructions = grouped(instructions);
            let (peak, kept) = (grouped(heap.peak as u64), grouped(heap.kept.max(0) as u64));
            writeln!(
                text,
                "| {name} | {instructions} | {share} | {peak} | {kept} |"
            )
        };
        row(
            "Mbed TLS's own verification",
            tls_library.instructions,
            tls_library.heap,
        )?;
        row("the policy above it", plain.instructions, plain.heap)?;
        for (name, cost) in &measured.more {
            row(&format!("+ {name}"), cost.above(*plain), cost.heap)?;
        }
        writeln!(text)?;
    }
    Ok(())
}

fn lists(text: &mut String, chains: &[(Chain, Measured)]) -> std::fmt::Result {
    writeln!(text, "### Revocation lists, when they are loaded\n")?;
    writeln!(
        text,
        "| | entries | to read it | an entry | to verify it | heap, peak | kept |"
    )?;
    writeln!(text, "|---|--:|--:|--:|--:|--:|--:|")?;
    for (chain, measured) in chains {
        for (entries, load, build) in &measured.lists {
            let each = load.instructions / *entries as u64;
            writeln!(
                text,
                "| {} | {} | {} | {} | {} | {} | {} |",
                chain.shown,
                grouped(*entries as u64),
                grouped(load.instructions),
                grouped(each),
                grouped(build.above(measured.build)),
                grouped(load.heap.peak as u64),
                grouped(load.heap.kept.max(0) as u64),
            )?;
        }
    }
    Ok(())
}

/// Puts `text` into a document, between the marks of `section`.
pub(crate) fn put(document: &Path, section: &str, text: &str) -> Result<(), Failed> {
    let (begin, end) = (
        format!("<!-- {section}: made by `cost` -->\n"),
        format!("<!-- end of {section} -->"),
    );
    let old = fs::read_to_string(document)?;
    let missing = || format!("{} has no {begin:?} and {end:?}", document.display());
    let (before, rest) = old.split_once(&begin).ok_or_else(missing)?;
    let (_, after) = rest.split_once(&end).ok_or_else(missing)?;
    fs::write(
        document,
        format!("{before}{begin}\n{}\n\n{end}{after}", text.trim_end()),
    )?;
    Ok(())
}
