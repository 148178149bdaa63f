// SPDX-License-Identifier: Apache-2.0

//! URLs of `http` and `https`.

use core::fmt;
use core::net::Ipv6Addr;

use crate::request::may_stand_in_url;

/// The longest URL, in bytes.
pub const MAX_URL: usize = 512;

/// How a server is reached (RFC 9110, section 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// In the clear.
    Http,
    /// Over TLS.
    Https,
}

impl Scheme {
    /// As a URL begins with it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port where a URL names none.
    #[must_use]
    pub const fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// `scheme://host[:port][/path][?query]` (RFC 9110, section 4.2), in the text that it was
/// read from.
///
/// Holding one proves that it can be put into a request as it is: no byte in it ends a
/// line or a field. It does not prove that its host is a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Url<'t> {
    scheme: Scheme,
    host: &'t str,
    port: u16,
    /// Path and query, which may lack its slash.
    target: &'t str,
}

/// Why a text is no [`Url`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidUrl {
    /// It is longer than [`MAX_URL`] bytes.
    TooLong,
    /// It starts neither with `http://` nor with `https://`.
    Scheme,
    /// It has a user name in it.
    UserInfo,
    /// It has no host, or one that is none.
    Host,
    /// Its port is no number from 1 to 65535.
    Port,
    /// It has a fragment (`#`), which is no part of a request.
    Fragment,
    /// A byte that no URL has as it is, such as a space or the end of a line (RFC 3986,
    /// section 2).
    Byte(u8),
}

impl<'t> Url<'t> {
    /// Reads `text`.
    ///
    /// # Errors
    ///
    /// [`InvalidUrl`] says what is wrong with it.
    pub fn new(text: &'t str) -> Result<Self, InvalidUrl> {
        if text.len() > MAX_URL {
            return Err(InvalidUrl::TooLong);
        }
        check_bytes(text)?;
        let (name, rest) = text.split_once("://").ok_or(InvalidUrl::Scheme)?;
        let scheme = [Scheme::Http, Scheme::Https]
            .into_iter()
            .find(|scheme| name.eq_ignore_ascii_case(scheme.name()))
            .ok_or(InvalidUrl::Scheme)?;
        if rest.contains('#') {
            return Err(InvalidUrl::Fragment);
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at_checked(end).ok_or(InvalidUrl::Host)?;
        if authority.contains('@') {
            return Err(InvalidUrl::UserInfo);
        }
        let (host, port) = split_port(authority)?;
        Ok(Self {
            scheme,
            host,
            port: port.unwrap_or(scheme.port()),
            target,
        })
    }

    /// How the server is reached.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host, as a resolver takes it: an IPv6 address has no brackets.
    #[must_use]
    pub const fn host(&self) -> &'t str {
        self.host
    }

    /// The port; the scheme's if the URL names none.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Host and port, as the Host field and the URL have them.
    #[must_use]
    pub const fn authority(&self) -> Authority<'t> {
        Authority::new(self.scheme, self.host, self.port)
    }

    /// Path and query, as the request line has them.
    #[must_use]
    pub const fn target(&self) -> Target<'t> {
        Target(self.target)
    }

    /// Whether both are one server's, reached the same way.
    #[must_use]
    pub fn is_same_origin(&self, other: &Url<'_>) -> bool {
        self.scheme == other.scheme
            && self.port == other.port
            && self.host.eq_ignore_ascii_case(other.host)
    }
}

/// Host and port, as the Host field and a URL have them: an IPv6 address in brackets, and
/// no port where it is the scheme's (RFC 9110, section 7.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authority<'t> {
    scheme: Scheme,
    host: &'t str,
    port: u16,
}

impl<'t> Authority<'t> {
    /// Of the server that is called `host`, which is taken as it is: a name, or an address
    /// without brackets.
    #[must_use]
    pub const fn new(scheme: Scheme, host: &'t str, port: u16) -> Self {
        Self { scheme, host, port }
    }
}

/// See [`Url::target`]; starts with a slash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target<'t>(&'t str);

impl fmt::Display for Authority<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scheme, host, port } = *self;
        match host.contains(':') {
            true => write!(f, "[{host}]")?,
            false => f.write_str(host)?,
        }
        match port == scheme.port() {
            true => Ok(()),
            false => write!(f, ":{port}"),
        }
    }
}

impl fmt::Display for Target<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.starts_with('/') {
            f.write_str("/")?;
        }
        f.write_str(self.0)
    }
}

impl fmt::Display for Url<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, authority, target) = (self.scheme.name(), self.authority(), self.target());
        write!(f, "{name}://{authority}{target}")
    }
}

/// Whether each byte is one that a URL has as it is.
pub(crate) fn check_bytes(text: &str) -> Result<(), InvalidUrl> {
    let stands = |byte: u8| may_stand_in_url(byte) || byte == b'#';
    match text.bytes().find(|byte| !stands(*byte)) {
        Some(byte) => Err(InvalidUrl::Byte(byte)),
        None => Ok(()),
    }
}

/// Host, without brackets, and port.
fn split_port(authority: &str) -> Result<(&str, Option<u16>), InvalidUrl> {
    // The colons of an IPv6 address are within brackets.
    let host_end = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    let rest = authority.get(host_end..).unwrap_or_default();
    let (host, port) = match rest.find(':') {
        None => (authority, None),
        Some(colon) => {
            let (host, port) = authority
                .split_at_checked(host_end + colon)
                .ok_or(InvalidUrl::Host)?;
            let digits = port.get(1..).unwrap_or_default();
            if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(InvalidUrl::Port);
            }
            match digits.parse() {
                Ok(port @ 1..) => (host, Some(port)),
                _ => return Err(InvalidUrl::Port),
            }
        }
    };
    let bracketed = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    match bracketed {
        Some(address) if address.parse::<Ipv6Addr>().is_ok() => Ok((address, port)),
        None if !host.is_empty() && !host.contains(['[', ']', ':']) => Ok((host, port)),
        _ => Err(InvalidUrl::Host),
    }
}

impl fmt::Display for InvalidUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "the URL is longer than {MAX_URL} bytes"),
            Self::Scheme => f.write_str("the URL starts neither with https:// nor with http://"),
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
