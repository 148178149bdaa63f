// SPDX-License-Identifier: Apache-2.0

//! Clients.

use alloc::borrow::ToOwned;
use core::net::SocketAddr;

use portable_atomic_util::Arc;

use crate::backend::{Backend, ConnectFailure, HandshakeMessage, OsError, OsErrorKind};
use crate::builder::Builder;
use crate::config::{ClientAuthentication, ClientConfig, Settings};
use crate::credential::{IdentitySource, Psk, PskIdentity, PskSource, Trust};
use crate::diagnosis::{Alert, Peer};
use crate::error::{ConnectError, Error, HandshakeReason, ResolveError};
use crate::handshake::{Concluded, Offered, Outcome, Terms, clock_for};
use crate::mode::Mode;
use crate::name::ServerName;
use crate::resumption::{ClientSessions, Offer, Origin, Wallet};
use crate::revocation::Turn;
use crate::session::AuthenticatedAs;
use crate::stream::{Resumable, Stream};
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
    sessions: Option<ClientSessions>,
}

/// All that is needed was said.
pub struct ClientReady {
    pub(crate) authentication: ClientAuthentication,
    pub(crate) sessions: Option<ClientSessions>,
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
///
/// Sessions to resume in mode 1, where no certificate proves who made them:
///
/// ```compile_fail,E0599
/// # use secure_socket::{*, backend::Backend, credential::*, resumption::ClientSessions};
/// # fn example<B: Backend>(backend: &B, identity: PskIdentity, key: Psk) {
/// client::builder().psk(identity, key).resumption(ClientSessions::new()).build(backend);
/// # }
/// ```
pub struct Client<'b, B: Backend> {
    backend: &'b B,
    config: ClientConfig,
    us: AuthenticatedAs,
    prepared: B::Client,
    /// The sessions that it made, and nobody else's.
    sessions: Option<Arc<dyn Wallet>>,
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
            sessions: None,
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
            sessions: None,
        })
    }

    /// Mode 3: the client proves itself with a certificate too.
    pub fn identity(self, identity: impl Into<IdentitySource>) -> Builder<NeedsName> {
        self.with(|state| NeedsName {
            trust: state.trust,
            identity: Some(identity.into()),
            sessions: None,
        })
    }
}

impl Builder<NeedsName> {
    /// The name that the server's certificate must carry. It need not be the host
    /// that is connected to.
    pub fn server_name(self, name: ServerName) -> Builder<ClientReady> {
        self.with(|state| {
            let NeedsName {
                trust,
                identity,
                sessions,
            } = state;
            ClientReady {
                authentication: match identity {
                    None => ClientAuthentication::ServerAuth { trust, name },
                    Some(identity) => ClientAuthentication::Mutual {
                        trust,
                        name,
                        identity,
                    },
                },
                sessions,
            }
        })
    }

    /// Keeps the sessions that connections make, and resumes them: the next connection to
    /// the same host and port is then made without certificates, as far as the server
    /// remembers the session. See [`resumption`](crate::resumption); by default none is.
    ///
    /// In TLS 1.2 a resumed connection has no fresh key exchange: who learns the session's
    /// secret later can read it. Where that matters, allow TLS 1.3 alone.
    pub fn resumption(mut self, sessions: ClientSessions) -> Self {
        self.settings.resumes = true;
        self.state.sessions = Some(sessions);
        self
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
            sessions: self.state.sessions.map(ClientSessions::open),
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
    /// Revocation lists whose turn it is ([`Crls::with_url`]) are fetched before.
    ///
    /// [`Crls::with_url`]: crate::revocation::Crls::with_url
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
        let backend = self.backend;
        let examined = self.config.trust().filter(|(trust, _)| trust.is_examined());
        let mut clock = match (self.config.trust(), examined) {
            // Whose clock the platform's TLS goes by is its own affair.
            (Some(_), None) => None,
            _ => clock_for(mode, backend)?,
        };
        if let Some((trust, _)) = examined {
            trust.refresh(Turn::Due, backend);
            // That may have taken a while.
            clock = clock_for(mode, backend)?;
        }
        let not_found = |reason| {
            Error::Resolve(ResolveError {
                host: host.to_owned(),
                reason,
            })
        };
        let addresses = backend.resolve(host, port).map_err(not_found)?;
        let mut failed = not_found(OsError {
            kind: OsErrorKind::NotFound,
            number: 0,
        });
        let trust = examined.zip(clock);
        let expected = trust.map(|((trust, name), clock)| Expected {
            peer: Peer::Server,
            name: Some(name),
            trust,
            clock,
            keeps_chain: self.sessions.is_some(),
        });
        let resumes = self.sessions.as_ref().zip(expected);
        let mut offer =
            resumes.and_then(|(wallet, expected)| wallet.offer(host, port, expected, backend));
        for address in addresses {
            let mut attempt = |offer: Option<&Offer>| {
                log::debug!("connecting to {address}");
                let trace = trace.as_mut().map(|trace| &mut **trace as _);
                self.attempt(address, expected, offer, trace)
            };
            let mut outcome = attempt(offer.as_ref());
            if let Err(Failed::Handshake(error)) = &outcome
                && offer.is_some()
                && is_about_versions(error)
            {
                log::info!("{host} no longer has the version of the session that was offered");
                offer = None;
                outcome = attempt(None);
            }
            let Concluded { stream, chain } = match outcome {
                Ok(concluded) => concluded,
                // A session is offered once, whatever becomes of it (RFC 8446, appendix C.4).
                Err(Failed::Handshake(error)) => return Err(error),
                Err(Failed::Connect(error)) => {
                    failed = error;
                    continue;
                }
            };
            let Some((wallet, Expected { clock, .. })) = resumes else {
                return Ok(stream);
            };
            let origin = match offer {
                Some(offer) if stream.session().resumed => offer.into_origin(),
                _ => Origin::new(host, port, chain, clock),
            };
            return Ok(stream.with_resumable(Resumable {
                wallet: Arc::clone(wallet),
                origin,
                clock,
            }));
        }
        if let (Some(wallet), Some(offer)) = (&self.sessions, offer) {
            wallet.put_back(offer);
        }
        Err(failed)
    }

    /// One connection, and its handshake.
    fn attempt(
        &self,
        address: SocketAddr,
        expected: Option<Expected<'_>>,
        offer: Option<&Offer>,
        mut trace: Option<&mut dyn FnMut(&HandshakeMessage)>,
    ) -> Result<Concluded<B::Connection>, Failed> {
        let backend = self.backend;
        let trace = trace.as_mut().map(|trace| &mut **trace as _);
        let mut judge = Judge::new(expected, backend, trace);
        let session = offer.map(Offer::session);
        let result = backend.connect(&self.prepared, &self.config, address, session, &mut judge);
        let outcome = match result {
            Ok(connection) => Ok(connection),
            Err(ConnectFailure::Handshake(failure)) => Err(failure),
            Err(ConnectFailure::Connect(reason)) => {
                let error = Error::Connect(ConnectError { address, reason });
                return Err(Failed::Connect(error));
            }
        };
        Outcome {
            terms: Terms {
                mode: self.mode(),
                peer: Peer::Server,
                settings: &self.config.settings,
                peer_without_certificate: match &self.config.authentication {
                    ClientAuthentication::Psk(source) => AuthenticatedAs::psk(source),
                    _ => AuthenticatedAs::Nobody,
                },
                unexamined: self
                    .config
                    .trust()
                    .filter(|(trust, _)| !trust.is_examined())
                    .map(|(_, name)| AuthenticatedAs::Unexamined(name.clone())),
                us: &self.us,
                status: expected
                    .and_then(|expected| expected.trust.status_lookup(expected.clock, backend)),
                // Its chain was asked about before it was offered.
                offered: offer.map(|offer| Offered {
                    leaf: Some(&offer.leaf),
                    unasked: None,
                }),
            },
            judge,
        }
        .conclude(outcome)
        .map_err(Failed::Handshake)
    }
}

/// What became of one address.
enum Failed {
    /// No connection was made: another address may do.
    Connect(Error),
    /// The handshake failed.
    Handshake(Error),
}

/// Whether a server refuses the version that it was asked for.
fn is_about_versions(error: &Error) -> bool {
    match error {
        Error::Handshake(error) => matches!(
            error.reason,
            HandshakeReason::PeerAlert(Alert::PROTOCOL_VERSION) | HandshakeReason::Version(_)
        ),
        _ => false,
    }
}
