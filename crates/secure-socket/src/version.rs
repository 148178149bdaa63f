// SPDX-License-Identifier: Apache-2.0

//! TLS protocol versions.

use core::fmt;

/// A TLS protocol version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TlsVersion {
    /// TLS 1.2 (RFC 5246).
    Tls12,
    /// TLS 1.3 (RFC 8446).
    Tls13,
}

impl TlsVersion {
    /// The number on the wire (RFC 8446, section 4.2.1): `0x0303` or `0x0304`.
    #[must_use]
    pub const fn wire(self) -> u16 {
        match self {
            Self::Tls12 => 0x0303,
            Self::Tls13 => 0x0304,
        }
    }

    /// The version with this number on the wire, if it is one that is spoken here.
    #[must_use]
    pub const fn from_wire(number: u16) -> Option<Self> {
        match number {
            0x0303 => Some(Self::Tls12),
            0x0304 => Some(Self::Tls13),
            _ => None,
        }
    }
}

impl fmt::Display for TlsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Tls12 => "TLS 1.2",
            Self::Tls13 => "TLS 1.3",
        })
    }
}

/// The versions that a connection may use.
///
/// What was asked for is what is had: a handshake that ends in another version
/// is an error, whatever the peer or the platform would have preferred.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Versions {
    /// TLS 1.2 and nothing else.
    Tls12,
    /// TLS 1.3 and nothing else.
    Tls13,
    /// TLS 1.3, or 1.2 with a peer that has no 1.3.
    #[default]
    Tls12OrTls13,
}

impl Versions {
    /// The lowest version allowed.
    #[must_use]
    pub const fn min(self) -> TlsVersion {
        match self {
            Self::Tls12 | Self::Tls12OrTls13 => TlsVersion::Tls12,
            Self::Tls13 => TlsVersion::Tls13,
        }
    }

    /// The highest version allowed.
    #[must_use]
    pub const fn max(self) -> TlsVersion {
        match self {
            Self::Tls12 => TlsVersion::Tls12,
            Self::Tls13 | Self::Tls12OrTls13 => TlsVersion::Tls13,
        }
    }

    /// Whether `version` is allowed.
    #[must_use]
    pub fn allows(self, version: TlsVersion) -> bool {
        self.min() <= version && version <= self.max()
    }
}

impl From<TlsVersion> for Versions {
    fn from(version: TlsVersion) -> Self {
        match version {
            TlsVersion::Tls12 => Self::Tls12,
            TlsVersion::Tls13 => Self::Tls13,
        }
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Tls12 => "TLS 1.2",
            Self::Tls13 => "TLS 1.3",
            Self::Tls12OrTls13 => "TLS 1.2 or 1.3",
        })
    }
}
