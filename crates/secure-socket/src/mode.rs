// SPDX-License-Identifier: Apache-2.0

//! The handshake modes: who is authenticated, and by what.

use core::fmt;
use core::str::FromStr;

/// Who a handshake authenticates, and with which credentials.
///
/// A connection has exactly one mode, and never falls back to a weaker one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Mode 1: both sides prove that they know a pre-shared key. No certificates.
    Psk,
    /// Mode 1 for trusted test networks: encryption with nobody authenticated.
    /// Reached only through [`dangerous`](crate::dangerous).
    Unauthenticated,
    /// Mode 2: the server proves itself with a certificate.
    ServerAuth,
    /// Mode 3: both sides prove themselves with certificates (mutual TLS).
    Mutual,
}

impl Mode {
    /// Every mode, in the order of the README.
    pub const ALL: [Self; 4] = [
        Self::Psk,
        Self::Unauthenticated,
        Self::ServerAuth,
        Self::Mutual,
    ];

    /// The number by which the documentation calls the mode: 1, 2 or 3.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Psk | Self::Unauthenticated => 1,
            Self::ServerAuth => 2,
            Self::Mutual => 3,
        }
    }

    /// The name in Kconfig, on the command line and in logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Psk => "psk",
            Self::Unauthenticated => "unauthenticated",
            Self::ServerAuth => "server-auth",
            Self::Mutual => "mutual",
        }
    }

    /// Whether a certificate is verified in this mode, which needs a clock.
    #[must_use]
    pub const fn verifies_certificates(self) -> bool {
        matches!(self, Self::ServerAuth | Self::Mutual)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A text that names no [`Mode`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownMode;

impl fmt::Display for UnknownMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unknown mode: use psk, unauthenticated, server-auth or mutual")
    }
}

impl core::error::Error for UnknownMode {}

impl FromStr for Mode {
    type Err = UnknownMode;

    fn from_str(text: &str) -> Result<Self, UnknownMode> {
        Self::ALL
            .into_iter()
            .find(|mode| mode.name() == text)
            .ok_or(UnknownMode)
    }
}
