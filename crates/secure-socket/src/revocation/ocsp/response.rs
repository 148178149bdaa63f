// SPDX-License-Identifier: Apache-2.0

//! Whether a response says of a certificate that it is good.

use alloc::string::ToString;
use core::time::Duration;

use der::Decode;
use der::asn1::ObjectIdentifier;
use x509_cert::ext::Extensions;
use x509_ocsp::{
    CertStatus, OcspGeneralizedTime, OcspResponse, OcspResponseStatus, ResponseData, SingleResponse,
};

use super::request::{ID_PKIX_OCSP_NONCE, Question, nonce_value};
use super::responder::{self, Signed};
use crate::diagnosis::Refusal;
use crate::revocation::{OcspStatus, RevocationProblem, RevocationReason, StatusLookup};
use crate::time::UnixTime;

/// How far ahead of ours a responder's clock may be. Ours was read before the
/// handshake, and was set by SNTP or by hand.
pub const CLOCK_SKEW: Duration = Duration::from_secs(5 * 60);
/// How long after its thisUpdate a response without nextUpdate is taken. It says that
/// there may be a newer one at any time (RFC 6960, section 4.2.2.1), so it has to be of
/// today, and fresh.
pub const MAX_AGE: Duration = Duration::from_secs(60 * 60);

/// RFC 6960, section 4.2.1.
const ID_PKIX_OCSP_BASIC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.1");

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
    question: &Question,
    nonce: Option<&[u8]>,
    lookup: &StatusLookup<'_>,
) -> Result<Good, Refusal> {
    let unreadable = |_: der::Error| RevocationProblem::OcspUnreadable;
    let response = OcspResponse::from_der(response).map_err(unreadable)?;
    if let Some(status) = failed(response.response_status) {
        return Err(RevocationProblem::OcspStatus(status).into());
    }
    let basic = match response.response_bytes {
        Some(bytes) if bytes.response_type == ID_PKIX_OCSP_BASIC => bytes.response,
        _ => return Err(RevocationProblem::OcspUnreadable.into()),
    };
    let signed = Signed::from_der(basic.as_bytes()).map_err(unreadable)?;
    let data: ResponseData = signed.data.decode_as().map_err(unreadable)?;
    responder::authenticate(&signed, &data.responder_id, question, lookup)?;
    // From here on it is what the responder said.
    understood(data.response_extensions.as_ref())?;
    if let Some(nonce) = nonce {
        echoed(nonce, data.response_extensions.as_ref())?;
    }
    let mut good: Option<Good> = None;
    for single in &data.responses {
        if !question.is_about(&single.cert_id) {
            continue;
        }
        let another = judge_single(single, lookup.clock)?;
        // Two answers to one question, both good: the sooner one ends is what is known.
        good = Some(match good {
            Some(first) if first.next_update <= another.next_update => first,
            _ => another,
        });
    }
    good.ok_or_else(|| RevocationProblem::OcspOtherCertificate.into())
}

const fn failed(status: OcspResponseStatus) -> Option<OcspStatus> {
    Some(match status {
        OcspResponseStatus::Successful => return None,
        OcspResponseStatus::MalformedRequest => OcspStatus::MalformedRequest,
        OcspResponseStatus::InternalError => OcspStatus::InternalError,
        OcspResponseStatus::TryLater => OcspStatus::TryLater,
        OcspResponseStatus::SigRequired => OcspStatus::SigRequired,
        OcspResponseStatus::Unauthorized => OcspStatus::Unauthorized,
    })
}

fn judge_single(single: &SingleResponse, clock: UnixTime) -> Result<Good, Refusal> {
    understood(single.single_extensions.as_ref())?;
    let good = Good {
        this_update: seconds(single.this_update),
        next_update: single.next_update.map(seconds),
    };
    in_date(&good, clock)?;
    match single.cert_status {
        CertStatus::Good(_) => Ok(good),
        CertStatus::Unknown(_) => Err(RevocationProblem::OcspUnknown.into()),
        CertStatus::Revoked(info) => Err(Refusal::Revoked {
            at: Some(seconds(info.revocation_time)),
            reason: info
                .revocation_reason
                .map(|reason| RevocationReason::from_code(reason as u8)),
        }),
    }
}

fn seconds(time: OcspGeneralizedTime) -> UnixTime {
    UnixTime::from_seconds(time.0.to_unix_duration().as_secs())
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
fn understood(extensions: Option<&Extensions>) -> Result<(), RevocationProblem> {
    let unknown = extensions
        .into_iter()
        .flatten()
        .find(|extension| extension.critical && extension.extn_id != ID_PKIX_OCSP_NONCE);
    unknown.map_or(Ok(()), |extension| {
        Err(RevocationProblem::OcspExtension {
            extension: extension.extn_id.to_string(),
        })
    })
}

/// RFC 9654, section 2.1.
fn echoed(nonce: &[u8], extensions: Option<&Extensions>) -> Result<(), RevocationProblem> {
    let mut echoes = extensions
        .into_iter()
        .flatten()
        .filter(|extension| extension.extn_id == ID_PKIX_OCSP_NONCE)
        .peekable();
    if echoes.peek().is_none() {
        return Err(RevocationProblem::OcspNonceMissing);
    }
    let sent = nonce_value(nonce);
    match echoes.all(|echo| Some(echo.extn_value.as_bytes()) == sent.as_deref()) {
        true => Ok(()),
        false => Err(RevocationProblem::OcspNonce),
    }
}
