// SPDX-License-Identifier: Apache-2.0

use crate::Error;
use zeroize::Zeroizing;

/// A pre-shared key and the identity that goes with it.
#[derive(Clone)]
pub struct Psk {
    /// The identity: always `device-1`.
    pub identity: String,
    /// The key: 32 random bytes.
    pub key: Zeroizing<[u8; 32]>,
}

impl Psk {
    /// Makes a new key for the identity `device-1`.
    ///
    /// # Errors
    ///
    /// [`Error::Random`] if the system gives no random numbers.
    pub fn generate() -> Result<Self, Error> {
        let mut key = Zeroizing::new([0; 32]);
        random(key.as_mut_slice())?;
        Ok(Self {
            identity: "device-1".to_owned(),
            key,
        })
    }

    /// The key as 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn key_hex(&self) -> Zeroizing<String> {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        // Never grows, so no copy of the key stays behind.
        let mut hex = Zeroizing::new(String::with_capacity(2 * self.key.len()));
        for byte in self.key.iter() {
            hex.push(DIGITS[usize::from(byte >> 4)].into());
            hex.push(DIGITS[usize::from(byte & 15)].into());
        }
        hex
    }
}

pub(crate) fn random(buf: &mut [u8]) -> Result<(), Error> {
    aws_lc_rs::rand::fill(buf).map_err(|_| Error::Random)
}

#[cfg(test)]
mod tests {
    use super::Psk;
    use zeroize::Zeroizing;

    #[test]
    fn hex() {
        let mut key = [0; 32];
        key[0] = 0x0f;
        key[1] = 0xa9;
        let psk = Psk {
            identity: String::new(),
            key: Zeroizing::new(key),
        };
        assert_eq!(*psk.key_hex(), format!("0fa9{}", "00".repeat(30)));
    }

    #[test]
    fn keys_differ() -> Result<(), crate::Error> {
        let (a, b) = (Psk::generate()?, Psk::generate()?);
        assert_eq!(a.identity, "device-1");
        assert!(*a.key != *b.key && *a.key != [0; 32]);
        Ok(())
    }
}
