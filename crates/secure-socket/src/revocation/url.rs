// SPDX-License-Identifier: Apache-2.0

//! Where a revocation list or an OCSP responder is.

use alloc::string::{String, ToString};
use core::fmt;
use core::str::FromStr;

pub use http_client::MAX_URL;
use http_client::{Authority, InvalidUrl as Invalid, Scheme, Url};

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
    /// It starts with `https://`.
    Https,
    /// It is no URL.
    Url(Invalid),
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
            host: ServerName::new(url.host()).map_err(|_| Invalid::Host)?,
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
        Authority::new(Scheme::Http, &self.host(), self.port).to_string()
    }
}

impl From<Invalid> for InvalidUrl {
    fn from(invalid: Invalid) -> Self {
        Self::Url(invalid)
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
            Self::Https => f.write_str(
                "the URL is one of https: revocation lists and OCSP responses are signed \
                 themselves, and are fetched by http:// alone",
            ),
            Self::Url(Invalid::Scheme) => f.write_str("the URL does not start with http://"),
            Self::Url(invalid) => invalid.fmt(f),
        }
    }
}

impl core::error::Error for InvalidUrl {}

#[cfg(test)]
mod tests {
    use super::*;

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
        for (url, reason) in [
            ("ocsp.test", Invalid::Scheme.into()),
            ("ldap://ocsp.test/cn=x", Invalid::Scheme.into()),
            ("https://ocsp.test/", InvalidUrl::Https),
            // What is a host to HTTP, and no name of a server's.
            ("http://*.test/", Invalid::Host.into()),
            ("http://a.test:0/", Invalid::Port.into()),
            // What would end the request line, and begin a field.
            ("http://a.test/\r\nX: y", Invalid::Byte(b'\r').into()),
        ] {
            assert_eq!(HttpUrl::new(url), Err(reason), "{url:?}");
        }
    }
}
