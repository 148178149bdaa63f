// SPDX-License-Identifier: Apache-2.0

#![doc = include_str!("../README.md")]
#![deny(unsafe_op_in_unsafe_fn)]

mod digest;
mod exchange;
mod heap;
mod net;
mod platform;
mod server;

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use mbedtls_engine::{
    Certificates, Config, Library, Limits, Material, PrivateKey, System, TlsConnection,
};
use portable_atomic_util::Arc;
use secure_socket::backend::{
    Addresses, Backend, ConnectFailure, Failure, Observer, OsError, OsErrorKind, SignatureError,
};
use secure_socket::config::{ClientConfig, Timeouts};
use secure_socket::credential::{CredentialError, CredentialKind};
use secure_socket::error::Error;
use secure_socket::resumption::SavedSession;
use secure_socket::x509::SignatureAlgorithm;
use secure_socket::{Clock, UnixTime};

pub use mbedtls_engine::StartError;
pub use net::Std;
pub use server::Listener;

/// How long a TCP connection may take to be made, unless the timeouts say.
pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a handshake may take, unless the timeouts say. A server without a limit
/// could be filled with clients that never finish theirs.
pub const DEFAULT_HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(30);

/// A clock that nobody sets and that never goes back.
#[must_use]
pub fn uptime() -> Duration {
    Std::now()
}

/// A TLS connection over a socket of `std`'s.
pub type TcpConnection = TlsConnection<Std>;

/// Mbed TLS, with the sockets, clocks and random numbers of `std`.
///
/// Holding one proves that Mbed TLS is started: clocks hooked, PSA up, its heap
/// counted.
#[derive(Clone, Copy)]
pub struct MbedTls {
    library: Library,
    clock: &'static dyn Clock,
    earliest: UnixTime,
}

impl MbedTls {
    /// Starts Mbed TLS, or takes the one that was started before.
    ///
    /// # Errors
    ///
    /// What kept it from starting: no memory or no random numbers.
    pub fn new() -> Result<Self, StartError> {
        platform::start().map(|library| Self {
            library,
            clock: &platform::SYSTEM_CLOCK,
            earliest: UnixTime::FLOOR,
        })
    }

    /// The same with another clock than the system's, for the handshakes made through
    /// it: a [`UnixTime`] is one that stands still.
    #[must_use]
    pub const fn with_clock(self, clock: &'static dyn Clock) -> Self {
        Self { clock, ..self }
    }

    /// The same for a program that was built then, or later: a clock that shows less was
    /// never set ([`Backend::earliest`]).
    #[must_use]
    pub const fn with_earliest(self, earliest: UnixTime) -> Self {
        Self { earliest, ..self }
    }

    /// Verifies `chain` (DER, the server's own certificate first) as a handshake of
    /// `client` does in which a server sends it, and shows it to `observer`, with no
    /// connection.
    ///
    /// # Errors
    ///
    /// What the handshake would fail with.
    pub fn verify_chain<'a>(
        &self,
        client: &Config,
        chain: impl IntoIterator<Item = &'a [u8]>,
        observer: &mut dyn Observer,
    ) -> Result<(), Failure> {
        let _clock = platform::use_clock(self.clock);
        client.verify_chain(chain, observer)
    }

    /// The bytes of heap that Mbed TLS holds now, in the whole process.
    #[must_use]
    pub fn heap_in_use(&self) -> usize {
        heap::in_use()
    }

    /// Lets Mbed TLS have `bytes` of heap and no more, in the whole process, as on a
    /// device whose heap is that large; `None` lifts the limit.
    pub fn limit_heap(&self, bytes: Option<usize>) {
        heap::set_limit(bytes);
    }
}

impl Backend for MbedTls {
    type Client = Arc<Config>;
    type Connection = TcpConnection;

    fn now(&self) -> Option<UnixTime> {
        self.clock.now()
    }

    fn earliest(&self) -> UnixTime {
        self.earliest
    }

    fn pause(&self, duration: Duration) {
        std::thread::sleep(duration);
    }

    fn sha256(&self, data: &[u8]) -> [u8; 32] {
        digest::sha256(data)
    }

    fn check_key_pair(&self, certificate: &[u8], key: &[u8]) -> Result<(), CredentialError> {
        let kind = CredentialKind::Certificate;
        let certificate = Certificates::parse(self.library, [certificate], kind)?;
        PrivateKey::parse(self.library, key)?.check_pair(&certificate)
    }

    fn verify_signature(
        &self,
        algorithm: &SignatureAlgorithm,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureError> {
        mbedtls_engine::verify_signature(self.library, algorithm, public_key, message, signature)
    }

    fn random(&self, bytes: &mut [u8]) -> Result<(), OsError> {
        getrandom::fill(bytes).map_err(|error| OsError {
            kind: OsErrorKind::OutOfResources,
            number: error.raw_os_error().unwrap_or(0),
        })
    }

    fn exchange(
        &self,
        address: SocketAddr,
        request: &[u8],
        limit: usize,
        timeout: Duration,
        complete: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<Vec<u8>, OsError> {
        exchange::exchange(address, request, limit, timeout, complete)
    }

    fn resolve(&self, host: &str, port: u16) -> Result<Addresses, OsError> {
        net::resolve(host, port)
    }

    fn prepare(&self, config: &ClientConfig) -> Result<Arc<Config>, Error> {
        let material = Material::given_to_client(config)?;
        Config::client(self.library, config, &material).map(Arc::new)
    }

    fn connect(
        &self,
        client: &Arc<Config>,
        config: &ClientConfig,
        address: SocketAddr,
        session: Option<&SavedSession>,
        observer: &mut dyn Observer,
    ) -> Result<TcpConnection, ConnectFailure> {
        let Timeouts {
            connect,
            handshake,
            io,
        } = config.settings().timeouts();
        let stream: TcpStream = net::connect(address, connect.unwrap_or(DEFAULT_CONNECT_TIMEOUT))
            .map_err(ConnectFailure::Connect)?;
        let _clock = platform::use_clock(self.clock);
        let limits = Limits {
            handshake: handshake.unwrap_or(DEFAULT_HANDSHAKE_TIMEOUT),
            io,
        };
        mbedtls_engine::handshake(Arc::clone(client), stream, limits, session, observer)
            .map_err(ConnectFailure::Handshake)
    }
}
