// SPDX-License-Identifier: Apache-2.0

//! Why nobody can tell whether a certificate is revoked.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use super::{CrlFetchError, FetchError, HttpUrl, OcspStatus};
use crate::backend::OsError;
use crate::diagnosis::Refusal;
use crate::time::UnixTime;
use crate::x509::{PublicKeyKind, SignatureAlgorithm};

/// Why nobody can tell whether a certificate is revoked, with the facts on both sides.
///
/// Each refuses the certificate: what was to be checked and could not be is no better
/// than what was found bad.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RevocationProblem {
    /// There is no revocation list of its issuer.
    NoCrl {
        /// The issuer.
        issuer: String,
    },
    /// The newest list of its issuer is out of date: who was revoked since is not known.
    CrlStale {
        /// The issuer.
        issuer: String,
        /// When the next one was due (nextUpdate; RFC 5280, section 5.1.2.5).
        next_update: UnixTime,
        /// What our clock shows.
        clock: UnixTime,
    },
    /// The list of its issuer is from a time that our clock has yet to come to.
    CrlNotYetValid {
        /// The issuer.
        issuer: String,
        /// When it was issued (thisUpdate; RFC 5280, section 5.1.2.4).
        this_update: UnixTime,
        /// What our clock shows.
        clock: UnixTime,
    },
    /// The list that names its issuer was not signed by the issuer's key: it is of
    /// another CA of that name, or a forgery.
    CrlSignature {
        /// The issuer.
        issuer: String,
    },
    /// The list of its issuer is signed in a way that the TLS library was built without.
    CrlSignatureUnsupported {
        /// The issuer.
        issuer: String,
        /// How it is signed.
        algorithm: SignatureAlgorithm,
        /// The issuer's key.
        key: PublicKeyKind,
    },
    /// keyUsage does not allow its issuer to sign revocation lists (cRLSign; RFC 5280,
    /// section 4.2.1.3).
    CrlIssuerMayNotSign {
        /// The issuer.
        issuer: String,
    },
    /// There is no revocation list to be had from a URL.
    CrlFetch {
        /// The URL.
        url: HttpUrl,
        /// Why not.
        error: CrlFetchError,
    },
    /// A document could not be fetched.
    Fetch {
        /// From where.
        url: HttpUrl,
        /// Why not.
        error: FetchError,
    },
    /// The certificate names no OCSP responder (authorityInfoAccess) that can be asked
    /// by http, and none is configured.
    NoResponder,
    /// The OCSP responder has no answer.
    OcspStatus(OcspStatus),
    /// What the OCSP responder sent is no OCSP response, or none of the basic type.
    OcspUnreadable,
    /// The OCSP responder says that it does not know the certificate.
    OcspUnknown,
    /// The OCSP response speaks of other certificates.
    OcspOtherCertificate,
    /// The OCSP response is not signed by whom it says.
    OcspSignature,
    /// The OCSP response is signed in a way that can be forged, or that is not known
    /// here.
    OcspWeakSignature {
        /// How it is signed.
        algorithm: SignatureAlgorithm,
    },
    /// The OCSP response is signed in a way that the TLS library was built without.
    OcspSignatureUnsupported {
        /// How it is signed.
        algorithm: SignatureAlgorithm,
    },
    /// The OCSP response comes neither from the certificate's issuer nor from anybody
    /// whose certificate is in it.
    OcspResponder,
    /// The OCSP response comes from somebody who may not speak for the certificate's
    /// issuer.
    OcspDelegate {
        /// The subject of the responder's certificate.
        subject: String,
        /// What is wrong with that certificate.
        refusal: Box<Refusal>,
    },
    /// The OCSP response comes from somebody to whom the certificate's issuer gave no
    /// certificate.
    OcspDelegateIssuer {
        /// The subject of the responder's certificate.
        subject: String,
        /// The issuer of the certificate that was asked about.
        issuer: String,
    },
    /// The OCSP response has no nonce, though one was asked for.
    OcspNonceMissing,
    /// The OCSP response has another nonce than the request: it answers another one.
    OcspNonce,
    /// The OCSP response is past its nextUpdate.
    OcspStale {
        /// By when there is a newer one.
        next_update: UnixTime,
        /// What our clock shows.
        clock: UnixTime,
    },
    /// The OCSP response has no nextUpdate, and is too old to be taken without.
    OcspTooOld {
        /// When it was right.
        this_update: UnixTime,
        /// What our clock shows.
        clock: UnixTime,
    },
    /// The OCSP response is yet to become valid.
    OcspNotYetValid {
        /// From when on it is right.
        this_update: UnixTime,
        /// What our clock shows.
        clock: UnixTime,
    },
    /// The OCSP response has a critical extension that is not understood here.
    OcspExtension {
        /// Its object identifier.
        extension: String,
    },
    /// The platform has no random numbers for a nonce.
    NoRandom(OsError),
    /// Memory ran out while a signature was checked.
    OutOfMemory,
    /// What was to be looked at cannot be read.
    Unreadable,
}

impl RevocationProblem {
    /// Whether there was no answer, as against one that will not do.
    pub(crate) fn is_absence(&self) -> bool {
        match self {
            Self::Fetch { error, .. } => error.is_absence(),
            Self::OcspStatus(status) => {
                matches!(status, OcspStatus::TryLater | OcspStatus::InternalError)
            }
            _ => false,
        }
    }
}

impl From<RevocationProblem> for Refusal {
    fn from(problem: RevocationProblem) -> Self {
        Self::RevocationUnknown { problem }
    }
}

impl fmt::Display for RevocationProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nobody can tell whether it is revoked: ")?;
        match self {
            Self::NoCrl { issuer } => write!(
                f,
                "there is no revocation list of its issuer {issuer}; load that CA's, or give a \
                 URL to fetch it from"
            ),
            Self::CrlStale {
                issuer,
                next_update,
                clock,
            } => write!(
                f,
                "the revocation list of {issuer} ran out at {}, clock says {}; load or fetch the \
                 CA's present one",
                next_update.to_second(),
                clock.to_second()
            ),
            Self::CrlNotYetValid {
                issuer,
                this_update,
                clock,
            } => write!(
                f,
                "the revocation list of {issuer} is from {}, clock says {}; set the clock right",
                this_update.to_second(),
                clock.to_second()
            ),
            Self::CrlSignature { issuer } => write!(
                f,
                "the revocation list in the name of {issuer} was not signed by its key: it is of \
                 another CA of that name, or a forgery; get it anew from the CA"
            ),
            Self::CrlSignatureUnsupported {
                issuer,
                algorithm,
                key,
            } => write!(
                f,
                "the revocation list of {issuer} is signed with {algorithm} by a key of {key}, \
                 which this TLS library was built without"
            ),
            Self::CrlIssuerMayNotSign { issuer } => write!(
                f,
                "its issuer {issuer} may not sign revocation lists (keyUsage without cRLSign); \
                 have the CA's certificate issued anew with cRLSign, or use OCSP"
            ),
            Self::CrlFetch { url, error } => {
                write!(
                    f,
                    "there is no revocation list to be had from {url}: {error}"
                )
            }
            Self::Fetch { url, error } => write!(f, "{url} could not be fetched: {error}"),
            Self::NoResponder => f.write_str(
                "it names no OCSP responder that can be asked by http (authorityInfoAccess), and \
                 none is configured",
            ),
            Self::OcspStatus(status) => write!(f, "the OCSP responder says {status}"),
            Self::OcspUnreadable => {
                f.write_str("what the OCSP responder sent is no OCSP response as RFC 6960 has them")
            }
            Self::OcspUnknown => f.write_str(
                "the OCSP responder does not know it: its CA never issued it, or the wrong \
                 responder was asked",
            ),
            Self::OcspOtherCertificate => {
                f.write_str("the OCSP response speaks of other certificates")
            }
            Self::OcspSignature => {
                f.write_str("the OCSP response is not signed by the responder that it names")
            }
            Self::OcspWeakSignature { algorithm } => write!(
                f,
                "the OCSP response is signed with {algorithm}, which can be forged or is not \
                 known here; SHA-256 is the least that is safe"
            ),
            Self::OcspSignatureUnsupported { algorithm } => write!(
                f,
                "the OCSP response is signed with {algorithm}, which this TLS library was built \
                 without"
            ),
            Self::OcspResponder => f.write_str(
                "the OCSP response comes neither from its issuer nor from anybody whose \
                 certificate is in the response",
            ),
            Self::OcspDelegate { subject, refusal } => write!(
                f,
                "the OCSP response comes from {subject}, who may not speak for its issuer: \
                 {refusal}"
            ),
            Self::OcspDelegateIssuer { subject, issuer } => write!(
                f,
                "the OCSP response comes from {subject}, whose certificate was not issued by \
                 {issuer} itself"
            ),
            Self::OcspNonceMissing => f.write_str(
                "the OCSP response has no nonce, though one was asked for: it may be an old one",
            ),
            Self::OcspNonce => f.write_str("the OCSP response is the answer to another request"),
            Self::OcspStale { next_update, clock } => write!(
                f,
                "the OCSP response ran out at {}, clock says {}",
                next_update.to_second(),
                clock.to_second()
            ),
            Self::OcspTooOld { this_update, clock } => write!(
                f,
                "the OCSP response is of {} and says nothing of a newer one, clock says {}",
                this_update.to_second(),
                clock.to_second()
            ),
            Self::OcspNotYetValid { this_update, clock } => write!(
                f,
                "the OCSP response is valid from {} on, clock says {}",
                this_update.to_second(),
                clock.to_second()
            ),
            Self::OcspExtension { extension } => write!(
                f,
                "the OCSP response has a critical extension that is not understood here: \
                 {extension}"
            ),
            Self::NoRandom(error) => {
                write!(f, "there are no random numbers for the nonce: {error}")
            }
            Self::OutOfMemory => f.write_str(
                "the TLS library ran out of memory while it checked a signature; on Zephyr raise \
                 CONFIG_MBEDTLS_HEAP_SIZE",
            ),
            Self::Unreadable => f.write_str("what says so cannot be read"),
        }
    }
}
