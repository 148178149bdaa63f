// SPDX-License-Identifier: Apache-2.0

//! TLS alerts (RFC 8446, section 6, and the older ones of RFC 5246, section 7.2).

use core::fmt;

/// An alert description that the peer sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Alert(u8);

macro_rules! alerts {
    ($($id:ident = $number:literal, $name:literal, $meaning:literal;)*) => {
        impl Alert {
            $(#[doc = concat!("`", $name, "` (", $number, "): ", $meaning, ".")]
            pub const $id: Self = Self($number);)*

            /// The name in the RFC, such as `certificate_required`.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($number => Some($name),)*
                    _ => None,
                }
            }

            /// What the peer means by it.
            #[must_use]
            pub const fn meaning(self) -> Option<&'static str> {
                match self.0 {
                    $($number => Some($meaning),)*
                    _ => None,
                }
            }
        }
    };
}

alerts! {
    CLOSE_NOTIFY = 0, "close_notify", "it closes the connection";
    UNEXPECTED_MESSAGE = 10, "unexpected_message", "a message came out of order";
    BAD_RECORD_MAC = 20, "bad_record_mac", "it cannot decrypt what we sent";
    RECORD_OVERFLOW = 22, "record_overflow", "a record was too long for it";
    HANDSHAKE_FAILURE = 40, "handshake_failure", "it has no cipher suite, key or other parameter in common with us";
    NO_CERTIFICATE = 41, "no_certificate", "it was sent no certificate and demands one (an alert of SSL 3.0, in use by Mbed TLS)";
    BAD_CERTIFICATE = 42, "bad_certificate", "it found a certificate of ours corrupt, or none where it demands one";
    UNSUPPORTED_CERTIFICATE = 43, "unsupported_certificate", "our certificate is of a kind, or for a purpose, that it does not accept";
    CERTIFICATE_REVOKED = 44, "certificate_revoked", "our certificate is revoked";
    CERTIFICATE_EXPIRED = 45, "certificate_expired", "our certificate is out of date, by its clock";
    CERTIFICATE_UNKNOWN = 46, "certificate_unknown", "it does not accept our certificate and does not say why";
    ILLEGAL_PARAMETER = 47, "illegal_parameter", "a field of a message was out of range";
    UNKNOWN_CA = 48, "unknown_ca", "our certificate comes from a CA that it does not trust";
    ACCESS_DENIED = 49, "access_denied", "our certificate is valid but not let in";
    DECODE_ERROR = 50, "decode_error", "it could not read a message";
    DECRYPT_ERROR = 51, "decrypt_error", "a signature, or the proof of a pre-shared key, did not verify";
    PROTOCOL_VERSION = 70, "protocol_version", "it does not speak a TLS version that we offered";
    INSUFFICIENT_SECURITY = 71, "insufficient_security", "it demands stronger cipher suites than we offered";
    INTERNAL_ERROR = 80, "internal_error", "it failed for a reason of its own";
    INAPPROPRIATE_FALLBACK = 86, "inappropriate_fallback", "we offered a lower version than we had to";
    USER_CANCELED = 90, "user_canceled", "it gave up";
    NO_RENEGOTIATION = 100, "no_renegotiation", "it does not renegotiate";
    MISSING_EXTENSION = 109, "missing_extension", "we left out an extension that it needs";
    UNSUPPORTED_EXTENSION = 110, "unsupported_extension", "we sent an extension that it did not ask for";
    UNRECOGNIZED_NAME = 112, "unrecognized_name", "it serves nobody by the server name that we asked for";
    BAD_CERTIFICATE_STATUS_RESPONSE = 113, "bad_certificate_status_response", "our OCSP response is invalid";
    UNKNOWN_PSK_IDENTITY = 115, "unknown_psk_identity", "it knows no pre-shared key by our identity";
    CERTIFICATE_REQUIRED = 116, "certificate_required", "it demands a client certificate";
    NO_APPLICATION_PROTOCOL = 120, "no_application_protocol", "it speaks none of our application protocols (ALPN)";
}

impl Alert {
    /// The alert with this number on the wire.
    #[must_use]
    pub const fn from_wire(number: u8) -> Self {
        Self(number)
    }

    /// The number on the wire.
    #[must_use]
    pub const fn wire(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name} ({})", self.0),
            None => write!(f, "{}", self.0),
        }
    }
}
