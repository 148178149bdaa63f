// SPDX-License-Identifier: Apache-2.0

//! Puts a verdict into words, with the facts on both sides.

use alloc::vec::Vec;

use super::examiner::Link;
use super::{Expected, purpose};
use crate::diagnosis::{CheckFlags, Refusal};

/// Everything that a certificate was refused for: what its issuer has to do with it
/// first, then what the TLS library found, then what we found besides. Never empty if
/// any flag is set, but for what was said of the key `above` already.
pub(super) fn explain(
    link: &Link,
    above: Option<&Link>,
    expected: &Expected<'_>,
    untrusted: impl FnOnce() -> Option<Refusal>,
) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    let mut rest = link.flags;
    let mut take = |bits: CheckFlags| {
        let had = rest.has(bits);
        rest = rest.without(bits);
        had
    };
    if let Some(facts) = &link.facts {
        let clock = expected.clock;
        if link.flags.has(CheckFlags::NOT_TRUSTED)
            && let Some(refusal) = untrusted()
        {
            take(CheckFlags::NOT_TRUSTED);
            refusals.push(refusal);
        }
        if take(CheckFlags::EXPIRED) {
            let not_after = facts.not_after;
            refusals.push(Refusal::Expired { not_after, clock });
        }
        if take(CheckFlags::NOT_YET_VALID) {
            let not_before = facts.not_before;
            refusals.push(Refusal::NotYetValid { not_before, clock });
        }
    }
    // Flags that a sentence of ours stands for need no second one.
    for refusal in &link.refusals {
        take(flags_of(refusal));
    }
    if let (Some(facts), Some(name)) = (&link.facts, expected.name)
        && take(CheckFlags::NAME)
    {
        refusals.push(super::name::refusal(facts, name));
    }
    if take(purpose::FLAGS) {
        refusals.push(purpose::refusal(link.depth, expected.peer));
    }
    // Mbed TLS holds the key that signed a certificate against that certificate.
    if above.is_some_and(|above| above.refusals.iter().any(is_about_the_key)) {
        take(CheckFlags::BAD_KEY);
    }
    if take(CheckFlags::BAD_DIGEST | CheckFlags::BAD_ALGORITHM | CheckFlags::BAD_KEY) {
        refusals.push(Refusal::WeakKey);
    }
    if take(CheckFlags::REVOKED) {
        let (at, reason) = (None, None);
        refusals.push(Refusal::Revoked { at, reason });
    }
    refusals.extend(link.refusals.iter().cloned());
    if !rest.is_passed() {
        refusals.push(Refusal::Other(rest));
    }
    refusals
}

const fn is_about_the_key(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::KeyTooShort { .. } | Refusal::KeyTooHeavy { .. } | Refusal::KeyNotAllowed { .. }
    )
}

/// The flags that say the same as `refusal`, whoever set them.
const fn flags_of(refusal: &Refusal) -> CheckFlags {
    match refusal {
        Refusal::WrongName { .. } | Refusal::NoSubjectAltName { .. } => CheckFlags::NAME,
        Refusal::Purpose { .. } => purpose::FLAGS,
        Refusal::KeyTooShort { .. }
        | Refusal::KeyTooHeavy { .. }
        | Refusal::KeyNotAllowed { .. } => CheckFlags::BAD_KEY,
        Refusal::WeakSignature { .. } => {
            CheckFlags::from_bits(CheckFlags::BAD_DIGEST.bits() | CheckFlags::BAD_ALGORITHM.bits())
        }
        Refusal::Revoked { .. } | Refusal::RevocationUnknown { .. } => CheckFlags::REVOKED,
        _ => CheckFlags::OTHER,
    }
}
