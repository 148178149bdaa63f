// SPDX-License-Identifier: Apache-2.0

//! Servers: Mbed TLS directly over accepted TCP sockets. docs/server.md says why.

use core::net::SocketAddr;
use core::time::Duration;

use mbedtls_engine::{Config, Library, Limits, StartError, TlsConnection};
use secure_socket::Error;
use secure_socket::backend::{Failure, Observer, OsError, ServerBackend};
use secure_socket::config::ServerConfig;
use secure_socket::error::{ConfigurationError, IoError};
use zephyr::sync::Arc;

use crate::backend::Zephyr;
use crate::credentials::Credentials;
use crate::prepared::check_build;
use crate::socket::{Socket, Tcp};
use crate::{library, sys};

/// A client's TLS connection.
pub type ServedConnection = TlsConnection<Tcp>;

/// A socket that listens, and what it takes to make handshakes on what it accepts.
pub struct Listener {
    socket: Socket,
    bound: SocketAddr,
    config: Arc<Config>,
    limits: Limits,
    /// In Zephyr's store for as long as the server runs.
    _credentials: Credentials,
}

impl ServerBackend for Zephyr {
    type Listener = Listener;
    type Incoming = Socket;
    type Served = ServedConnection;

    fn bind(&self, config: &ServerConfig, address: SocketAddr) -> Result<Listener, Error> {
        check_build(config.mode(), config.settings())?;
        let library: Library = library::start().map_err(not_started)?;
        let credentials = Credentials::of_server(self.first_tag(), config)?;
        let loaded = credentials.load()?;
        let timeouts = config.settings().timeouts();
        let config = Arc::new(Config::server(library, config, &loaded.material())?);
        let (socket, bound) =
            Socket::listen(address).map_err(|error| Error::Io(IoError::Os(error)))?;
        if bound.port() == 0 {
            return Err(ConfigurationError::Unsupported {
                option: "port 0",
                advice: "name the port: this network stack cannot tell which one it took",
            }
            .into());
        }
        let longest = Duration::from_millis(sys::build().connect_timeout_ms.into());
        Ok(Listener {
            socket,
            bound,
            config,
            limits: Limits {
                handshake: timeouts.handshake.unwrap_or(longest),
                io: timeouts.io,
            },
            _credentials: credentials,
        })
    }

    fn local_address(&self, listener: &Listener) -> Result<SocketAddr, OsError> {
        Ok(listener.bound)
    }

    fn accept(&self, listener: &Listener) -> Result<(Socket, SocketAddr), OsError> {
        listener.socket.accept()
    }

    fn handshake(
        &self,
        listener: &Listener,
        incoming: Socket,
        observer: &mut dyn Observer,
    ) -> Result<ServedConnection, Failure> {
        let config = Arc::clone(&listener.config);
        mbedtls_engine::handshake(config, incoming, listener.limits, None, observer)
    }
}

fn not_started(error: StartError) -> ConfigurationError {
    ConfigurationError::Unsupported {
        option: "this image's Mbed TLS",
        advice: match error {
            StartError::Bindings => "its bindings do not fit it: build the firmware afresh",
            _ => "it did not start: no memory or no random numbers",
        },
    }
}
