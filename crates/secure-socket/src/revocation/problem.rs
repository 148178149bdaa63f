// SPDX-License-Identifier: Apache-2.0

//! Why nobody can tell whether a certificate is revoked.

use alloc::string::String;
use core::fmt;

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
    /// Memory ran out while a signature was checked.
    OutOfMemory,
    /// What was to be looked at cannot be read.
    Unreadable,
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
            Self::OutOfMemory => f.write_str(
                "the TLS library ran out of memory while it checked a signature; on Zephyr raise \
                 CONFIG_MBEDTLS_HEAP_SIZE",
            ),
            Self::Unreadable => f.write_str("what says so cannot be read"),
        }
    }
}
