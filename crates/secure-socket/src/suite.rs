// SPDX-License-Identifier: Apache-2.0

//! Cipher suites: which there are, and which a mode offers by default.

use core::fmt;

use crate::mode::Mode;
use crate::version::{TlsVersion, Versions};

/// The most cipher suites that one connection can be restricted to.
///
/// `CONFIG_NET_SOCKETS_TLS_MAX_CIPHERSUITES` on Zephyr must be as large as the
/// list in use; the firmware's Kconfig sees to it.
pub const MAX_CIPHER_SUITES: usize = 12;

/// A list of cipher suites, most wanted first.
pub type CipherSuites = heapless::Vec<CipherSuite, MAX_CIPHER_SUITES>;

/// A TLS cipher suite, by its number in the IANA registry.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CipherSuite(u16);

/// How the two sides agree on keys, and what authenticates them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyExchange {
    /// TLS 1.3: negotiated apart from the suite; always (EC)DHE here.
    Tls13,
    /// ECDHE with an ECDSA certificate.
    EcdheEcdsa,
    /// ECDHE with an RSA certificate.
    EcdheRsa,
    /// ECDHE with a pre-shared key.
    EcdhePsk,
    /// A pre-shared key alone: no forward secrecy.
    Psk,
}

struct Known {
    suite: CipherSuite,
    name: &'static str,
    exchange: KeyExchange,
    aead: bool,
    /// Whether the suite's hash is SHA-256, the one an external TLS 1.3 PSK has
    /// unless it says otherwise (RFC 8446, section 4.2.11).
    sha256: bool,
}

macro_rules! suites {
    ($($(#[$doc:meta])* $id:ident = $number:literal, $exchange:ident, aead: $aead:literal, sha256: $sha256:literal;)*) => {
        impl CipherSuite {
            $($(#[$doc])* pub const $id: Self = Self($number);)*
        }
        const KNOWN: &[Known] = &[
            $(Known {
                suite: CipherSuite::$id,
                name: stringify!($id),
                exchange: KeyExchange::$exchange,
                aead: $aead,
                sha256: $sha256,
            },)*
        ];
    };
}

// Order: the default order of preference. AES-128-GCM first (hardware has it),
// ChaCha20 next (cores without AES hardware are fast at it), AES-256 last.
suites! {
    /// RFC 8446, B.4.
    TLS_AES_128_GCM_SHA256 = 0x1301, Tls13, aead: true, sha256: true;
    /// RFC 8446, B.4.
    TLS_CHACHA20_POLY1305_SHA256 = 0x1303, Tls13, aead: true, sha256: true;
    /// RFC 8446, B.4.
    TLS_AES_256_GCM_SHA384 = 0x1302, Tls13, aead: true, sha256: false;
    /// RFC 5289.
    TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 = 0xC02B, EcdheEcdsa, aead: true, sha256: true;
    /// RFC 5289.
    TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 = 0xC02F, EcdheRsa, aead: true, sha256: true;
    /// RFC 7905.
    TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 = 0xCCA9, EcdheEcdsa, aead: true, sha256: true;
    /// RFC 7905.
    TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 = 0xCCA8, EcdheRsa, aead: true, sha256: true;
    /// RFC 5289.
    TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 = 0xC02C, EcdheEcdsa, aead: true, sha256: false;
    /// RFC 5289.
    TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 = 0xC030, EcdheRsa, aead: true, sha256: false;
    /// RFC 7905.
    TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256 = 0xCCAC, EcdhePsk, aead: true, sha256: true;
    /// RFC 5489. CBC: never a default, only by explicit choice.
    TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256 = 0xC037, EcdhePsk, aead: false, sha256: true;
    /// RFC 5487. No forward secrecy: never a default, only by explicit choice.
    TLS_PSK_WITH_AES_128_GCM_SHA256 = 0x00A8, Psk, aead: true, sha256: true;
    /// RFC 6655. No forward secrecy: never a default, only by explicit choice.
    TLS_PSK_WITH_AES_128_CCM_8 = 0xC0A8, Psk, aead: true, sha256: true;
}

impl CipherSuite {
    /// The suite with this IANA number, known here or not.
    #[must_use]
    pub const fn from_iana(number: u16) -> Self {
        Self(number)
    }

    /// The suite with this IANA name, such as `TLS_AES_128_GCM_SHA256`, if it is
    /// one that can be chosen here.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        KNOWN
            .iter()
            .find(|known| known.name == name)
            .map(|known| known.suite)
    }

    /// Every suite that can be chosen here, in the default order of preference.
    pub fn all() -> impl Iterator<Item = Self> {
        KNOWN.iter().map(|known| known.suite)
    }

    /// The number in the IANA registry.
    #[must_use]
    pub const fn iana(self) -> u16 {
        self.0
    }

    fn known(self) -> Option<&'static Known> {
        KNOWN.iter().find(|known| known.suite == self)
    }

    /// The IANA name, or `None` for a suite that cannot be chosen here.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        self.known().map(|known| known.name)
    }

    /// How keys are agreed on, or `None` for a suite that cannot be chosen here.
    #[must_use]
    pub fn key_exchange(self) -> Option<KeyExchange> {
        self.known().map(|known| known.exchange)
    }

    /// The protocol version that the suite belongs to: `0x13xx` is TLS 1.3.
    #[must_use]
    pub const fn version(self) -> TlsVersion {
        if self.0 >> 8 == 0x13 {
            TlsVersion::Tls13
        } else {
            TlsVersion::Tls12
        }
    }

    /// Whether a handshake with this suite can be had in `mode`.
    #[must_use]
    pub fn fits(self, mode: Mode) -> bool {
        let Some(known) = self.known() else {
            return false;
        };
        match known.exchange {
            KeyExchange::Tls13 => mode != Mode::Psk || known.sha256,
            KeyExchange::EcdheEcdsa | KeyExchange::EcdheRsa => mode != Mode::Psk,
            KeyExchange::EcdhePsk | KeyExchange::Psk => mode == Mode::Psk,
        }
    }

    /// Whether the suite is offered without being asked for: authenticated
    /// encryption (AEAD) with forward secrecy.
    #[must_use]
    pub fn is_default(self) -> bool {
        self.known()
            .is_some_and(|known| known.aead && known.exchange != KeyExchange::Psk)
    }

    /// The suites that `mode` offers by default for `versions`.
    #[must_use]
    pub fn defaults(mode: Mode, versions: Versions) -> CipherSuites {
        Self::all()
            .filter(|suite| {
                suite.is_default() && suite.fits(mode) && versions.allows(suite.version())
            })
            .collect()
    }
}

impl fmt::Display for CipherSuite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => write!(f, "0x{:04X}", self.0),
        }
    }
}

impl fmt::Debug for CipherSuite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn the_default_of_mode_1_in_tls_1_2_is_chacha20_alone() {
        let suites = CipherSuite::defaults(Mode::Psk, Versions::Tls12);
        assert_eq!(
            suites.as_slice(),
            [CipherSuite::TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256]
        );
    }

    #[test]
    fn an_external_psk_is_offered_with_sha256_suites_alone() {
        let suites = CipherSuite::defaults(Mode::Psk, Versions::Tls13);
        assert!(!suites.contains(&CipherSuite::TLS_AES_256_GCM_SHA384));
        assert_eq!(suites.len(), 2);
    }

    #[test]
    fn no_default_lacks_forward_secrecy_or_an_aead() {
        for mode in Mode::ALL {
            for suite in CipherSuite::defaults(mode, Versions::Tls12OrTls13) {
                let name = suite.name().unwrap_or("");
                assert!(
                    !name.contains("CBC") && !name.starts_with("TLS_PSK"),
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn names_and_numbers_go_both_ways() {
        for suite in CipherSuite::all() {
            let name = suite.name().unwrap_or("");
            assert_eq!(CipherSuite::from_name(name), Some(suite));
        }
        assert_eq!(CipherSuite::from_iana(0x0035).to_string(), "0x0035");
    }
}
