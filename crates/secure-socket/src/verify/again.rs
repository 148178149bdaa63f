// SPDX-License-Identifier: Apache-2.0

//! Judges a chain that a full handshake showed once more, before a session from it is
//! resumed.
//!
//! What cannot have changed is not asked again: who signed what, and that it leads to a
//! trust anchor, since those are the client's or server's own for as long as it lives. All
//! that is a matter of the clock, or of what was learned since, is.

use alloc::borrow::ToOwned;
use core::fmt;

use super::{Crypto, Expected, Means};
use crate::backend::PresentedCertificate;
use crate::diagnosis::{CertificateRefusal, CheckFlags};
use crate::revocation::ShownCertificate;
use crate::session::CertificateIdentity;
use crate::time::UnixTime;
use crate::x509::CertificateFacts;

/// Why a chain would not do any more.
pub(crate) enum Outdated {
    /// One of its certificates is refused.
    Refused(CertificateRefusal),
    /// It has no certificate of the peer's own.
    Nobody,
}

impl fmt::Display for Outdated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refused) => refused.fmt(f),
            Self::Nobody => f.write_str("no certificate was kept with it"),
        }
    }
}

/// Judges `chain`, trust anchor first, by what does not take asking somebody else, and says
/// whose it is.
pub(crate) fn judge_chain(
    chain: &[ShownCertificate],
    expected: Expected<'_>,
    crypto: &dyn Crypto,
) -> Result<CertificateIdentity, Outdated> {
    let examiner = expected.trust.examiner(expected, crypto);
    let mut examiner = examiner.ok_or(Outdated::Nobody)?;
    for shown in chain {
        // The answer is in the findings too.
        let _ = examiner.certificate(PresentedCertificate {
            depth: shown.depth,
            der: &shown.der,
            flags: dates(&shown.der, expected.clock),
        });
    }
    let findings = examiner.into_findings();
    match findings.refused.first() {
        Some(refused) => Err(Outdated::Refused(refused.to_owned())),
        None => findings.leaf.ok_or(Outdated::Nobody),
    }
}

/// As [`judge_chain`], and asks whom the policy has asked.
pub(crate) fn judge_again(
    chain: &[ShownCertificate],
    expected: Expected<'_>,
    means: &dyn Means,
) -> Result<CertificateIdentity, Outdated> {
    let leaf = judge_chain(chain, expected, means)?;
    if let Some(lookup) = expected.trust.status_lookup(expected.clock, means) {
        let asked = lookup.check.check(chain, &lookup);
        asked.map_err(Outdated::Refused)?;
    }
    Ok(leaf)
}

/// What the TLS library says of dates in a full handshake.
fn dates(der: &[u8], clock: UnixTime) -> CheckFlags {
    match CertificateFacts::read(der) {
        // The examiner cannot read it either, and says so.
        None => CheckFlags::PASSED,
        Some(facts) if clock > facts.not_after => CheckFlags::EXPIRED,
        Some(facts) if clock < facts.not_before => CheckFlags::NOT_YET_VALID,
        Some(_) => CheckFlags::PASSED,
    }
}
