// SPDX-License-Identifier: Apache-2.0

//! Whether a certificate is for a name: RFC 9525, section 6, and the nameConstraints
//! of RFC 5280, section 4.2.1.10.

#[cfg(any(test, feature = "fuzzing"))]
pub(super) mod fuzz;

use alloc::string::ToString;
use core::net::IpAddr;

use crate::diagnosis::Refusal;
use crate::name::ServerName;
use crate::x509::{CertificateFacts, Constraint, SubjectName};

/// Why the certificate is not for `wanted`; `None` if it is.
pub(super) fn judge(
    facts: &CertificateFacts,
    wanted: &ServerName,
    legacy_common_name: bool,
) -> Option<Refusal> {
    let carries = match &facts.names {
        Some(names) => names.iter().any(|name| is_for(name, wanted)),
        None => {
            legacy_common_name
                && facts
                    .common_name
                    .as_ref()
                    .is_some_and(|name| common_name_is_for(name, wanted))
        }
    };
    (!carries).then(|| refusal(facts, wanted))
}

/// The sentence on a certificate that is for other names.
pub(super) fn refusal(facts: &CertificateFacts, wanted: &ServerName) -> Refusal {
    let wanted = wanted.to_text();
    match &facts.names {
        Some(names) => Refusal::WrongName {
            wanted,
            names: names.iter().map(ToString::to_string).collect(),
        },
        None => Refusal::NoSubjectAltName {
            wanted,
            common_name: facts.common_name.clone(),
        },
    }
}

fn is_for(name: &SubjectName, wanted: &ServerName) -> bool {
    match (name, wanted.as_ip()) {
        (SubjectName::Dns(pattern), None) => matches(pattern, wanted.as_str()),
        (SubjectName::Ip(address), Some(wanted)) => *address == wanted,
        _ => false,
    }
}

fn common_name_is_for(name: &str, wanted: &ServerName) -> bool {
    match wanted.as_ip() {
        None => matches(name, wanted.as_str()),
        Some(wanted) => name.parse() == Ok(wanted),
    }
}

/// Whether a DNS name as certificates have them, perhaps with a wildcard, stands for
/// `wanted`, which is in lower case. Only a whole leftmost label can be a wildcard,
/// stands for one label, and is not taken right below a top-level domain.
fn matches(pattern: &str, wanted: &str) -> bool {
    let pattern = pattern.strip_suffix('.').unwrap_or(pattern);
    let Some(parent) = pattern.strip_prefix("*.") else {
        return pattern.eq_ignore_ascii_case(wanted);
    };
    wanted.split_once('.').is_some_and(|(_, wanted_parent)| {
        parent.contains('.') && parent.eq_ignore_ascii_case(wanted_parent)
    })
}

/// Which name of the peer's certificate a CA above it may not vouch for; `None` if
/// all is well.
pub(super) fn judge_constraints(
    issuer: &CertificateFacts,
    leaf: &CertificateFacts,
    legacy_common_name: bool,
) -> Option<Refusal> {
    let constraints = issuer.name_constraints.as_ref()?;
    let refuse = |name: &dyn ToString| {
        Some(Refusal::NameConstraint {
            issuer: issuer.subject.clone(),
            name: name.to_string(),
        })
    };
    // Where it stands in for names it is held to what they are.
    let common_name = match (&leaf.names, &leaf.common_name) {
        (None, Some(name)) if legacy_common_name => Some(match name.parse() {
            Ok(address) => SubjectName::Ip(address),
            Err(_) => SubjectName::Dns(name.clone()),
        }),
        _ => None,
    };
    for name in leaf.names.iter().flatten().chain(&common_name) {
        let of_its_kind = |constraint: &&Constraint| is_same_kind(constraint, name);
        let mut permitted = constraints.permitted.iter().filter(of_its_kind).peekable();
        let allowed = permitted.peek().is_none() || permitted.any(|part| is_within(name, part));
        let forbidden = constraints
            .excluded
            .iter()
            .any(|part| reaches_into(name, part));
        if forbidden || !allowed {
            return refuse(name);
        }
    }
    None
}

const fn is_same_kind(constraint: &Constraint, name: &SubjectName) -> bool {
    matches!(
        (constraint, name),
        (Constraint::Dns(_), SubjectName::Dns(_))
            | (
                Constraint::Ip(IpAddr::V4(_), _),
                SubjectName::Ip(IpAddr::V4(_))
            )
            | (
                Constraint::Ip(IpAddr::V6(_), _),
                SubjectName::Ip(IpAddr::V6(_))
            )
    )
}

fn is_within(name: &SubjectName, part: &Constraint) -> bool {
    match (name, part) {
        (SubjectName::Dns(name), Constraint::Dns(parent)) => is_below(name, parent),
        (
            SubjectName::Ip(IpAddr::V4(address)),
            Constraint::Ip(IpAddr::V4(net), IpAddr::V4(mask)),
        ) => address & mask == net & mask,
        (
            SubjectName::Ip(IpAddr::V6(address)),
            Constraint::Ip(IpAddr::V6(net), IpAddr::V6(mask)),
        ) => address & mask == net & mask,
        _ => false,
    }
}

/// Whether any name that `name`, perhaps a wildcard, stands for is within `part`.
fn reaches_into(name: &SubjectName, part: &Constraint) -> bool {
    let (SubjectName::Dns(name), Constraint::Dns(parent)) = (name, part) else {
        return is_within(name, part);
    };
    // With a dot in front or without: what is excluded is excluded whole.
    let parent = parent.strip_prefix('.').unwrap_or(parent);
    let wildcard_for = |name: &str| {
        let (Some(above), Some((_, parent))) = (name.strip_prefix("*."), parent.split_once('.'))
        else {
            return false;
        };
        above.eq_ignore_ascii_case(parent)
    };
    is_below(name, parent) || wildcard_for(name)
}

/// Whether `name` is `parent` or ends in it at a dot; if `parent` has a dot in front, the
/// latter alone. A wildcard is held to the same, as it stands: all that it stands for is
/// below its parent.
fn is_below(name: &str, parent: &str) -> bool {
    if parent.is_empty() {
        return true;
    }
    let Some(start) = name.len().checked_sub(parent.len()) else {
        return false;
    };
    let (above, tail) = (name.get(..start), name.get(start..));
    tail.is_some_and(|tail| tail.eq_ignore_ascii_case(parent))
        && above.is_some_and(|above| match parent.starts_with('.') {
            true => !above.is_empty(),
            false => above.is_empty() || above.ends_with('.'),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        for (pattern, name, expected) in [
            ("device.test", "device.test", true),
            ("DEVICE.Test.", "device.test", true),
            ("*.device.test", "a.device.test", true),
            ("*.device.test", "device.test", false),
            ("*.device.test", "b.a.device.test", false),
            ("*.test", "device.test", false),
            ("*", "device.test", false),
            ("a*.device.test", "ab.device.test", false),
            ("*a.device.test", "ba.device.test", false),
            ("b.*.test", "b.device.test", false),
            ("xn--*.device.test", "xn--a.device.test", false),
            ("*.*.test", "a.b.test", false),
            ("", "device.test", false),
            ("*.", "device.test", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn wildcards_reach_into_what_is_excluded() {
        let reaches = |name: &str, parent: &str| {
            reaches_into(
                &SubjectName::Dns(name.into()),
                &Constraint::Dns(parent.into()),
            )
        };
        for (name, parent, expected) in [
            ("*.device.test", "a.device.test", true),
            ("*.Device.test", "a.device.TEST", true),
            ("*.device.test", ".a.device.test", true),
            ("*.device.test", "device.test", true),
            ("*.device.test", ".device.test", true),
            // It stands for one label.
            ("*.device.test", "b.a.device.test", false),
            ("*.device.test", "a.test", false),
            ("b.device.test", "a.device.test", false),
        ] {
            assert_eq!(reaches(name, parent), expected, "{name} {parent}");
        }
    }

    #[test]
    fn names_below_a_constraint() {
        for (name, parent, expected) in [
            ("device.test", "device.test", true),
            ("a.device.test", "Device.Test", true),
            ("*.device.test", "device.test", true),
            ("adevice.test", "device.test", false),
            ("test", "device.test", false),
            ("device.test", "", true),
            ("a.device.test", ".device.test", true),
            ("device.test", ".device.test", false),
            (".device.test", ".device.test", false),
            ("adevice.test", ".device.test", false),
            ("é.test", "x.test", false),
        ] {
            assert_eq!(is_below(name, parent), expected, "{name} {parent}");
        }
    }
}
