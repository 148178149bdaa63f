// SPDX-License-Identifier: Apache-2.0

//! Why a certificate was revoked.

use core::fmt;

/// Why a certificate was revoked (CRLReason; RFC 5280, section 5.3.1), as lists and OCSP
/// responses have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RevocationReason {
    /// Nobody says.
    Unspecified,
    /// Its private key is known to others, or may be.
    KeyCompromise,
    /// The private key of its CA is known to others, or may be.
    CaCompromise,
    /// The subject's name, or something else in it, is no longer right.
    AffiliationChanged,
    /// Another one took its place.
    Superseded,
    /// It is no longer needed.
    CessationOfOperation,
    /// It is on hold: revoked for now, and perhaps to be taken back.
    CertificateHold,
    /// It was on hold, and is so no longer.
    RemoveFromCrl,
    /// A privilege in it was withdrawn.
    PrivilegeWithdrawn,
    /// The private key of an attribute authority is known to others, or may be.
    AaCompromise,
    /// A reason without a name.
    Other(u8),
}

impl RevocationReason {
    /// The reason with this number.
    #[must_use]
    pub const fn from_code(code: u8) -> Self {
        match code {
            0 => Self::Unspecified,
            1 => Self::KeyCompromise,
            2 => Self::CaCompromise,
            3 => Self::AffiliationChanged,
            4 => Self::Superseded,
            5 => Self::CessationOfOperation,
            6 => Self::CertificateHold,
            8 => Self::RemoveFromCrl,
            9 => Self::PrivilegeWithdrawn,
            10 => Self::AaCompromise,
            other => Self::Other(other),
        }
    }
}

/// The name in RFC 5280.
impl fmt::Display for RevocationReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "keyCompromise",
            Self::CaCompromise => "cACompromise",
            Self::AffiliationChanged => "affiliationChanged",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessationOfOperation",
            Self::CertificateHold => "certificateHold",
            Self::RemoveFromCrl => "removeFromCRL",
            Self::PrivilegeWithdrawn => "privilegeWithdrawn",
            Self::AaCompromise => "aACompromise",
            Self::Other(code) => return write!(f, "reason {code}"),
        })
    }
}
