// SPDX-License-Identifier: Apache-2.0

//! Whether a response says of a certificate that it is good.

use core::time::Duration;

use der::Tag;

use super::reading::{Basic, Extensions, Single, Status};
use super::request::{ID_PKIX_OCSP_NONCE, NONCE, Question};
use super::responder;
use crate::diagnosis::Refusal;
use crate::revocation::{RevocationProblem, StatusLookup};
use crate::room;
use crate::time::UnixTime;
use crate::x509::extension::Extension;
use crate::x509::walk::Walk;

/// How far ahead of ours a responder's clock may be. Ours was read before the
/// handshake, and was set by SNTP or by hand.
pub const CLOCK_SKEW: Duration = Duration::from_secs(5 * 60);
/// How long after its thisUpdate a response without nextUpdate is taken. It says that
/// there may be a newer one at any time (RFC 6960, section 4.2.2.1), so it has to be of
/// today, and fresh.
pub const MAX_AGE: Duration = Duration::from_secs(60 * 60);

/// A certificate is not revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Good {
    /// When that was so.
    pub(super) this_update: UnixTime,
    /// By when there is something newer.
    pub(super) next_update: Option<UnixTime>,
}

/// Holds a response (DER) against RFC 6960, section 3.2, and against our clock.
pub(super) fn judge(
    response: &[u8],
    question: &Question<'_>,
    nonce: Option<&[u8; NONCE]>,
    lookup: &StatusLookup<'_>,
) -> Result<Good, Refusal> {
    let basic = Basic::read(response)?;
    responder::authenticate(&basic, question, lookup)?;
    // From here on it is what the responder said.
    understood(basic.extensions)?;
    if let Some(nonce) = nonce {
        echoed(nonce, basic.extensions)?;
    }
    let mut good: Option<Good> = None;
    for answer in basic.answers {
        let answer = answer.and_then(Single::read);
        let answer = answer.ok_or(RevocationProblem::OcspUnreadable)?;
        if !answer.answers(question) {
            continue;
        }
        let another = judge_single(&answer, lookup.clock)?;
        // Two answers to one question, both good: the sooner one ends is what is known.
        good = Some(match good {
            Some(first) if first.next_update <= another.next_update => first,
            _ => another,
        });
    }
    good.ok_or_else(|| RevocationProblem::OcspOtherCertificate.into())
}

fn judge_single(single: &Single<'_>, clock: UnixTime) -> Result<Good, Refusal> {
    understood(single.extensions)?;
    let good = Good {
        this_update: single.this_update,
        next_update: single.next_update,
    };
    in_date(&good, clock)?;
    match single.status {
        Status::Good => Ok(good),
        Status::Unknown => Err(RevocationProblem::OcspUnknown.into()),
        Status::Revoked { at, reason } => Err(Refusal::Revoked {
            at: Some(at),
            reason,
        }),
    }
}

/// Whether something begins later than our clock, with all its faults, can say.
pub(super) fn not_yet(this_update: UnixTime, clock: UnixTime) -> bool {
    this_update.seconds() > clock.seconds().saturating_add(CLOCK_SKEW.as_secs())
}

/// RFC 6960, section 4.2.2.1.
fn in_date(good: &Good, clock: UnixTime) -> Result<(), RevocationProblem> {
    let Good {
        this_update,
        next_update,
    } = *good;
    if not_yet(this_update, clock) {
        return Err(RevocationProblem::OcspNotYetValid { this_update, clock });
    }
    match next_update {
        Some(next_update) if clock > next_update => {
            Err(RevocationProblem::OcspStale { next_update, clock })
        }
        None if clock.seconds() > this_update.seconds().saturating_add(MAX_AGE.as_secs()) => {
            Err(RevocationProblem::OcspTooOld { this_update, clock })
        }
        _ => Ok(()),
    }
}

/// Refuses what may change the meaning of all the rest (RFC 6960, section 4.4).
fn understood(extensions: Extensions<'_>) -> Result<(), Refusal> {
    let mut all = extensions.each();
    match all.find(|extension| extension.critical && extension.id != ID_PKIX_OCSP_NONCE) {
        None => Ok(()),
        Some(unknown) => Err(match room::shown(unknown.id) {
            Some(extension) => RevocationProblem::OcspExtension { extension }.into(),
            None => Refusal::OutOfMemory,
        }),
    }
}

/// RFC 9654, section 2.1.
fn echoed(nonce: &[u8; NONCE], extensions: Extensions<'_>) -> Result<(), RevocationProblem> {
    let mut echoes = extensions
        .each()
        .filter(|extension| extension.id == ID_PKIX_OCSP_NONCE)
        .peekable();
    if echoes.peek().is_none() {
        return Err(RevocationProblem::OcspNonceMissing);
    }
    let is_ours = |echo: Extension<'_>| {
        Walk::only(echo.value).and_then(|echo| echo.value_of(Tag::OctetString))
            == Some(nonce.as_slice())
    };
    match echoes.all(is_ours) {
        true => Ok(()),
        false => Err(RevocationProblem::OcspNonce),
    }
}
