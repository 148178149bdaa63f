// SPDX-License-Identifier: Apache-2.0

//! The name by which a server must prove itself.

use alloc::string::{String, ToString};
use core::fmt;
use core::net::{IpAddr, Ipv4Addr};
use core::str::FromStr;

/// The longest DNS name, in bytes, without a trailing dot (RFC 1035, section 2.3.4).
pub const MAX_DNS_NAME: usize = 253;

/// The longest label of a DNS name, in bytes (RFC 1035, section 2.3.4).
const MAX_LABEL: usize = 63;

/// A DNS name or IP address that the server's certificate must carry.
///
/// Holding one proves that it can be put on the wire as it is: letters, digits,
/// hyphens and dots within the bounds of DNS, or an address; no NUL, no wildcard.
/// It does not prove that the name exists.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServerName(Kind);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Dns(String),
    Ip(IpAddr),
}

/// Why a text is no [`ServerName`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidServerName {
    /// The name is empty.
    Empty,
    /// The name is longer than [`MAX_DNS_NAME`] bytes.
    TooLong,
    /// A label is empty or longer than 63 bytes, or starts or ends with a hyphen.
    Label,
    /// A byte that a DNS name cannot have, such as NUL, space, `*` or `:`;
    /// names in other scripts go in as A-labels (`xn--…`).
    Byte(u8),
}

impl ServerName {
    /// Checks `name`: a DNS name, an IPv4 address or an IPv6 address (with or
    /// without brackets). One trailing dot is taken off.
    ///
    /// # Errors
    ///
    /// [`InvalidServerName`] says what is wrong with it.
    pub fn new(name: &str) -> Result<Self, InvalidServerName> {
        let unbracketed = name
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .unwrap_or(name);
        if let Ok(address) = unbracketed.parse::<IpAddr>() {
            return Ok(Self(Kind::Ip(address)));
        }
        let name = name.strip_suffix('.').unwrap_or(name);
        // TLS libraries, told `127.0.0.1`, look for an address; so must we.
        if let Ok(address) = name.parse::<Ipv4Addr>() {
            return Ok(Self(Kind::Ip(address.into())));
        }
        if name.is_empty() {
            return Err(InvalidServerName::Empty);
        }
        if name.len() > MAX_DNS_NAME {
            return Err(InvalidServerName::TooLong);
        }
        for label in name.split('.') {
            // Underscores are not host names by RFC 952, but are in use.
            let bad = |byte: &u8| !(byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
            if let Some(byte) = label.bytes().find(|byte| bad(byte)) {
                return Err(InvalidServerName::Byte(byte));
            }
            if label.is_empty()
                || label.len() > MAX_LABEL
                || label.starts_with('-')
                || label.ends_with('-')
            {
                return Err(InvalidServerName::Label);
            }
        }
        Ok(Self(Kind::Dns(name.to_ascii_lowercase())))
    }

    /// The address, if this is one.
    #[must_use]
    pub const fn as_ip(&self) -> Option<IpAddr> {
        match &self.0 {
            Kind::Ip(address) => Some(*address),
            Kind::Dns(_) => None,
        }
    }

    /// The DNS name in lower case; empty for an address.
    pub(crate) fn as_str(&self) -> &str {
        match &self.0 {
            Kind::Dns(name) => name,
            Kind::Ip(_) => "",
        }
    }

    /// The name as TLS libraries take it: lower case, no brackets, no trailing dot.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.to_string()
    }
}

impl From<IpAddr> for ServerName {
    fn from(address: IpAddr) -> Self {
        Self(Kind::Ip(address))
    }
}

impl FromStr for ServerName {
    type Err = InvalidServerName;

    fn from_str(name: &str) -> Result<Self, InvalidServerName> {
        Self::new(name)
    }
}

impl fmt::Display for ServerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Dns(name) => f.pad(name),
            Kind::Ip(address) => address.fmt(f),
        }
    }
}

impl fmt::Display for InvalidServerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the server name is empty"),
            Self::TooLong => write!(f, "the server name is longer than {MAX_DNS_NAME} bytes"),
            Self::Label => f.write_str(
                "a label of the server name is empty, longer than 63 bytes, or starts or ends \
                 with a hyphen",
            ),
            Self::Byte(0) => f.write_str("the server name has a NUL byte in it"),
            Self::Byte(byte) => write!(
                f,
                "the server name has the byte 0x{byte:02X}, which a DNS name cannot have"
            ),
        }
    }
}

impl core::error::Error for InvalidServerName {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses() {
        for (text, expected) in [
            ("Device.Test", "device.test"),
            ("device.test.", "device.test"),
            ("127.0.0.1", "127.0.0.1"),
            ("[::1]", "::1"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ] {
            assert_eq!(
                ServerName::new(text).map(|name| name.to_text()),
                Ok(expected.into())
            );
        }
    }

    /// Fuzzing found `7.1.0.1.` to be a DNS name that is written `7.1.0.1`: the TLS
    /// library looked for that address in a certificate, and we for a dNSName.
    #[test]
    fn an_address_with_a_trailing_dot_is_an_address() {
        let dotted = ServerName::new("7.1.0.1.").unwrap();
        assert_eq!(dotted, ServerName::new("7.1.0.1").unwrap());
        assert!(dotted.as_ip().is_some());
        // A colon ends no name with a dot.
        assert_eq!(ServerName::new("::1."), Err(InvalidServerName::Byte(b':')));
    }

    #[test]
    fn what_is_no_name() {
        use InvalidServerName as Bad;
        for (text, reason) in [
            ("", Bad::Empty),
            ("a\0b", Bad::Byte(0)),
            ("*.example", Bad::Byte(b'*')),
            ("two words", Bad::Byte(b' ')),
            ("host:443", Bad::Byte(b':')),
            ("a..b", Bad::Label),
            ("-a.example", Bad::Label),
        ] {
            assert_eq!(ServerName::new(text), Err(reason), "{text:?}");
        }
        assert!(ServerName::new(&"a.".repeat(127)[..253]).is_ok());
        assert_eq!(ServerName::new(&"a.".repeat(128)[..255]), Err(Bad::TooLong));
    }
}
