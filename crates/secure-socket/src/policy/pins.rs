// SPDX-License-Identifier: Apache-2.0

//! Pinned public keys.

use core::fmt;
use core::str::FromStr;

use crate::credential::CredentialError;

/// The SHA-256 of a public key (its SubjectPublicKeyInfo in DER), as in RFC 7469,
/// section 2.4. It outlives the certificate when that is renewed over the same key.
///
/// ```sh
/// openssl x509 -in cert.pem -pubkey -noout | openssl pkey -pubin -outform DER | sha256sum
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SpkiPin([u8; 32]);

impl SpkiPin {
    /// The pin with these bytes.
    #[must_use]
    pub const fn new(sha256: [u8; 32]) -> Self {
        Self(sha256)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// 64 hexadecimal digits, in either case.
impl FromStr for SpkiPin {
    type Err = CredentialError;

    fn from_str(text: &str) -> Result<Self, CredentialError> {
        let digits = text.as_bytes();
        let mut pin = [0; 32];
        if digits.len() != 2 * pin.len() {
            return Err(CredentialError::Pin);
        }
        for (byte, pair) in pin.iter_mut().zip(digits.chunks_exact(2)) {
            for digit in pair {
                let value = char::from(*digit)
                    .to_digit(16)
                    .and_then(|value| u8::try_from(value).ok())
                    .ok_or(CredentialError::Pin)?;
                *byte = *byte << 4 | value;
            }
        }
        Ok(Self(pin))
    }
}

impl fmt::Display for SpkiPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for SpkiPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn pins_are_read_as_they_are_shown() {
        let text = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        assert_eq!(text.parse::<SpkiPin>().unwrap().to_string(), text);
        assert_eq!(
            text.to_uppercase().parse::<SpkiPin>().unwrap().to_string(),
            text
        );
        for bad in [
            "",
            &text[1..],
            &text.replace('f', "g"),
            &text.replace("ef", "é"),
        ] {
            assert_eq!(bad.parse::<SpkiPin>(), Err(CredentialError::Pin), "{bad}");
        }
    }
}
