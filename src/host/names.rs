// SPDX-License-Identifier: Apache-2.0

//! Names and addresses of peers, as people type them.

use std::borrow::Cow;
use std::fmt;

use secure_socket::ServerName;

/// The port of HTTPS, where none is given and one has to be.
const HTTPS: u16 = 443;

/// Whom to connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Host {
    /// A DNS name in ASCII, or an IP address without brackets.
    pub(crate) name: String,
    pub(crate) port: u16,
}

/// As it is typed.
impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, port } = self;
        match name.contains(':') {
            true => write!(f, "[{name}]:{port}"),
            false => write!(f, "{name}:{port}"),
        }
    }
}

impl Host {
    /// HOST:PORT, or \[IPv6]:PORT.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (host, port) = split(text)?;
        let port = port.ok_or("the port is missing: give HOST:PORT")?;
        Self::new(host, port)
    }

    /// The same, with the port of HTTPS where there is none.
    pub(crate) fn parse_with_default(text: &str) -> Result<Self, String> {
        let (host, port) = split(text)?;
        Self::new(host, port.unwrap_or(HTTPS))
    }

    fn new(host: &str, port: u16) -> Result<Self, String> {
        if host.is_empty() {
            return Err("the host is missing: give HOST:PORT".into());
        }
        let name = to_ascii(host)?.into_owned();
        Ok(Self { name, port })
    }
}

/// The host without brackets, and the port.
fn split(text: &str) -> Result<(&str, Option<u16>), String> {
    let number = |port: &str| {
        port.parse()
            .ok()
            .filter(|port| *port != 0)
            .ok_or("the port is no number from 1 to 65535")
    };
    if let Some(rest) = text.strip_prefix('[') {
        return match rest.split_once(']') {
            Some((host, "")) => Ok((host, None)),
            Some((host, rest)) => {
                let port = rest
                    .strip_prefix(':')
                    .ok_or("after an IPv6 address in brackets comes :PORT")?;
                Ok((host, Some(number(port)?)))
            }
            None => Err("a bracket is not closed: give [ADDRESS]:PORT".into()),
        };
    }
    match text.rsplit_once(':') {
        None => Ok((text, None)),
        Some((host, _)) if host.contains(':') => {
            Err("put an IPv6 address in brackets: [ADDRESS]:PORT".into())
        }
        Some((host, port)) => Ok((host, Some(number(port)?))),
    }
}

/// A name that a server's certificate must carry.
pub(crate) fn parse_server_name(text: &str) -> Result<ServerName, String> {
    ServerName::new(&to_ascii(text)?).map_err(|error| error.to_string())
}

/// A DNS name in another script as its A-labels (RFC 5890, section 2.3.2.1), which is
/// what DNS and certificates have; any other text as it is.
pub(crate) fn to_ascii(name: &str) -> Result<Cow<'_, str>, String> {
    if name.is_ascii() {
        return Ok(name.into());
    }
    idna::domain_to_ascii(name)
        .map(Cow::Owned)
        .map_err(|_| format!("{name} cannot be written as a DNS name (UTS 46)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports() {
        for (text, name, port) in [
            ("device.test:4433", "device.test", 4433),
            ("127.0.0.1:1", "127.0.0.1", 1),
            ("[::1]:65535", "::1", 65535),
            ("bücher.example:443", "xn--bcher-kva.example", 443),
        ] {
            let host = Host::parse(text).unwrap();
            assert_eq!((&*host.name, host.port), (name, port), "{text}");
            assert_eq!(Host::parse_with_default(text), Ok(host));
        }
        for (text, name) in [("device.test", "device.test"), ("[::1]", "::1")] {
            let host = Host::parse_with_default(text).unwrap();
            assert_eq!((&*host.name, host.port), (name, 443), "{text}");
        }
        assert_eq!(Host::parse("[::1]:443").unwrap().to_string(), "[::1]:443");
    }

    #[test]
    fn what_is_no_host_and_port() {
        for text in [
            "device.test",
            "",
            ":443",
            "[]:443",
            "::1:4433",
            "[::1",
            "[::1]443",
            "host:0",
            "host:65536",
            "host:",
            "host:+1x",
        ] {
            assert!(Host::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn names_in_other_scripts() {
        for (text, name) in [
            ("Bücher.example", "xn--bcher-kva.example"),
            ("пример.испытание", "xn--e1afmkfd.xn--80akhbyknj4f"),
            // The full stops of East Asia.
            ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
            ("[::1]", "::1"),
        ] {
            assert_eq!(parse_server_name(text).unwrap().to_text(), name);
        }
        for text in ["\u{200d}a.example", "bü cher.example", "ü*.example", ""] {
            assert!(parse_server_name(text).is_err(), "{text:?}");
        }
    }
}
