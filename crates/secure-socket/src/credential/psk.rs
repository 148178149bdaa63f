// SPDX-License-Identifier: Apache-2.0

//! Pre-shared keys and their identities.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use super::{CredentialError, SecTag, SecretBytes};

/// The shortest PSK, in bytes: 128 bits, as RFC 9257, section 6 asks of one that
/// is to withstand guessing.
pub const MIN_PSK: usize = 16;
/// The longest PSK, in bytes. A backend may take less (`CONFIG_MBEDTLS_PSK_MAX_LEN`)
/// and says so when a client is built.
pub const MAX_PSK: usize = 64;
/// The longest PSK identity, in bytes (RFC 4279, section 5.3 asks for at least 128).
pub const MAX_PSK_IDENTITY: usize = 128;

/// A pre-shared key of [`MIN_PSK`]`..=`[`MAX_PSK`] bytes.
///
/// It must be random: a password is not (RFC 9257, section 6).
pub struct Psk(SecretBytes);

impl Psk {
    /// Checks the length of `key`.
    ///
    /// # Errors
    ///
    /// [`CredentialError::PskLength`].
    pub fn new(key: impl Into<SecretBytes>) -> Result<Self, CredentialError> {
        let key = key.into();
        let length = key.expose().len();
        if !(MIN_PSK..=MAX_PSK).contains(&length) {
            return Err(CredentialError::PskLength(length));
        }
        Ok(Self(key))
    }

    /// Reads a key written in hexadecimal digits; space around them is ignored.
    ///
    /// # Errors
    ///
    /// [`CredentialError::PskHex`] or [`CredentialError::PskLength`].
    pub fn from_hex(digits: &str) -> Result<Self, CredentialError> {
        let digits = digits.trim().as_bytes();
        if !digits.len().is_multiple_of(2) {
            return Err(CredentialError::PskHex);
        }
        let nibble = |digit: u8| (digit as char).to_digit(16).map(|value| value as u8);
        // Reserved whole, so that no copy of a part is left behind by growing.
        let mut key = Zeroizing::new(Vec::with_capacity(digits.len() / 2));
        for pair in digits.chunks_exact(2) {
            match (nibble(pair[0]), nibble(pair[1])) {
                (Some(high), Some(low)) => key.push(high << 4 | low),
                _ => return Err(CredentialError::PskHex),
            }
        }
        Self::new(key)
    }

    /// The key. Whoever copies it wipes the copy.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.expose()
    }
}

/// The identity of a PSK: which key it is, in the clear on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PskIdentity(String);

impl PskIdentity {
    /// Checks `identity`: `1..=`[`MAX_PSK_IDENTITY`] bytes of UTF-8 (RFC 4279,
    /// section 5.1) without a NUL.
    ///
    /// # Errors
    ///
    /// [`CredentialError::PskIdentityLength`] or [`CredentialError::PskIdentityNul`].
    pub fn new(identity: impl Into<String>) -> Result<Self, CredentialError> {
        let identity = identity.into();
        if !(1..=MAX_PSK_IDENTITY).contains(&identity.len()) {
            return Err(CredentialError::PskIdentityLength(identity.len()));
        }
        if identity.contains('\0') {
            return Err(CredentialError::PskIdentityNul);
        }
        Ok(Self(identity))
    }

    /// The identity.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PskIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Where a PSK is.
#[non_exhaustive]
pub enum PskSource {
    /// In the program's hands.
    Given {
        /// Which key it is.
        identity: PskIdentity,
        /// The key.
        key: Psk,
    },
    /// In the platform's credential store, with its identity under the same tag.
    Stored(SecTag),
}

impl From<SecTag> for PskSource {
    fn from(tag: SecTag) -> Self {
        Self::Stored(tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths() {
        for length in [0, 15, 65] {
            let error = Psk::new(alloc::vec![7; length]).err();
            assert_eq!(error, Some(CredentialError::PskLength(length)));
        }
        assert!(Psk::new(alloc::vec![7; 16]).is_ok());
        assert!(Psk::new(alloc::vec![7; 64]).is_ok());
    }

    #[test]
    fn hexadecimal() {
        let key = Psk::from_hex(" 000102030405060708090a0b0c0d0e0F\n");
        assert_eq!(
            key.map(|key| key.expose().to_vec()).ok(),
            Some((0..16).collect())
        );
        for bad in [
            "0",
            "zz0102030405060708090a0b0c0d0e0f",
            "+1+2030405060708090a0b0c0d0e0f10",
        ] {
            assert_eq!(
                Psk::from_hex(bad).err(),
                Some(CredentialError::PskHex),
                "{bad}"
            );
        }
        assert_eq!(
            Psk::from_hex("00").err(),
            Some(CredentialError::PskLength(1))
        );
    }

    #[test]
    fn identities() {
        assert!(PskIdentity::new("device-1").is_ok());
        assert_eq!(
            PskIdentity::new(""),
            Err(CredentialError::PskIdentityLength(0))
        );
        assert_eq!(
            PskIdentity::new("a\0b"),
            Err(CredentialError::PskIdentityNul)
        );
    }
}
