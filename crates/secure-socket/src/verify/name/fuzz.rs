// SPDX-License-Identifier: Apache-2.0

//! Names that may be anything: [`fuzzing::NAMES`](crate::fuzzing::NAMES).

use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use super::{is_below, is_for, is_within, matches, reaches_into};
use crate::name::{MAX_DNS_NAME, ServerName};
use crate::x509::{Constraint, SubjectName};

pub(crate) fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (pattern, wanted) = text.split_once('\n').unwrap_or((&text, &text));
    constraint(pattern, wanted);
    addresses(data);
    let Ok(name) = ServerName::new(wanted) else {
        return;
    };
    let again = ServerName::new(&name.to_text());
    assert_eq!(
        again.as_ref(),
        Ok(&name),
        "{wanted:?} written and read again"
    );
    let dns = SubjectName::Dns(pattern.into());
    let Some(address) = name.as_ip() else {
        assert!(name.as_str().len() <= MAX_DNS_NAME && !name.as_str().is_empty());
        assert!(
            !name.as_str().contains(['*', '\0', ':', ' ', '/']),
            "{name}"
        );
        matching(pattern, name.as_str());
        assert_eq!(is_for(&dns, &name), matches(pattern, name.as_str()));
        return;
    };
    assert!(!is_for(&dns, &name), "an address by a DNS name");
    assert!(is_for(&SubjectName::Ip(address), &name));
}

/// The labels of a name, the top-level domain first. A dot at the end makes no difference.
fn labels(name: &str) -> Vec<String> {
    let name = name.strip_suffix('.').unwrap_or(name);
    name.rsplit('.').map(str::to_ascii_lowercase).collect()
}

/// RFC 9525, section 6.3, label by label.
fn matching(pattern: &str, wanted: &str) {
    let is_match = matches(pattern, wanted);
    let (theirs, ours) = (labels(pattern), labels(wanted));
    let is_same = theirs == ours;
    let is_wildcard = theirs.len() == ours.len()
        && theirs.len() > 2
        && theirs.last().is_some_and(|label| label == "*")
        && theirs[..theirs.len() - 1] == ours[..ours.len() - 1];
    assert_eq!(is_match, is_same || is_wildcard, "{pattern:?} {wanted:?}");
}

/// RFC 5280, section 4.2.1.10, label by label.
fn constraint(name: &str, parent: &str) {
    let is_inside = is_below(name, parent);
    let fold =
        |name: &str| -> Vec<String> { name.rsplit('.').map(str::to_ascii_lowercase).collect() };
    let inner = fold(name);
    let expected = match parent.strip_prefix('.') {
        // What is below it alone.
        Some(bare) => {
            let outer = fold(bare);
            inner.starts_with(&outer) && inner.len() > outer.len() && name.len() > parent.len()
        }
        None => parent.is_empty() || inner.starts_with(&fold(parent)),
    };
    assert_eq!(is_inside, expected, "{name:?} {parent:?}");
    let within = |part| is_within(&SubjectName::Dns(name.into()), &part);
    assert_eq!(within(Constraint::Dns(parent.into())), is_inside);
    // What is excluded is at least what would be permitted.
    let excluded = reaches_into(
        &SubjectName::Dns(name.into()),
        &Constraint::Dns(parent.into()),
    );
    assert!(excluded || !is_inside, "{name:?} {parent:?}");
    assert!(!within(Constraint::Other));
}

/// An address is within a net bit by bit.
fn addresses(data: &[u8]) {
    let v4 = data.split_first_chunk::<4>();
    let v4 = v4.and_then(|(net, rest)| Some((net, rest.split_first_chunk::<4>()?)));
    if let Some((net, (mask, rest))) = v4
        && let Some((address, _)) = rest.split_first_chunk::<4>()
    {
        net_has(*net, *mask, *address);
    }
    let v6 = data.split_first_chunk::<16>();
    let v6 = v6.and_then(|(net, rest)| Some((net, rest.split_first_chunk::<16>()?)));
    if let Some((net, (mask, rest))) = v6
        && let Some((address, _)) = rest.split_first_chunk::<16>()
    {
        net_has(*net, *mask, *address);
    }
}

fn net_has<const N: usize>(net: [u8; N], mask: [u8; N], address: [u8; N])
where
    IpAddr: From<[u8; N]>,
{
    let differs = |index: usize| (net[index] ^ address[index]) & mask[index] != 0;
    let expected = !(0..N).any(differs);
    let part = Constraint::Ip(net.into(), mask.into());
    let name = SubjectName::Ip(address.into());
    assert_eq!(is_within(&name, &part), expected, "{name} {part:?}");
}
