// SPDX-License-Identifier: Apache-2.0

//! Our clients and servers.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::OnceLock;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use mbedtls_backend::{MbedTls, TcpConnection};
use secure_socket::backend::HandshakeMessage;
use secure_socket::builder::Builder;
use secure_socket::client::{ClientReady, NeedsName};
use secure_socket::config::Timeouts;
use secure_socket::error::Error;
use secure_socket::resumption::{ClientSessions, ServerSessions};
use secure_socket::server::{NeedsClients, Server, ServerReady};
use secure_socket::{Client, ServerName, Session, Stream, client, dangerous, server};
use test_pki::{KeyKind, Leaf};

use crate::peer::{Auth, PATIENCE};
use crate::pki;

pub(crate) fn backend() -> &'static MbedTls {
    static BACKEND: OnceLock<MbedTls> = OnceLock::new();
    BACKEND.get_or_init(|| MbedTls::new().unwrap())
}

/// Short enough to fail a test, long enough for a busy machine.
pub(crate) const TIMEOUTS: Timeouts = Timeouts {
    connect: Some(Duration::from_secs(5)),
    handshake: Some(Duration::from_secs(10)),
    io: Some(Duration::from_secs(10)),
};

pub(crate) fn localhost() -> ServerName {
    ServerName::new("localhost").unwrap()
}

/// A client for a server that does `auth`; as such it brings a good certificate.
pub(crate) fn client_for(auth: Auth) -> Builder<ClientReady> {
    client_with(auth, |builder| builder)
}

/// The same that keeps sessions.
pub(crate) fn resuming_client_for(auth: Auth) -> Builder<ClientReady> {
    client_with(auth, |builder| builder.resumption(ClientSessions::new()))
}

/// The same with `more`, in a mode with certificates.
pub(crate) fn client_with(
    auth: Auth,
    more: impl FnOnce(Builder<NeedsName>) -> Builder<NeedsName>,
) -> Builder<ClientReady> {
    let builder = client::builder().timeouts(TIMEOUTS);
    match auth {
        Auth::Psk => builder.psk(pki::psk_identity(), pki::psk()),
        Auth::Server(kind, _) => {
            more(builder.trust(pki::ca(kind)).without_identity()).server_name(localhost())
        }
        Auth::Mutual(kind, _) => {
            let identity = pki::identity(kind, Leaf::Client);
            more(builder.trust(pki::ca(kind)).identity(identity)).server_name(localhost())
        }
    }
}

/// A server for a client that does `auth`, with a good certificate.
pub(crate) fn server_for(auth: Auth) -> Builder<ServerReady> {
    server_with(auth, |builder| builder)
}

/// The same that keeps sessions.
pub(crate) fn resuming_server_for(auth: Auth) -> Builder<ServerReady> {
    server_with(auth, |builder| builder.resumption(ServerSessions::new(8)))
}

/// The same with `more`, in a mode with certificates.
pub(crate) fn server_with(
    auth: Auth,
    more: impl FnOnce(Builder<NeedsClients>) -> Builder<NeedsClients>,
) -> Builder<ServerReady> {
    let builder = server::builder().timeouts(TIMEOUTS);
    match auth {
        Auth::Psk => builder.psk(pki::psk_identity(), pki::psk()),
        Auth::Server(kind, _) => {
            more(builder.identity(pki::identity(kind, Leaf::Server))).any_client()
        }
        Auth::Mutual(kind, _) => more(builder.identity(pki::identity(kind, Leaf::Server)))
            .clients_trusted_by(pki::ca(kind)),
    }
}

pub(crate) fn dangerous_client() -> Builder<ClientReady> {
    dangerous::unauthenticated_client().timeouts(TIMEOUTS)
}

pub(crate) fn dangerous_server() -> Builder<ServerReady> {
    dangerous::unauthenticated_server(pki::identity(KeyKind::Ec, Leaf::SelfSigned))
        .timeouts(TIMEOUTS)
}

pub(crate) fn build(builder: Builder<ClientReady>) -> Client<'static, MbedTls> {
    builder.build(backend()).unwrap()
}

pub(crate) fn connect(
    builder: Builder<ClientReady>,
    port: u16,
) -> Result<Stream<TcpConnection>, Error> {
    build(builder).connect("127.0.0.1", port)
}

/// Why a connection could not be made.
pub(crate) fn refusal(builder: Builder<ClientReady>, port: u16) -> Error {
    match connect(builder, port) {
        Err(error) => error,
        Ok(stream) => panic!("nothing was refused: {:?}", stream.session()),
    }
}

/// Reads a line without its end.
pub(crate) fn read_line(stream: &Stream<TcpConnection>) -> String {
    let mut line = Vec::new();
    let mut byte = [0];
    loop {
        assert_eq!(stream.receive(&mut byte).unwrap(), 1, "the stream ended");
        match byte[0] {
            b'\n' => break,
            byte => line.push(byte),
        }
    }
    String::from_utf8(line).unwrap().trim_end().to_owned()
}

/// A server of ours that takes one client and echoes.
pub(crate) struct Echo {
    pub(crate) port: u16,
    handshake: Receiver<Result<Session, Error>>,
    end: Receiver<Result<(), Error>>,
}

impl Echo {
    pub(crate) fn start(builder: Builder<ServerReady>) -> Self {
        Self::start_traced(builder, |_| {})
    }

    pub(crate) fn start_traced(
        builder: Builder<ServerReady>,
        mut trace: impl FnMut(&HandshakeMessage) + Send + 'static,
    ) -> Self {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server: Server<'static, MbedTls> = builder.bind(backend(), address).unwrap();
        let port = server.local_address().unwrap().port();
        let (shaken, handshake) = mpsc::channel();
        let (ended, end) = mpsc::channel();
        thread::spawn(
            move || match server.accept().unwrap().handshake_traced(&mut trace) {
                Err(error) => shaken.send(Err(error)).unwrap_or(()),
                Ok(stream) => {
                    shaken.send(Ok(stream.session().clone())).unwrap_or(());
                    ended.send(echo(&stream)).unwrap_or(());
                }
            },
        );
        Self {
            port,
            handshake,
            end,
        }
    }

    /// What the handshake came to.
    pub(crate) fn handshake(&self) -> Result<Session, Error> {
        self.handshake.recv_timeout(PATIENCE).expect("no handshake")
    }

    /// How the connection ended.
    pub(crate) fn end(&self) -> Result<(), Error> {
        self.end.recv_timeout(PATIENCE).expect("no end")
    }
}

/// A server of ours that echoes to one client after the other.
pub(crate) struct Echoes {
    pub(crate) port: u16,
    handshakes: Receiver<Result<Session, Error>>,
}

impl Echoes {
    pub(crate) fn start(builder: Builder<ServerReady>) -> Self {
        Self::start_at(backend(), builder)
    }

    pub(crate) fn start_at(backend: &'static MbedTls, builder: Builder<ServerReady>) -> Self {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server: Server<'static, MbedTls> = builder.bind(backend, address).unwrap();
        let port = server.local_address().unwrap().port();
        let (shaken, handshakes) = mpsc::channel();
        thread::spawn(move || {
            loop {
                let shook = match server.accept().unwrap().handshake() {
                    Err(error) => shaken.send(Err(error)),
                    Ok(stream) => {
                        let told = shaken.send(Ok(stream.session().clone()));
                        // How it ends is the client's business.
                        let _ = echo(&stream);
                        told
                    }
                };
                if shook.is_err() {
                    return;
                }
            }
        });
        Self { port, handshakes }
    }

    /// What the next handshake came to.
    pub(crate) fn handshake(&self) -> Result<Session, Error> {
        self.handshakes
            .recv_timeout(PATIENCE)
            .expect("no handshake")
    }
}

fn echo(stream: &Stream<TcpConnection>) -> Result<(), Error> {
    let mut buffer = [0; 4096];
    loop {
        match stream.receive(&mut buffer)? {
            0 => return stream.finish(),
            length => stream.send_all(&buffer[..length])?,
        }
    }
}
