// SPDX-License-Identifier: Apache-2.0

//! Makes good input bad.

use std::vec;
use std::vec::Vec;

/// Numbers that are those of every run (SplitMix64).
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % end.max(1) as u64) as usize
    }

    fn of(&mut self, bytes: &[u8]) -> u8 {
        bytes[self.below(bytes.len())]
    }
}

/// Bytes that matter to one parser or another: tags and lengths of DER, and punctuation.
const TELLING: &[u8] = b"\x00\x01\x02\x03\x04\x05\x06\x0A\x0C\x13\x16\x17\x18\x1F\x30\x31\
    \x7F\x80\x81\x82\x84\xA0\xA1\xA3\xFF-\n\r :/.*[]@#=";

/// One to four changes; some keep the lengths of DER right, so that they are not refused
/// at the door.
pub(super) fn mutated(seed: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=random.below(4) {
        bytes = match random.below(2) {
            0 => in_bytes(bytes, other, random),
            _ => in_elements(&bytes, random),
        };
    }
    bytes
}

/// A change that libFuzzer would make.
fn in_bytes(mut bytes: Vec<u8>, other: &[u8], random: &mut Random) -> Vec<u8> {
    let place = random.below(bytes.len());
    let end = (place + 1 + random.below(16)).min(bytes.len());
    match random.below(8) {
        _ if bytes.is_empty() => bytes.push(random.of(TELLING)),
        0 => bytes[place] ^= 1 << random.below(8),
        1 => bytes[place] = random.below(256) as u8,
        2 => bytes[place] = random.of(TELLING),
        3 => bytes.insert(place, random.of(TELLING)),
        4 => drop(bytes.drain(place..end)),
        5 => bytes.truncate(place),
        // A piece of itself once more, and one of another seed.
        6 => {
            let piece = bytes[place..end].to_vec();
            let to = random.below(bytes.len());
            bytes.splice(to..to, piece);
        }
        _ => {
            let from = random.below(other.len());
            let until = (from + 1 + random.below(64)).min(other.len());
            bytes.splice(place..end, other[from..until].iter().copied());
        }
    }
    bytes
}

/// Tag and value of each DER element in `bytes`, if that is what they are.
fn elements(mut bytes: &[u8]) -> Option<Vec<(u8, &[u8])>> {
    let mut found = Vec::new();
    while let [tag, first, rest @ ..] = bytes {
        let many = usize::from(first.saturating_sub(0x80));
        let (length, rest) = match first {
            0..=0x7F => (usize::from(*first), rest),
            0x81 | 0x82 => rest.split_at_checked(many).map(|(length, rest)| {
                let length = length.iter();
                (
                    length.fold(0, |sum, byte| sum << 8 | usize::from(*byte)),
                    rest,
                )
            })?,
            _ => return None,
        };
        let (value, rest) = rest.split_at_checked(length)?;
        found.push((*tag, value));
        bytes = rest;
    }
    (bytes.is_empty() && !found.is_empty()).then_some(found)
}

fn element(tag: u8, value: &[u8]) -> Vec<u8> {
    let mut der = vec![tag];
    match value.len() {
        length @ 0..0x80 => der.push(length as u8),
        length @ 0x80..0x100 => der.extend([0x81, length as u8]),
        length => der.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    der.extend_from_slice(value);
    der
}

/// How many elements there are, at any depth.
fn count(bytes: &[u8]) -> usize {
    let found = elements(bytes).unwrap_or_default();
    let each = found.iter().map(|(_, value)| 1 + count(value));
    each.sum()
}

/// A change of one element, at any depth; what it is in has the right length again.
fn in_elements(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    match count(bytes) {
        0 => in_bytes(bytes.to_vec(), bytes, random),
        all => {
            let mut chosen = Some(random.below(all));
            with_changed(bytes, &mut chosen, random)
        }
    }
}

/// `chosen` is how many elements come before the one to change; none once that is done.
fn with_changed(bytes: &[u8], chosen: &mut Option<usize>, random: &mut Random) -> Vec<u8> {
    let Some(found) = elements(bytes) else {
        return bytes.to_vec();
    };
    let mut all = Vec::new();
    for (tag, value) in found {
        *chosen = match *chosen {
            Some(0) => {
                all.extend(changed(tag, value, random));
                None
            }
            before => {
                let mut before = before.map(|before| before - 1);
                all.extend(element(tag, &with_changed(value, &mut before, random)));
                before
            }
        };
    }
    all
}

fn changed(tag: u8, value: &[u8], random: &mut Random) -> Vec<u8> {
    let same = element(tag, value);
    match random.below(7) {
        0 => element(tag, &[]),
        1 => Vec::new(),
        2 => [&same[..], &same].concat(),
        3 => element(random.of(TELLING), value),
        4 => element(tag, &value[..random.below(value.len())]),
        5 => element(tag, &[value, &[random.of(TELLING)]].concat()),
        _ => element(tag, &in_bytes(value.to_vec(), value, random)),
    }
}
