// SPDX-License-Identifier: Apache-2.0

use std::net::{SocketAddr, TcpListener, TcpStream};

use portable_atomic_util::Arc;
use secure_socket::backend::{Failure, Observer, OsError, ServerBackend};
use secure_socket::config::{ServerConfig, Timeouts};
use secure_socket::error::{Error, IoError};

use crate::net;
use crate::{DEFAULT_HANDSHAKE_TIMEOUT, MbedTls, TcpConnection, platform};
use mbedtls_engine::{Config, Limits, Material};

/// A bound port.
pub struct Listener {
    socket: TcpListener,
    config: Arc<Config>,
    timeouts: Timeouts,
}

impl ServerBackend for MbedTls {
    type Listener = Listener;
    type Incoming = TcpStream;
    type Served = TcpConnection;

    fn bind(&self, config: &ServerConfig, address: SocketAddr) -> Result<Listener, Error> {
        let timeouts = config.settings().timeouts();
        let material = Material::given_to_server(config)?;
        let config = Arc::new(Config::server(self.library, config, &material)?);
        let socket = TcpListener::bind(address)
            .map_err(|error| Error::Io(IoError::Os(net::os_error(&error))))?;
        Ok(Listener {
            socket,
            config,
            timeouts,
        })
    }

    fn local_address(&self, listener: &Listener) -> Result<SocketAddr, OsError> {
        listener
            .socket
            .local_addr()
            .map_err(|error| net::os_error(&error))
    }

    fn accept(&self, listener: &Listener) -> Result<(TcpStream, SocketAddr), OsError> {
        let accepted = listener.socket.accept();
        accepted.map_err(|error| net::os_error(&error))
    }

    fn handshake(
        &self,
        listener: &Listener,
        incoming: TcpStream,
        observer: &mut dyn Observer,
    ) -> Result<TcpConnection, Failure> {
        net::prepare(&incoming).map_err(Failure::Os)?;
        let Timeouts { handshake, io, .. } = listener.timeouts;
        let _clock = platform::use_clock(self.clock);
        let limits = Limits {
            handshake: handshake.unwrap_or(DEFAULT_HANDSHAKE_TIMEOUT),
            io,
        };
        let config = Arc::clone(&listener.config);
        mbedtls_engine::handshake(config, incoming, limits, None, observer)
    }
}
