// SPDX-License-Identifier: Apache-2.0

//! What a client or server was asked to do, as a backend receives it.
//!
//! Made by the builders of [`Client`](crate::Client) and [`Server`](crate::Server),
//! which let no contradiction through; read by backends.

use core::fmt;
use core::time::Duration;

use crate::credential::{IdentitySource, PskSource, Trust};
use crate::error::ConfigurationError;
use crate::mode::Mode;
use crate::name::ServerName;
use crate::suite::{CipherSuite, CipherSuites};
use crate::version::Versions;

/// The most application protocols (ALPN) that can be offered.
pub const MAX_ALPN: usize = 4;
/// The longest application protocol name, in bytes. RFC 7301 allows 255; the
/// registered ones are shorter than this.
pub const MAX_ALPN_NAME: usize = 32;

/// The name of an application protocol (ALPN, RFC 7301), such as `mqtt`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AlpnProtocol(heapless::String<MAX_ALPN_NAME>);

impl AlpnProtocol {
    /// Checks `name`: `1..=`[`MAX_ALPN_NAME`] bytes without a NUL.
    ///
    /// # Errors
    ///
    /// [`ConfigurationError::Alpn`].
    pub fn new(name: &str) -> Result<Self, ConfigurationError> {
        if name.is_empty() || name.contains('\0') {
            return Err(ConfigurationError::Alpn);
        }
        heapless::String::try_from(name)
            .map(Self)
            .map_err(|_| ConfigurationError::Alpn)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AlpnProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// How long each stage may take. `None` leaves it to the backend: on Zephyr
/// `CONFIG_NET_SOCKETS_CONNECT_TIMEOUT` for the first two, and no limit for the last.
///
/// A backend that cannot keep to a limit refuses it when a client is built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// To make the TCP connection.
    pub connect: Option<Duration>,
    /// To complete the TLS handshake, from its first byte.
    pub handshake: Option<Duration>,
    /// For one read or write on the finished connection.
    pub io: Option<Duration>,
}

/// What clients and servers have in common.
pub struct Settings {
    pub(crate) versions: Versions,
    /// Empty: the defaults of the mode.
    pub(crate) suites: CipherSuites,
    pub(crate) suites_are_defaults: bool,
    pub(crate) alpn: heapless::Vec<AlpnProtocol, MAX_ALPN>,
    pub(crate) timeouts: Timeouts,
    pub(crate) resumes: bool,
    /// What a builder's step was given that did not fit; reported by its last one.
    pub(crate) misfit: Option<ConfigurationError>,
}

impl Settings {
    pub(crate) const fn new() -> Self {
        Self {
            versions: Versions::Tls12OrTls13,
            suites: CipherSuites::new(),
            suites_are_defaults: true,
            alpn: heapless::Vec::new(),
            timeouts: Timeouts {
                connect: None,
                handshake: None,
                io: None,
            },
            resumes: false,
            misfit: None,
        }
    }

    /// The versions allowed.
    #[must_use]
    pub const fn versions(&self) -> Versions {
        self.versions
    }

    /// The cipher suites allowed, most wanted first; never empty.
    #[must_use]
    pub fn suites(&self) -> &[CipherSuite] {
        &self.suites
    }

    /// Whether those are the defaults of the mode. Of defaults, a backend offers what
    /// its TLS library has; one that was asked for by name and is lacking is refused.
    #[must_use]
    pub const fn suites_are_defaults(&self) -> bool {
        self.suites_are_defaults
    }

    /// The application protocols offered, most wanted first; empty for no ALPN.
    #[must_use]
    pub fn alpn(&self) -> &[AlpnProtocol] {
        &self.alpn
    }

    /// How long each stage may take.
    #[must_use]
    pub const fn timeouts(&self) -> Timeouts {
        self.timeouts
    }

    /// Whether sessions may be resumed. A backend that cannot refuses to be configured so.
    #[must_use]
    pub const fn resumes(&self) -> bool {
        self.resumes
    }

    pub(crate) fn set_suites(&mut self, suites: &[CipherSuite]) {
        match CipherSuites::from_slice(suites) {
            Ok(suites) => self.suites = suites,
            Err(_) => self.misfit = Some(ConfigurationError::TooManyCipherSuites),
        }
    }

    pub(crate) fn set_alpn(&mut self, protocols: &[AlpnProtocol]) {
        match heapless::Vec::from_slice(protocols) {
            Ok(protocols) => self.alpn = protocols,
            Err(_) => self.misfit = Some(ConfigurationError::TooManyAlpn),
        }
    }

    /// Fills in the default suites, or refuses what cannot be had.
    pub(crate) fn settle(&mut self, mode: Mode) -> Result<(), ConfigurationError> {
        if let Some(misfit) = self.misfit.take() {
            return Err(misfit);
        }
        if self.suites.is_empty() {
            self.suites = CipherSuite::defaults(mode, self.versions);
            return Ok(());
        }
        self.suites_are_defaults = false;
        for suite in &self.suites {
            if !suite.fits(mode) || !self.versions.allows(suite.version()) {
                return Err(ConfigurationError::CipherSuite {
                    suite: *suite,
                    mode,
                    versions: self.versions,
                });
            }
        }
        for version in [self.versions.min(), self.versions.max()] {
            if !self.suites.iter().any(|suite| suite.version() == version) {
                return Err(ConfigurationError::NoCipherSuite(version));
            }
        }
        Ok(())
    }
}

/// Whom a client trusts, and how it proves itself.
#[non_exhaustive]
pub enum ClientAuthentication {
    /// Mode 1: by a pre-shared key.
    Psk(PskSource),
    /// Mode 1 for trusted test networks: not at all.
    Unauthenticated,
    /// Mode 2: the server by its certificate, the client not at all.
    ServerAuth {
        /// Whom to trust.
        trust: Trust,
        /// The name that the server's certificate must carry.
        name: ServerName,
    },
    /// Mode 3: both by certificate.
    Mutual {
        /// Whom to trust.
        trust: Trust,
        /// The name that the server's certificate must carry.
        name: ServerName,
        /// What the client proves itself with.
        identity: IdentitySource,
    },
}

/// What a client was asked to do.
pub struct ClientConfig {
    pub(crate) authentication: ClientAuthentication,
    pub(crate) settings: Settings,
}

impl ClientConfig {
    /// The mode.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        match self.authentication {
            ClientAuthentication::Psk(_) => Mode::Psk,
            ClientAuthentication::Unauthenticated => Mode::Unauthenticated,
            ClientAuthentication::ServerAuth { .. } => Mode::ServerAuth,
            ClientAuthentication::Mutual { .. } => Mode::Mutual,
        }
    }

    /// Whom to trust, and how to prove itself.
    #[must_use]
    pub const fn authentication(&self) -> &ClientAuthentication {
        &self.authentication
    }

    /// The rest.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whom to trust, and by which name, in the modes with certificates.
    #[must_use]
    pub const fn trust(&self) -> Option<(&Trust, &ServerName)> {
        match &self.authentication {
            ClientAuthentication::ServerAuth { trust, name }
            | ClientAuthentication::Mutual { trust, name, .. } => Some((trust, name)),
            _ => None,
        }
    }
}

/// How a server proves itself, and whom it trusts.
#[non_exhaustive]
pub enum ServerAuthentication {
    /// Mode 1: by a pre-shared key, one for all clients.
    Psk(PskSource),
    /// Mode 1 for trusted test networks: by a certificate that nobody verifies.
    Unauthenticated {
        /// The certificate that TLS cannot do without.
        identity: IdentitySource,
    },
    /// Mode 2: the server by its certificate, clients not at all.
    ServerAuth {
        /// What the server proves itself with.
        identity: IdentitySource,
    },
    /// Mode 3: both by certificate; a client without one is refused.
    Mutual {
        /// What the server proves itself with.
        identity: IdentitySource,
        /// Whose clients to let in.
        trust: Trust,
    },
}

/// What a server was asked to do.
pub struct ServerConfig {
    pub(crate) authentication: ServerAuthentication,
    pub(crate) settings: Settings,
}

impl ServerConfig {
    /// The mode.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        match self.authentication {
            ServerAuthentication::Psk(_) => Mode::Psk,
            ServerAuthentication::Unauthenticated { .. } => Mode::Unauthenticated,
            ServerAuthentication::ServerAuth { .. } => Mode::ServerAuth,
            ServerAuthentication::Mutual { .. } => Mode::Mutual,
        }
    }

    /// How to prove itself, and whom to trust.
    #[must_use]
    pub const fn authentication(&self) -> &ServerAuthentication {
        &self.authentication
    }

    /// The rest.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whose clients to let in, in mode 3.
    #[must_use]
    pub const fn client_trust(&self) -> Option<&Trust> {
        match &self.authentication {
            ServerAuthentication::Mutual { trust, .. } => Some(trust),
            _ => None,
        }
    }
}
