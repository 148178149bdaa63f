// SPDX-License-Identifier: Apache-2.0

use core::fmt;

/// What an OCSP responder says instead of an answer (OCSPResponseStatus in RFC 6960,
/// section 4.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OcspStatus {
    /// It cannot read the request.
    MalformedRequest,
    /// It failed for a reason of its own.
    InternalError,
    /// It has no answer just now.
    TryLater,
    /// It wants the request signed.
    SigRequired,
    /// It does not answer us, or knows nothing of this CA.
    Unauthorized,
}

/// The name in RFC 6960, such as `tryLater`, with what it means.
impl fmt::Display for OcspStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::MalformedRequest => "malformedRequest: it cannot read the request",
            Self::InternalError => "internalError: it has a fault of its own",
            Self::TryLater => "tryLater: it has no answer just now",
            Self::SigRequired => "sigRequired: it wants signed requests, which is not supported",
            Self::Unauthorized => "unauthorized: it does not serve us, or knows nothing of this CA",
        })
    }
}
