// SPDX-License-Identifier: Apache-2.0

//! Servers.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::ToString;
use core::net::SocketAddr;

use crate::backend::{Connection as _, Failure, HandshakeMessage, OsError, ServerBackend};
use crate::builder::Builder;
use crate::config::{ServerAuthentication, ServerConfig, Settings};
use crate::credential::{IdentitySource, Psk, PskIdentity, PskSource, Trust};
use crate::diagnosis::{Alert, Peer};
use crate::error::{Error, HandshakeError, HandshakeReason, IoError};
use crate::handshake::{Concluded, Offered, Outcome, Terms, clock_for};
use crate::mode::Mode;
use crate::resumption::{Desk, ServerSessions, Visit};
use crate::revocation::Turn;
use crate::session::{AuthenticatedAs, Session};
use crate::stream::Stream;
use crate::verify::{Expected, Judge};

/// Nothing was said yet: how to authenticate comes first.
pub struct NeedsProof(());

/// What the server proves itself with was said: now which clients to let in.
pub struct NeedsClients {
    identity: IdentitySource,
    sessions: Option<ServerSessions>,
}

/// All that is needed was said.
pub struct ServerReady {
    pub(crate) authentication: ServerAuthentication,
    pub(crate) admit: Option<Box<Admit>>,
    pub(crate) sessions: Option<ServerSessions>,
}

impl ServerReady {
    pub(crate) const fn new(authentication: ServerAuthentication) -> Self {
        Self {
            authentication,
            admit: None,
            sessions: None,
        }
    }
}

/// What [`Builder::admit`] answers of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is let in.
    Admitted,
    /// It is not, for this reason; words that follow "was not admitted: ".
    Refused(Cow<'static, str>),
}

type Admit = dyn Fn(&Session) -> Admission + Send + Sync;

/// A TLS server: a bound port, in one mode.
///
/// A server that was not told which clients to let in does not compile:
///
/// ```compile_fail,E0599
/// # use secure_socket::{*, backend::ServerBackend, credential::*};
/// # fn example<B: ServerBackend>(backend: &B, identity: Identity) {
/// # let address = "127.0.0.1:0".parse().unwrap();
/// server::builder().identity(identity).bind(backend, address);
/// # }
/// ```
///
/// Nor does one that resumes sessions in mode 1, where no certificate proves who made them:
///
/// ```compile_fail,E0599
/// # use secure_socket::{*, backend::ServerBackend, credential::*, resumption::ServerSessions};
/// # fn example<B: ServerBackend>(backend: &B, identity: PskIdentity, key: Psk) {
/// # let address = "127.0.0.1:0".parse().unwrap();
/// let builder = server::builder().psk(identity, key);
/// builder.resumption(ServerSessions::new(8)).bind(backend, address);
/// # }
/// ```
pub struct Server<'b, B: ServerBackend> {
    backend: &'b B,
    config: ServerConfig,
    admit: Option<Box<Admit>>,
    us: AuthenticatedAs,
    listener: B::Listener,
    /// The sessions of its clients, and no other server's.
    sessions: Option<Box<dyn Desk>>,
}

/// Starts a server at the first step: [`psk`](Builder::psk) or
/// [`identity`](Builder::identity).
pub const fn builder() -> Builder<NeedsProof> {
    Builder {
        state: NeedsProof(()),
        settings: Settings::new(),
    }
}

impl Builder<NeedsProof> {
    /// Mode 1: both sides prove that they know `key`. One key serves all clients of
    /// a server: each can pass for any other.
    pub fn psk(self, identity: PskIdentity, key: Psk) -> Builder<ServerReady> {
        self.psk_source(PskSource::Given { identity, key })
    }

    /// Mode 1 with a key from wherever it is: given, or in the platform's credential
    /// store.
    pub fn psk_source(self, source: PskSource) -> Builder<ServerReady> {
        self.with(|_| ServerReady::new(ServerAuthentication::Psk(source)))
    }

    /// Modes 2 and 3: the server proves itself with a certificate.
    pub fn identity(self, identity: impl Into<IdentitySource>) -> Builder<NeedsClients> {
        self.with(|_| NeedsClients {
            identity: identity.into(),
            sessions: None,
        })
    }
}

impl Builder<NeedsClients> {
    /// Mode 2: lets any client in; none is asked for a certificate.
    pub fn any_client(self) -> Builder<ServerReady> {
        self.with(|state| ServerReady {
            sessions: state.sessions,
            ..ServerReady::new(ServerAuthentication::ServerAuth {
                identity: state.identity,
            })
        })
    }

    /// Mode 3: lets in clients with a certificate that leads to `trust`, and no others.
    pub fn clients_trusted_by(self, trust: impl Into<Trust>) -> Builder<ServerReady> {
        self.with(|state| ServerReady {
            sessions: state.sessions,
            ..ServerReady::new(ServerAuthentication::Mutual {
                identity: state.identity,
                trust: trust.into(),
            })
        })
    }

    /// Keeps sessions, and lets clients resume them. In mode 3 a client that resumes is who
    /// it proved to be in its full handshake; its certificate is judged again, and
    /// [`Builder::admit`] asked as ever. See [`resumption`](crate::resumption); by default
    /// none is kept.
    pub fn resumption(mut self, sessions: ServerSessions) -> Self {
        self.settings.resumes = true;
        self.state.sessions = Some(sessions);
        self
    }
}

impl Builder<ServerReady> {
    /// Asks `admit` of every client whose handshake is done whether to let it in, before
    /// a byte of its data is read. In mode 3, [`Session::peer`] then is who it has proved
    /// to be: its certificate's subject, names and SHA-256.
    ///
    /// One that is refused gets the alert access_denied (RFC 8446, section 6.2), and the
    /// server [`HandshakeReason::NotAdmitted`]. The hook runs on the thread of the
    /// handshake, for several clients at once where they have threads of their own.
    pub fn admit(mut self, admit: impl Fn(&Session) -> Admission + Send + Sync + 'static) -> Self {
        self.state.admit = Some(Box::new(admit));
        self
    }

    /// Checks the settings, loads the credentials and binds `address`; port 0 takes
    /// a free one. Then fetches the revocation lists ([`Crls::with_url`]): where one cannot
    /// be had the server is bound all the same, says so in the log and refuses clients
    /// until it can.
    ///
    /// [`Crls::with_url`]: crate::revocation::Crls::with_url
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`], [`Error::Credential`], or [`Error::Io`] if the
    /// address cannot be bound.
    pub fn bind<B: ServerBackend>(
        self,
        backend: &B,
        address: SocketAddr,
    ) -> Result<Server<'_, B>, Error> {
        let mut config = ServerConfig {
            authentication: self.state.authentication,
            settings: self.settings,
        };
        config.settings.settle(config.mode())?;
        if let Some(trust) = config.client_trust() {
            trust.prepare(backend)?;
        }
        let listener = backend.bind(&config, address)?;
        if let Some(trust) = config.client_trust()
            && clock_for(Mode::Mutual, backend).is_ok()
        {
            trust.refresh(Turn::AtLeisure, backend);
        }
        let us = match &config.authentication {
            ServerAuthentication::Psk(source) => AuthenticatedAs::psk(source),
            ServerAuthentication::Unauthenticated { .. } => AuthenticatedAs::Nobody,
            ServerAuthentication::ServerAuth { identity }
            | ServerAuthentication::Mutual { identity, .. } => {
                AuthenticatedAs::certificate(identity)
            }
        };
        Ok(Server {
            backend,
            config,
            admit: self.state.admit,
            us,
            listener,
            sessions: self.state.sessions.map(ServerSessions::open),
        })
    }
}

impl<'b, B: ServerBackend> Server<'b, B> {
    /// The mode.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.config.mode()
    }

    /// The address that is bound.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn local_address(&self) -> Result<SocketAddr, Error> {
        self.backend.local_address(&self.listener).map_err(os)
    }

    /// Fetches the revocation lists whose turn it is ([`Crls::with_url`]). Handshakes do so
    /// too; a program with a thread to spare for it can call this every minute or so, and
    /// no client is ever kept waiting for one.
    ///
    /// [`Crls::with_url`]: crate::revocation::Crls::with_url
    pub fn refresh_revocation_lists(&self) {
        if let Some(trust) = self.config.client_trust()
            && clock_for(Mode::Mutual, self.backend).is_ok()
        {
            trust.refresh(Turn::AtLeisure, self.backend);
        }
    }

    /// Waits for a client. Its handshake is yet to be made, and may be made on
    /// another thread, so that a slow client delays no other.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn accept(&self) -> Result<Incoming<'_, 'b, B>, Error> {
        let (incoming, peer) = self.backend.accept(&self.listener).map_err(os)?;
        Ok(Incoming {
            server: self,
            incoming,
            peer,
        })
    }
}

fn os(error: OsError) -> Error {
    Error::Io(IoError::Os(error))
}

/// A client that is connected, and has yet to prove itself.
pub struct Incoming<'s, 'b, B: ServerBackend> {
    server: &'s Server<'b, B>,
    incoming: B::Incoming,
    peer: SocketAddr,
}

impl<B: ServerBackend> Incoming<'_, '_, B> {
    /// Where the client connects from.
    #[must_use]
    pub const fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Completes the handshake.
    ///
    /// # Errors
    ///
    /// [`Error::Handshake`], [`Error::Verify`], or [`Error::Configuration`] if the
    /// clock is not set. A client that [`Builder::admit`] refused is an
    /// [`Error::Handshake`] too.
    pub fn handshake(self) -> Result<Stream<B::Served>, Error> {
        self.handshake_with(None)
    }

    /// As [`Incoming::handshake`], and shows `trace` each handshake message as it
    /// goes by, where the backend can tell.
    ///
    /// # Errors
    ///
    /// As [`Incoming::handshake`].
    pub fn handshake_traced(
        self,
        trace: &mut dyn FnMut(&HandshakeMessage),
    ) -> Result<Stream<B::Served>, Error> {
        self.handshake_with(Some(trace))
    }

    fn handshake_with<'t>(
        self,
        mut trace: Option<&'t mut (dyn FnMut(&HandshakeMessage) + 't)>,
    ) -> Result<Stream<B::Served>, Error> {
        let Server {
            backend,
            config,
            admit,
            us,
            listener,
            sessions,
        } = self.server;
        let mode = config.mode();
        if mode == Mode::Unauthenticated {
            crate::dangerous::warn("a client");
        }
        // A server verifies certificates in mode 3 alone.
        let trust = config.client_trust();
        let clock = match trust {
            Some(trust) => {
                clock_for(mode, *backend)?;
                // Without them nobody could be let in.
                trust.refresh(Turn::Missing, *backend);
                // That may have taken a while.
                clock_for(mode, *backend)?
            }
            None => None,
        };
        let expected = trust.zip(clock).map(|(trust, clock)| Expected {
            peer: Peer::Client,
            name: None,
            trust,
            clock,
            keeps_chain: sessions.is_some(),
        });
        let visit = |clock| Visit {
            expected,
            clock,
            means: *backend,
        };
        // In mode 2 a clock that was never set still tells how old a session is.
        let teller = sessions
            .as_ref()
            .zip(clock.or_else(|| backend.now()))
            .map(|(desk, clock)| desk.attend(visit(clock)));
        let mut judge = Judge::new(
            expected,
            *backend,
            trace.as_mut().map(|trace| &mut **trace as _),
        )
        .with_teller(teller);
        let result: Result<_, Failure> = backend.handshake(listener, self.incoming, &mut judge);
        let teller = judge.take_teller();
        let presented = teller.as_ref().and_then(|teller| teller.presented());
        let Concluded { stream, chain } = Outcome {
            terms: Terms {
                mode,
                peer: Peer::Client,
                settings: &config.settings,
                peer_without_certificate: match &config.authentication {
                    ServerAuthentication::Psk(source) => AuthenticatedAs::psk(source),
                    _ => AuthenticatedAs::Nobody,
                },
                unexamined: None,
                us,
                status: expected
                    .and_then(|expected| expected.trust.status_lookup(expected.clock, *backend)),
                offered: presented.map(|presented| Offered {
                    leaf: presented.leaf,
                    unasked: Some(presented.chain),
                }),
            },
            judge,
        }
        .conclude(result)?;
        // Once this client is served: a fetch within its handshake could outlast it.
        if let Some(trust) = trust {
            trust.refresh(Turn::AtLeisure, *backend);
        }
        match admit.as_ref().map(|admit| admit(stream.session())) {
            None | Some(Admission::Admitted) => {
                if let Some(teller) = teller {
                    let is_full = !stream.session().resumed;
                    teller.settle(is_full.then_some(chain));
                }
                Ok(stream)
            }
            Some(Admission::Refused(why)) => {
                let (connection, session) = stream.into_parts();
                connection.abort(Alert::ACCESS_DENIED);
                Err(Error::Handshake(HandshakeError {
                    reason: HandshakeReason::NotAdmitted {
                        peer: session.peer.to_string(),
                        why,
                    },
                    code: None,
                }))
            }
        }
    }
}
