// SPDX-License-Identifier: Apache-2.0

//! The TLS library's own verdict on one certificate.

use core::fmt;
use core::ops::{BitOr, BitOrAssign};

/// The checks that a certificate failed, as the TLS library reports them.
///
/// The bits are those of `MBEDTLS_X509_BADCERT_*` (`mbedtls/x509.h`), which is also
/// what Zephyr documents for `TLS_CERT_VERIFY_RESULT`. No bits: it passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct CheckFlags(u32);

impl CheckFlags {
    /// Every check passed.
    pub const PASSED: Self = Self(0);
    /// notAfter is past.
    pub const EXPIRED: Self = Self(0x01);
    /// On a certificate revocation list.
    pub const REVOKED: Self = Self(0x02);
    /// The certificate carries another name than the one asked for.
    pub const NAME: Self = Self(0x04);
    /// No trust anchor signed it, directly or through the certificates sent.
    pub const NOT_TRUSTED: Self = Self(0x08);
    /// There was no certificate.
    pub const MISSING: Self = Self(0x40);
    /// Verification did not take place.
    pub const SKIPPED: Self = Self(0x80);
    /// Refused for a reason without a bit of its own.
    pub const OTHER: Self = Self(0x0100);
    /// notBefore is yet to come.
    pub const NOT_YET_VALID: Self = Self(0x0200);
    /// The keyUsage extension does not allow this use.
    pub const KEY_USAGE: Self = Self(0x0800);
    /// The extendedKeyUsage extension does not allow this use.
    pub const EXT_KEY_USAGE: Self = Self(0x1000);
    /// The nsCertType extension does not allow this use.
    pub const NS_CERT_TYPE: Self = Self(0x2000);
    /// Signed with a hash that is not accepted.
    pub const BAD_DIGEST: Self = Self(0x4000);
    /// Signed with an algorithm that is not accepted.
    pub const BAD_ALGORITHM: Self = Self(0x8000);
    /// Signed with a key that is not accepted: its curve, or too short.
    pub const BAD_KEY: Self = Self(0x01_0000);

    /// The flags with these bits, known here or not.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The bits.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether every check passed.
    #[must_use]
    pub const fn is_passed(self) -> bool {
        self.0 == 0
    }

    /// Whether any of `other`'s bits is set.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// These flags less those of `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

impl BitOr for CheckFlags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for CheckFlags {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl fmt::Display for CheckFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:04X}", self.0)
    }
}
