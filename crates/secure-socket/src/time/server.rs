// SPDX-License-Identifier: Apache-2.0

//! Whom to ask for the time.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::Ipv6Addr;
use core::str::FromStr;

/// The port of NTP, and so of SNTP (RFC 5905, section 16).
pub const NTP_PORT: u16 = 123;

/// The most servers that are taken.
pub const MAX_TIME_SERVERS: usize = 8;

/// A server that tells the time: a host name or address, and a UDP port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeServer {
    host: String,
    port: u16,
}

/// It names no server: a sentence with the way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidTimeServer(Fault);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Fault {
    None,
    TooMany,
    Server(String),
}

impl TimeServer {
    /// One server or several, separated by commas or spaces, in the order in which to
    /// ask them: `pool.ntp.org, 192.0.2.1:1123`.
    ///
    /// # Errors
    ///
    /// [`InvalidTimeServer`]: one of them is none, there is none, or there are more than
    /// [`MAX_TIME_SERVERS`].
    pub fn list(text: &str) -> Result<Vec<Self>, InvalidTimeServer> {
        let servers = text
            .split([',', ' '])
            .filter(|server| !server.is_empty())
            .map(str::parse)
            .collect::<Result<Vec<Self>, _>>()?;
        match servers.len() {
            0 => Err(InvalidTimeServer(Fault::None)),
            1..=MAX_TIME_SERVERS => Ok(servers),
            _ => Err(InvalidTimeServer(Fault::TooMany)),
        }
    }

    /// Its name or address, without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Its port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }
}

/// `host`, `host:port`, an IPv6 address, or `[address]:port`. Without a port it is
/// [`NTP_PORT`].
impl FromStr for TimeServer {
    type Err = InvalidTimeServer;

    fn from_str(text: &str) -> Result<Self, InvalidTimeServer> {
        let bad = || InvalidTimeServer(Fault::Server(text.into()));
        let (host, port) = match text.rsplit_once(':') {
            // The last group of an IPv6 address is no port.
            _ if text.ends_with(']') || text.parse::<Ipv6Addr>().is_ok() => (text, None),
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        };
        let host = match host.strip_prefix('[') {
            Some(rest) => rest
                .strip_suffix(']')
                .filter(|address| address.parse::<Ipv6Addr>().is_ok())
                .ok_or_else(bad)?,
            None if port.is_some() && host.contains(':') => return Err(bad()),
            None => host,
        };
        let port = match port {
            Some(port) => port.parse().map_err(|_| bad())?,
            None => NTP_PORT,
        };
        let printable = host.bytes().all(|byte| byte.is_ascii_graphic());
        if host.is_empty() || !printable || port == 0 {
            return Err(bad());
        }
        Ok(Self {
            host: host.into(),
            port,
        })
    }
}

impl fmt::Display for TimeServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.port, self.host.contains(':')) {
            (NTP_PORT, _) => f.write_str(&self.host),
            (port, true) => write!(f, "[{}]:{port}", self.host),
            (port, false) => write!(f, "{}:{port}", self.host),
        }
    }
}

impl fmt::Display for InvalidTimeServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Fault::None => f.write_str("name at least one server"),
            Fault::TooMany => write!(f, "name no more than {MAX_TIME_SERVERS} servers"),
            Fault::Server(text) => write!(
                f,
                "{text:?} is no server: use host, host:port, or [address]:port for IPv6"
            ),
        }
    }
}

impl core::error::Error for InvalidTimeServer {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn servers() {
        for (text, host, port, shown) in [
            ("pool.ntp.org", "pool.ntp.org", 123, "pool.ntp.org"),
            ("192.0.2.1:1123", "192.0.2.1", 1123, "192.0.2.1:1123"),
            ("2001:db8::1", "2001:db8::1", 123, "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1", 123, "2001:db8::1"),
            ("[::1]:11123", "::1", 11123, "[::1]:11123"),
            ("time.example:123", "time.example", 123, "time.example"),
        ] {
            let server: TimeServer = text.parse().unwrap();
            assert_eq!((server.host(), server.port()), (host, port));
            assert_eq!(server.to_string(), shown);
        }
    }

    #[test]
    fn lists() {
        let shown = |text| {
            let servers = TimeServer::list(text).unwrap();
            servers.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(shown("a b"), ["a", "b"]);
        assert_eq!(shown(" a:1,  [::1]:2 ,b,"), ["a:1", "[::1]:2", "b"]);
    }

    #[test]
    fn what_is_no_server() {
        for (text, named) in [
            ("", "at least one"),
            (" , ", "at least one"),
            ("a,b:99999", "\"b:99999\""),
            ("a:0", "\"a:0\""),
            ("a:", "\"a:\""),
            (":123", "\":123\""),
            ("1:2:3:123", "\"1:2:3:123\""),
            ("[a]:123", "\"[a]:123\""),
            ("[::1", "\"[::1\""),
            ("[::1]x:1", "\"[::1]x:1\""),
            ("b\u{fc}cher.example", "is no server"),
            ("1 2 3 4 5 6 7 8 9", "no more than 8"),
        ] {
            let sentence = TimeServer::list(text).unwrap_err().to_string();
            assert!(sentence.contains(named), "{text:?}: {sentence}");
        }
    }
}
