// SPDX-License-Identifier: Apache-2.0

//! Where a revocation list or an OCSP responder is.

use alloc::string::{String, ToString};
use core::fmt;
use core::net::IpAddr;
use core::str::FromStr;

pub use http_client::MAX_URL;
use http_client::{Scheme, Url};

use crate::name::ServerName;

/// An `http` URL: `http://host[:port][/path][?query]` (RFC 9110, section 4.2.1).
///
/// Revocation lists and OCSP responses are signed themselves and are had by plain HTTP
/// as a rule (RFC 5280, section 4.2.1.13), since to check the certificate of an `https`
/// server for them would take another one of them.
///
/// Holding one proves that it can be put into a request as it is: no byte in it ends a
/// line or a field. It does not prove that anybody listens there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HttpUrl {
    host: ServerName,
    port: u16,
    /// Path and query; starts with a slash.
    target: String,
}

/// Why a text is no [`HttpUrl`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidUrl {
    /// It is longer than [`MAX_URL`] bytes.
    TooLong,
    /// It starts with `https://`.
    Https,
    /// It does not start with `http://`.
    Scheme,
    /// It has a user name in it.
    UserInfo,
    /// Its host is no DNS name and no address.
    Host,
    /// Its port is no number from 1 to 65535.
    Port,
    /// It has a fragment (`#`), which is no part of a request.
    Fragment,
    /// A byte that no URL has as it is, such as a space or the end of a line (RFC 3986,
    /// section 2).
    Byte(u8),
}

impl HttpUrl {
    /// Checks `url`.
    ///
    /// # Errors
    ///
    /// [`InvalidUrl`] says what is wrong with it.
    pub fn new(url: &str) -> Result<Self, InvalidUrl> {
        let url = Url::new(url).map_err(InvalidUrl::from)?;
        if url.scheme() == Scheme::Https {
            return Err(InvalidUrl::Https);
        }
        Ok(Self {
            host: ServerName::new(url.host()).map_err(|_| InvalidUrl::Host)?,
            port: url.port(),
            target: url.target().to_string(),
        })
    }

    /// The host, as a resolver takes it: an IPv6 address has no brackets.
    #[must_use]
    pub fn host(&self) -> String {
        self.host.to_text()
    }

    /// The port, 80 unless it says otherwise.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Path and query, as the request line has them; starts with a slash.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Host and port, as the Host field and the URL have them.
    pub(super) fn authority(&self) -> String {
        let mut text = match self.host.as_ip() {
            Some(IpAddr::V6(address)) => alloc::format!("[{address}]"),
            _ => self.host.to_string(),
        };
        if self.port != Scheme::Http.port() {
            text.push(':');
            text.push_str(&self.port.to_string());
        }
        text
    }
}

impl From<http_client::InvalidUrl> for InvalidUrl {
    fn from(invalid: http_client::InvalidUrl) -> Self {
        use http_client::InvalidUrl as Invalid;
        match invalid {
            Invalid::TooLong => Self::TooLong,
            Invalid::UserInfo => Self::UserInfo,
            Invalid::Host => Self::Host,
            Invalid::Port => Self::Port,
            Invalid::Fragment => Self::Fragment,
            Invalid::Byte(byte) => Self::Byte(byte),
            _ => Self::Scheme,
        }
    }
}

impl FromStr for HttpUrl {
    type Err = InvalidUrl;

    fn from_str(url: &str) -> Result<Self, InvalidUrl> {
        Self::new(url)
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.authority(), self.target)
    }
}

impl fmt::Display for InvalidUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "the URL is longer than {MAX_URL} bytes"),
            Self::Https => f.write_str(
                "the URL is one of https: revocation lists and OCSP responses are signed \
                 themselves, and are fetched by http:// alone",
            ),
            Self::Scheme => f.write_str("the URL does not start with http://"),
            Self::UserInfo => f.write_str("the URL has a user name in it (an @ before the path)"),
            Self::Host => f.write_str("the host of the URL is no DNS name and no address"),
            Self::Port => f.write_str("the port of the URL is no number from 1 to 65535"),
            Self::Fragment => f.write_str("the URL has a fragment in it: take off # and the rest"),
            Self::Byte(byte) => write!(
                f,
                "the URL has the byte 0x{byte:02X}, which has to be written as %{byte:02X}"
            ),
        }
    }
}

impl core::error::Error for InvalidUrl {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::borrow::ToOwned;

    #[test]
    fn what_is_asked_for_where() {
        for (url, host, port, target, shown) in [
            (
                "http://ocsp.test",
                "ocsp.test",
                80,
                "/",
                "http://ocsp.test/",
            ),
            (
                "HTTP://OCSP.test:8080/a%20b?x=1&y",
                "ocsp.test",
                8080,
                "/a%20b?x=1&y",
                "http://ocsp.test:8080/a%20b?x=1&y",
            ),
            ("http://[::1]:1/", "::1", 1, "/", "http://[::1]:1/"),
            (
                "http://[2001:db8::1]/x",
                "2001:db8::1",
                80,
                "/x",
                "http://[2001:db8::1]/x",
            ),
            (
                "http://127.0.0.1?q",
                "127.0.0.1",
                80,
                "/?q",
                "http://127.0.0.1/?q",
            ),
            (
                "http://a.test/p:1",
                "a.test",
                80,
                "/p:1",
                "http://a.test/p:1",
            ),
        ] {
            let read = HttpUrl::new(url).unwrap();
            assert_eq!(read.host(), host, "{url}");
            assert_eq!(read.port(), port, "{url}");
            assert_eq!(read.target(), target, "{url}");
            assert_eq!(read.to_string(), shown, "{url}");
            assert_eq!(HttpUrl::new(shown).unwrap(), read);
        }
    }

    #[test]
    fn what_is_no_url() {
        use InvalidUrl as Bad;
        let long = "http://a.test/".to_owned() + &"x".repeat(MAX_URL);
        for (url, reason) in [
            ("", Bad::Scheme),
            ("ocsp.test", Bad::Scheme),
            ("//ocsp.test", Bad::Scheme),
            ("ldap://ocsp.test/cn=x", Bad::Scheme),
            ("https://ocsp.test/", Bad::Https),
            ("http://", Bad::Host),
            ("http:///path", Bad::Host),
            ("http://*.test/", Bad::Host),
            ("http://::1/", Bad::Port),
            ("http://[::1", Bad::Port),
            ("http://[::1]x/", Bad::Host),
            ("http://user:pass@a.test/", Bad::UserInfo),
            ("http://a.test:/", Bad::Port),
            ("http://a.test:0/", Bad::Port),
            ("http://a.test:65536/", Bad::Port),
            ("http://a.test:+80/", Bad::Port),
            ("http://a.test/#top", Bad::Fragment),
            // What would end the request line, or a field, and begin another.
            ("http://a.test/ HTTP/1.1\r\nX: y", Bad::Byte(b' ')),
            ("http://a.test/\r\nX: y", Bad::Byte(b'\r')),
            ("http://a.test\n/", Bad::Byte(b'\n')),
            ("http://a.test/\0", Bad::Byte(0)),
            ("http://a.test/é", Bad::Byte(0xC3)),
            ("http://a.test/<x>", Bad::Byte(b'<')),
            (&long, Bad::TooLong),
        ] {
            assert_eq!(HttpUrl::new(url), Err(reason), "{url:?}");
        }
    }
}
