// SPDX-License-Identifier: Apache-2.0

//! Clients.

use alloc::borrow::ToOwned;

use crate::backend::{Backend, ConnectFailure, HandshakeMessage, OsError, OsErrorKind};
use crate::builder::Builder;
use crate::config::{ClientAuthentication, ClientConfig, Settings};
use crate::credential::{IdentitySource, Psk, PskIdentity, PskSource, Trust};
use crate::diagnosis::Peer;
use crate::error::{ConnectError, Error, ResolveError};
use crate::handshake::{Outcome, Terms, clock_for};
use crate::mode::Mode;
use crate::name::ServerName;
use crate::session::AuthenticatedAs;
use crate::stream::Stream;
use crate::verify::{Expected, Judge};

/// Nothing was said yet: how to authenticate comes first.
pub struct NeedsTrust(());

/// Whom to trust was said: now whether to prove ourselves with a certificate.
pub struct NeedsIdentity {
    trust: Trust,
}

/// How both sides authenticate was said: now the name that the server must prove.
pub struct NeedsName {
    trust: Trust,
    identity: Option<IdentitySource>,
}

/// All that is needed was said.
pub struct ClientReady {
    pub(crate) authentication: ClientAuthentication,
}

/// A TLS client: credentials and settings, checked, for any number of connections.
///
/// ```
/// # use secure_socket::{*, backend::Backend, credential::*};
/// # fn example<B: Backend>(backend: &B, ca: CaCertificate) -> Result<(), Error> {
/// # let name = ServerName::new("device.test").unwrap();
/// // Mode 2: the server proves its name with a certificate from `ca`.
/// let client = client::builder()
///     .trust(ca)
///     .without_identity()
///     .server_name(name)
///     .versions(TlsVersion::Tls13)
///     .build(backend)?;
/// let stream = client.connect("device.test", 4433)?;
/// # Ok(()) }
/// ```
///
/// What is left out does not compile. Mode 2 without a server name:
///
/// ```compile_fail,E0599
/// # use secure_socket::{*, backend::Backend, credential::*};
/// # fn example<B: Backend>(backend: &B, ca: CaCertificate) {
/// client::builder().trust(ca).without_identity().build(backend);
/// # }
/// ```
///
/// Mode 3 without an identity (`server_name` comes after it):
///
/// ```compile_fail,E0599
/// # use secure_socket::{*, backend::Backend, credential::*};
/// # fn example<B: Backend>(backend: &B, ca: CaCertificate, name: ServerName) {
/// client::builder().trust(ca).server_name(name).build(backend);
/// # }
/// ```
///
/// No trust at all:
///
/// ```compile_fail,E0599
/// # use secure_socket::{*, backend::Backend, credential::*};
/// # fn example<B: Backend>(backend: &B) {
/// client::builder().build(backend);
/// # }
/// ```
pub struct Client<'b, B: Backend> {
    backend: &'b B,
    config: ClientConfig,
    us: AuthenticatedAs,
    prepared: B::Client,
}

/// Starts a client at the first step: [`psk`](Builder::psk) or
/// [`trust`](Builder::trust).
pub const fn builder() -> Builder<NeedsTrust> {
    Builder {
        state: NeedsTrust(()),
        settings: Settings::new(),
    }
}

impl Builder<NeedsTrust> {
    /// Mode 1: both sides prove that they know `key`.
    pub fn psk(self, identity: PskIdentity, key: Psk) -> Builder<ClientReady> {
        self.psk_source(PskSource::Given { identity, key })
    }

    /// Mode 1 with a key from wherever it is: given, or in the platform's credential
    /// store.
    pub fn psk_source(self, source: PskSource) -> Builder<ClientReady> {
        self.with(|_| ClientReady {
            authentication: ClientAuthentication::Psk(source),
        })
    }

    /// Modes 2 and 3: the server proves itself with a certificate that leads to
    /// `trust`.
    pub fn trust(self, trust: impl Into<Trust>) -> Builder<NeedsIdentity> {
        self.with(|_| NeedsIdentity {
            trust: trust.into(),
        })
    }
}

impl Builder<NeedsIdentity> {
    /// Mode 2: the client does not prove itself.
    pub fn without_identity(self) -> Builder<NeedsName> {
        self.with(|state| NeedsName {
            trust: state.trust,
            identity: None,
        })
    }

    /// Mode 3: the client proves itself with a certificate too.
    pub fn identity(self, identity: impl Into<IdentitySource>) -> Builder<NeedsName> {
        self.with(|state| NeedsName {
            trust: state.trust,
            identity: Some(identity.into()),
        })
    }
}

impl Builder<NeedsName> {
    /// The name that the server's certificate must carry. It need not be the host
    /// that is connected to.
    pub fn server_name(self, name: ServerName) -> Builder<ClientReady> {
        self.with(|NeedsName { trust, identity }| ClientReady {
            authentication: match identity {
                None => ClientAuthentication::ServerAuth { trust, name },
                Some(identity) => ClientAuthentication::Mutual {
                    trust,
                    name,
                    identity,
                },
            },
        })
    }
}

impl Builder<ClientReady> {
    /// Checks the settings and loads the credentials.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] or [`Error::Credential`].
    pub fn build<B: Backend>(self, backend: &B) -> Result<Client<'_, B>, Error> {
        let mut config = ClientConfig {
            authentication: self.state.authentication,
            settings: self.settings,
        };
        config.settings.settle(config.mode())?;
        if let Some((trust, _)) = config.trust() {
            trust.prepare(backend)?;
        }
        let prepared = backend.prepare(&config)?;
        let us = match &config.authentication {
            ClientAuthentication::Psk(source) => AuthenticatedAs::psk(source),
            ClientAuthentication::Mutual { identity, .. } => AuthenticatedAs::certificate(identity),
            _ => AuthenticatedAs::Nobody,
        };
        Ok(Client {
            backend,
            config,
            us,
            prepared,
        })
    }
}

impl<B: Backend> Client<'_, B> {
    /// The mode.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.config.mode()
    }

    /// Connects to `host`, a DNS name or an IP address, and completes a handshake.
    /// Each of its addresses is tried until a TCP connection is made; a handshake
    /// that fails is not tried again elsewhere.
    ///
    /// # Errors
    ///
    /// Whatever [`Error`] has but a credential: those were checked.
    pub fn connect(&self, host: &str, port: u16) -> Result<Stream<B::Connection>, Error> {
        self.connect_with(host, port, None)
    }

    /// As [`Client::connect`], and shows `trace` each handshake message as it goes by,
    /// where the backend can tell.
    ///
    /// # Errors
    ///
    /// As [`Client::connect`].
    pub fn connect_traced(
        &self,
        host: &str,
        port: u16,
        trace: &mut dyn FnMut(&HandshakeMessage),
    ) -> Result<Stream<B::Connection>, Error> {
        self.connect_with(host, port, Some(trace))
    }

    fn connect_with<'t>(
        &self,
        host: &str,
        port: u16,
        mut trace: Option<&'t mut (dyn FnMut(&HandshakeMessage) + 't)>,
    ) -> Result<Stream<B::Connection>, Error> {
        let mode = self.mode();
        if mode == Mode::Unauthenticated {
            crate::dangerous::warn(host);
        }
        let clock = clock_for(mode, self.backend)?;
        let not_found = |reason| {
            Error::Resolve(ResolveError {
                host: host.to_owned(),
                reason,
            })
        };
        let addresses = self.backend.resolve(host, port).map_err(not_found)?;
        let mut failed = not_found(OsError {
            kind: OsErrorKind::NotFound,
            number: 0,
        });
        let backend = self.backend;
        for address in addresses {
            log::debug!("connecting to {address}");
            let expected = self.config.trust().zip(clock);
            let mut judge = Judge::new(
                expected.map(|((trust, name), clock)| Expected {
                    peer: Peer::Server,
                    name: Some(name),
                    trust,
                    clock,
                }),
                backend,
                trace.as_mut().map(|trace| &mut **trace as _),
            );
            let result = backend.connect(&self.prepared, &self.config, address, &mut judge);
            let outcome = match result {
                Ok(connection) => Ok(connection),
                Err(ConnectFailure::Handshake(failure)) => Err(failure),
                Err(ConnectFailure::Connect(reason)) => {
                    failed = Error::Connect(ConnectError { address, reason });
                    continue;
                }
            };
            return Outcome {
                terms: Terms {
                    mode,
                    peer: Peer::Server,
                    settings: &self.config.settings,
                    peer_without_certificate: match &self.config.authentication {
                        ClientAuthentication::Psk(source) => AuthenticatedAs::psk(source),
                        _ => AuthenticatedAs::Nobody,
                    },
                    us: &self.us,
                    status: expected
                        .and_then(|((trust, _), clock)| trust.status_lookup(clock, backend)),
                },
                judge,
            }
            .conclude(outcome);
        }
        Err(failed)
    }
}
