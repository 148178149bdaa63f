// SPDX-License-Identifier: Apache-2.0

//! Bytes that must not leak.

use alloc::vec::Vec;

use zeroize::Zeroizing;

/// Secret bytes: no `Debug`, no `Clone`, no comparison, wiped on drop.
///
/// Bytes that were compiled into the image stay where they are (flash) and are
/// not wiped.
pub struct SecretBytes(Storage);

enum Storage {
    Image(&'static [u8]),
    Owned(Zeroizing<Vec<u8>>),
}

impl SecretBytes {
    /// A secret that is part of the program.
    #[must_use]
    pub const fn from_static(bytes: &'static [u8]) -> Self {
        Self(Storage::Image(bytes))
    }

    /// The bytes if they are part of the program, so that nobody need copy them to
    /// keep them.
    #[must_use]
    pub const fn image(&self) -> Option<&'static [u8]> {
        match &self.0 {
            Storage::Image(bytes) => Some(bytes),
            Storage::Owned(_) => None,
        }
    }

    /// The bytes. Whoever copies them wipes the copy.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        match &self.0 {
            Storage::Image(bytes) => bytes,
            Storage::Owned(bytes) => bytes,
        }
    }
}

impl From<Vec<u8>> for SecretBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Storage::Owned(Zeroizing::new(bytes)))
    }
}

impl From<Zeroizing<Vec<u8>>> for SecretBytes {
    fn from(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(Storage::Owned(bytes))
    }
}

impl From<&'static [u8]> for SecretBytes {
    fn from(bytes: &'static [u8]) -> Self {
        Self::from_static(bytes)
    }
}
