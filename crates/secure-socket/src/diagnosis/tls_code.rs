// SPDX-License-Identifier: Apache-2.0

//! Mbed TLS error codes.

use core::fmt;

/// A negative return value of Mbed TLS, kept for whoever has to look it up.
///
/// Two codes may be summed in one: a high-level one (a multiple of `0x80`) and a
/// low-level one (below `0x80`), see `mbedtls/error.h`. PSA's codes are the small
/// negative numbers from -132 to -151.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TlsCode(i32);

impl TlsCode {
    /// `MBEDTLS_ERR_SSL_INVALID_MAC`.
    pub const INVALID_MAC: Self = Self(-0x7180);
    /// `MBEDTLS_ERR_SSL_INVALID_RECORD`.
    pub const INVALID_RECORD: Self = Self(-0x7200);
    /// `MBEDTLS_ERR_SSL_UNSUPPORTED_EXTENSION`.
    pub const UNSUPPORTED_EXTENSION: Self = Self(-0x7500);
    /// `MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE`.
    pub const UNEXPECTED_MESSAGE: Self = Self(-0x7700);
    /// `MBEDTLS_ERR_SSL_CONN_EOF`.
    pub const CONN_EOF: Self = Self(-0x7280);
    /// `MBEDTLS_ERR_SSL_DECODE_ERROR`.
    pub const DECODE_ERROR: Self = Self(-0x7300);
    /// `MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE`.
    pub const NO_CLIENT_CERTIFICATE: Self = Self(-0x7480);
    /// `MBEDTLS_ERR_SSL_NO_APPLICATION_PROTOCOL`.
    pub const NO_APPLICATION_PROTOCOL: Self = Self(-0x7580);
    /// `MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE`.
    pub const FATAL_ALERT_MESSAGE: Self = Self(-0x7780);
    /// `MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY`.
    pub const PEER_CLOSE_NOTIFY: Self = Self(-0x7880);
    /// `MBEDTLS_ERR_SSL_BAD_CERTIFICATE`.
    pub const BAD_CERTIFICATE: Self = Self(-0x7A00);
    /// `MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION`.
    pub const BAD_PROTOCOL_VERSION: Self = Self(-0x6E80);
    /// `MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE`.
    pub const HANDSHAKE_FAILURE: Self = Self(-0x6E00);
    /// `MBEDTLS_ERR_SSL_UNKNOWN_IDENTITY`.
    pub const UNKNOWN_IDENTITY: Self = Self(-0x6C80);
    /// `MBEDTLS_ERR_SSL_TIMEOUT`.
    pub const TIMEOUT: Self = Self(-0x6800);
    /// `MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER`.
    pub const ILLEGAL_PARAMETER: Self = Self(-0x6600);
    /// `MBEDTLS_ERR_X509_CERT_VERIFY_FAILED`.
    pub const CERT_VERIFY_FAILED: Self = Self(-0x2700);
    /// `MBEDTLS_ERR_NET_CONN_RESET`.
    pub const CONN_RESET: Self = Self(-0x0050);
    /// `MBEDTLS_ERR_NET_RECV_FAILED`.
    pub const RECV_FAILED: Self = Self(-0x004C);
    /// `MBEDTLS_ERR_NET_SEND_FAILED`.
    pub const SEND_FAILED: Self = Self(-0x004E);

    /// The code `code`, negative as Mbed TLS returns it.
    #[must_use]
    pub const fn new(code: i32) -> Self {
        Self(code)
    }

    /// The code, negative as Mbed TLS returns it.
    #[must_use]
    pub const fn get(self) -> i32 {
        self.0
    }

    const fn high(self) -> i32 {
        -(-self.0 & 0xFF80)
    }

    const fn low(self) -> i32 {
        -(-self.0 & 0x7F)
    }

    /// Whether the high-level part of this code is `other`.
    #[must_use]
    pub const fn is(self, other: Self) -> bool {
        self.0 == other.0 || (other.low() == 0 && self.high() == other.0)
    }

    /// Whether Mbed TLS could not read a certificate, or the key in one.
    #[must_use]
    pub const fn is_unreadable_certificate(self) -> bool {
        // X509's but for its verdict, lack of memory and files; then PK's on keys and
        // algorithms that it does not know.
        matches!(
            self.high(),
            -0x2680..=-0x2080 | -0x2780 | -0x2800 | -0x3D00..=-0x3C80 | -0x3B00..=-0x3A00
        )
    }

    /// Whether it is a certificate's key or signature that Mbed TLS was built without.
    #[must_use]
    pub const fn is_unknown_algorithm(self) -> bool {
        // X509_UNKNOWN_SIG_ALG; PK_UNKNOWN_PK_ALG, _UNKNOWN_NAMED_CURVE, _FEATURE_UNAVAILABLE.
        matches!(self.high(), -0x2600 | -0x3C80 | -0x3A00 | -0x3980)
    }

    /// Whether Mbed TLS ran out of memory, in any of its modules.
    #[must_use]
    pub const fn is_out_of_memory(self) -> bool {
        // PSA_ERROR_INSUFFICIENT_MEMORY stands alone, never summed.
        if self.0 == -141 {
            return true;
        }
        // SSL, X509, PK, ECP, MD, CIPHER, PEM, DHM; then MPI and ASN1.
        matches!(
            self.high(),
            -0x7F00 | -0x2880 | -0x3F80 | -0x4D80 | -0x5180 | -0x6180 | -0x1180 | -0x3400
        ) || matches!(self.low(), -0x0010 | -0x006A)
    }
}

impl fmt::Display for TlsCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mbed TLS -0x{:04X}", self.0.unsigned_abs())
    }
}

impl fmt::Debug for TlsCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn out_of_memory_in_any_module_even_when_summed() {
        for code in [
            -0x7F00,
            -0x2880,
            -0x0010,
            -0x4D80,
            -(0x2180 + 0x6A),
            -(0x3B00 + 0x10),
            -141,
        ] {
            assert!(TlsCode::new(code).is_out_of_memory(), "-0x{:04X}", -code);
        }
        for code in [-0x2700, -0x7780, -0x7180, -0x004C] {
            assert!(!TlsCode::new(code).is_out_of_memory(), "-0x{:04X}", -code);
        }
    }

    #[test]
    fn a_summed_code_is_still_its_high_level_part() {
        assert!(TlsCode::new(-(0x2700 + 0x62)).is(TlsCode::CERT_VERIFY_FAILED));
        assert!(!TlsCode::new(-0x004C).is(TlsCode::CERT_VERIFY_FAILED));
        assert!(TlsCode::new(-0x004C).is(TlsCode::RECV_FAILED));
    }
}
