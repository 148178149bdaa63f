// SPDX-License-Identifier: Apache-2.0

//! The seam: what a platform must bring to run the library.
//!
//! A backend moves bytes and drives the TLS library. It decides nothing: which
//! suites to offer, whether a certificate or a negotiated version will do and what
//! a failure is called are all settled above it, so that every platform answers
//! alike. To write one, implement [`Backend`] and [`Connection`], and
//! [`ServerBackend`] where it can listen; `mbedtls-backend` is one to learn from.
//!
//! # What the library relies on
//!
//! - [`Backend::connect`] and [`ServerBackend::handshake`] call
//!   [`Observer::certificate`] for every certificate of the chain that was built,
//!   issuer first and the peer's own (depth 0) last, and the handshake fails if any
//!   answer is not [`CheckFlags::PASSED`]. A handshake in a mode with certificates
//!   that shows the observer no certificate at depth 0 is refused above the seam. A
//!   platform whose TLS is out of reach, such as a modem's, says that it shows none
//!   ([`Backend::shows_certificates`]).
//! - The answer replaces the TLS library's verdict, also where it takes a reason away:
//!   with [`Anchors::Pinned`] nobody vouches for the peer's certificate, and its key is
//!   what counts. The TLS library must then go as far as calling the observer with no
//!   CA certificate at all.
//! - No option of the configuration is skipped: what a backend cannot honour, it
//!   refuses in [`Backend::prepare`] with [`ConfigurationError::Unsupported`].
//! - No session is resumed but one that the library handed over for this very handshake
//!   ([`Backend::connect`], [`Observer::redeem`]), and [`HandshakeFacts::resumed`] says so.
//!   TLS 1.3 resumes with a fresh key exchange (psk_dhe_ke) and without early data, TLS 1.2
//!   with extended master secret alone (RFC 7627, section 5.3).
//!
//! [`Anchors::Pinned`]: crate::credential::Anchors::Pinned
//! [`ConfigurationError::Unsupported`]: crate::error::ConfigurationError::Unsupported

use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

use crate::config::{AlpnProtocol, ClientConfig, ServerConfig};
use crate::credential::CredentialError;
use crate::diagnosis::{Alert, CheckFlags, TlsCode};
use crate::error::Error;
use crate::resumption::{SavedSession, Ticket};
use crate::suite::CipherSuite;
use crate::time::UnixTime;
use crate::version::TlsVersion;
use crate::x509::SignatureAlgorithm;

/// The most addresses of one host name that are tried.
pub const MAX_ADDRESSES: usize = 8;

/// The addresses of a host name, in the order in which to try them.
pub type Addresses = heapless::Vec<SocketAddr, MAX_ADDRESSES>;

/// A platform that TLS clients can run on.
pub trait Backend {
    /// A client's configuration in the platform's own form, credentials loaded.
    type Client;
    /// A connection whose handshake is done.
    type Connection: Connection;

    /// What the calendar clock shows; `None` if there is none or it was never set.
    /// This must be the clock that the TLS library checks dates against.
    fn now(&self) -> Option<UnixTime>;

    /// When this program was built, or some time before. A clock that shows less was
    /// never set: nothing is connected by it in a mode that checks dates.
    ///
    /// [`UnixTime::FLOOR`], unless the program told the backend; what is before that
    /// counts as it.
    fn earliest(&self) -> UnixTime {
        UnixTime::FLOOR
    }

    /// Whether the peer's certificates are shown to the observer. Where they are not,
    /// the platform's TLS judges them alone, and a client is built only with
    /// [`Trust::unexamined`](crate::credential::Trust::unexamined).
    fn shows_certificates(&self) -> bool {
        true
    }

    /// Lets other threads run for `duration`: for one that waits for another to be done
    /// with fetching a revocation list. A platform with one thread has no use for it.
    fn pause(&self, duration: Duration) {
        let _ = duration;
    }

    /// SHA-256 of `data`.
    fn sha256(&self, data: &[u8]) -> [u8; 32];

    /// Checks that the private key `key` (DER: PKCS#8, SEC1 or PKCS#1) belongs to
    /// `certificate` (DER).
    ///
    /// # Errors
    ///
    /// [`CredentialError::KeyMismatch`], or what is wrong with either of them.
    fn check_key_pair(&self, certificate: &[u8], key: &[u8]) -> Result<(), CredentialError>;

    /// Verifies `signature` over `message` with the key `public_key` (a
    /// SubjectPublicKeyInfo in DER): the TLS library's arithmetic, for the sake of
    /// revocation lists and OCSP responses. May be called by an observer, in the
    /// middle of a handshake.
    ///
    /// # Errors
    ///
    /// [`SignatureError`].
    fn verify_signature(
        &self,
        algorithm: &SignatureAlgorithm,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureError>;

    /// Fills `bytes` with random bytes that nobody can guess.
    ///
    /// # Errors
    ///
    /// What the platform says.
    fn random(&self, bytes: &mut [u8]) -> Result<(), OsError>;

    /// Connects to `address` in plain TCP, sends `request` and receives until the
    /// peer closes, `complete` says that what was received so far is all, or there is
    /// more than `limit` bytes of it; then closes. For revocation lists and OCSP, which
    /// carry signatures of their own.
    ///
    /// # Errors
    ///
    /// What the platform says; `timeout` is for all of it together. More than `limit`
    /// bytes are no error here: the answer is then one byte longer than `limit`.
    fn exchange(
        &self,
        address: SocketAddr,
        request: &[u8],
        limit: usize,
        timeout: Duration,
        complete: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<Vec<u8>, OsError>;

    /// The addresses of `host`, a DNS name or an IP address.
    ///
    /// # Errors
    ///
    /// Why there are none.
    fn resolve(&self, host: &str, port: u16) -> Result<Addresses, OsError>;

    /// Loads a client's credentials and settings, once for all its connections.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] for an option that the platform cannot honour, and
    /// [`Error::Credential`] for a credential that it cannot use.
    fn prepare(&self, config: &ClientConfig) -> Result<Self::Client, Error>;

    /// Connects to `address` and completes a handshake. Offers to resume `session`, which
    /// an earlier connection of this client gave ([`Connection::take_session`]); the server
    /// need not.
    ///
    /// # Errors
    ///
    /// At which stage it failed, and why. Nothing stays open.
    fn connect(
        &self,
        client: &Self::Client,
        config: &ClientConfig,
        address: SocketAddr,
        session: Option<&SavedSession>,
        observer: &mut dyn Observer,
    ) -> Result<Self::Connection, ConnectFailure>;
}

/// A platform that TLS servers can run on.
///
/// Accepting a connection and completing its handshake are two calls, so that a
/// server can run the second on a thread of its own and a slow client delays nobody.
pub trait ServerBackend: Backend {
    /// A bound port, with the server's configuration in the platform's own form.
    type Listener;
    /// A TCP connection that no handshake was made on yet.
    type Incoming;
    /// A client's connection whose handshake is done.
    type Served: Connection;

    /// Loads a server's credentials and settings, and binds a port.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`], [`Error::Credential`], or [`Error::Io`] if the port
    /// cannot be bound.
    fn bind(&self, config: &ServerConfig, address: SocketAddr) -> Result<Self::Listener, Error>;

    /// The address that is bound: the port where `0` was asked for.
    ///
    /// # Errors
    ///
    /// What the platform says.
    fn local_address(&self, listener: &Self::Listener) -> Result<SocketAddr, OsError>;

    /// Waits for a TCP connection.
    ///
    /// # Errors
    ///
    /// What the platform says.
    fn accept(&self, listener: &Self::Listener) -> Result<(Self::Incoming, SocketAddr), OsError>;

    /// Completes the handshake on an accepted connection.
    ///
    /// # Errors
    ///
    /// Why it failed. The connection is closed.
    fn handshake(
        &self,
        listener: &Self::Listener,
        incoming: Self::Incoming,
        observer: &mut dyn Observer,
    ) -> Result<Self::Served, Failure>;
}

/// A TLS connection. One thread may receive while another sends.
pub trait Connection {
    /// What the handshake agreed on.
    fn facts(&self) -> HandshakeFacts;

    /// Waits for application data, at most as long as the I/O timeout.
    ///
    /// # Errors
    ///
    /// [`Failure::TimedOut`] after the I/O timeout, or what broke the connection.
    fn receive(&self, buffer: &mut [u8]) -> Result<Received, Failure>;

    /// Sends application data, and says how much of it was taken: at least a byte,
    /// unless `data` is empty.
    ///
    /// # Errors
    ///
    /// [`Failure::TimedOut`] after the I/O timeout, or what broke the connection.
    fn send(&self, data: &[u8]) -> Result<usize, Failure>;

    /// Waits until [`Connection::receive`] would return at once, for `limit` at most, and
    /// says whether it would. With a limit of 0 it does not wait.
    ///
    /// # Errors
    ///
    /// What broke the connection.
    fn wait_readable(&self, limit: Duration) -> Result<bool, Failure>;

    /// Sends close_notify. Called once; the connection is dropped afterwards, or
    /// still read from until the peer's own close_notify.
    ///
    /// # Errors
    ///
    /// What broke the connection.
    fn close(&self) -> Result<(), Failure>;

    /// Sends `alert`, which must be a fatal one, instead of close_notify, as far as that
    /// can be done at once. The connection is dropped afterwards: it was refused after
    /// its handshake.
    fn abort(&self, alert: Alert);

    /// As a client that was asked to ([`Settings::resumes`]): takes out the newest session
    /// that may be resumed, if there is one since the last call. In TLS 1.2 it is there when
    /// the handshake is over; in TLS 1.3 it comes with the data.
    ///
    /// [`Settings::resumes`]: crate::config::Settings::resumes
    fn take_session(&self) -> Option<SavedSession> {
        None
    }
}

/// Why a signature was not found good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureError {
    /// It does not belong to this message and key.
    Invalid,
    /// The TLS library was built without this algorithm, hash or curve, or the key is
    /// of another kind than the algorithm.
    Unsupported,
    /// The TLS library ran out of memory.
    OutOfMemory,
}

/// What [`Connection::receive`] came back with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// This many bytes of application data, more than none unless the buffer is empty.
    Data(usize),
    /// The peer's close_notify: the orderly end.
    CloseNotify,
    /// The end of the TCP stream without close_notify: somebody may have cut it.
    Truncated,
    /// The end of the stream, on a platform that does not tell which of the two it is.
    EndUntold,
}

/// What a handshake agreed on, in the platform's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandshakeFacts {
    /// The version negotiated.
    pub version: TlsVersion,
    /// The cipher suite negotiated; `None` on a platform that does not tell. It was then
    /// held to the list of the settings, or the client not prepared.
    pub suite: Option<CipherSuite>,
    /// The application protocol negotiated.
    pub alpn: Option<AlpnProtocol>,
    /// Whether the session that was handed over was resumed.
    pub resumed: bool,
    /// Bytes sent during the handshake, if they are counted.
    pub sent: Option<u32>,
    /// Bytes received during the handshake, if they are counted.
    pub received: Option<u32>,
    /// How long the handshake took, TCP's apart.
    pub duration: Duration,
    /// The TLS library's heap at its peak so far, if it is measured.
    pub heap_peak: Option<u32>,
}

/// Sees a handshake as it goes by.
pub trait Observer {
    /// A certificate of the peer's chain, with the TLS library's verdict on it. The
    /// answer is the verdict that counts.
    #[must_use]
    fn certificate(&mut self, presented: PresentedCertificate<'_>) -> CheckFlags;

    /// A certificate (DER) that the peer sent along with its own, in the order in which
    /// it sent them, whether it became part of the chain or not. To be called right
    /// after [`Observer::certificate`] refused the peer's own (depth 0), so that a
    /// chain that leads nowhere can be told from one in the wrong order.
    fn sent(&mut self, der: &[u8]) {
        let _ = der;
    }

    /// As a server that was asked to ([`Settings::resumes`]): a session that a client may
    /// resume. The answer is what the client is to ask for it by; `None` is no ticket. To be
    /// called when the client has proved who it is, and in TLS 1.2 only with extended
    /// master secret.
    ///
    /// [`Settings::resumes`]: crate::config::Settings::resumes
    #[must_use]
    fn issue(&mut self, session: SavedSession) -> Option<Ticket> {
        let _ = session;
        None
    }

    /// A client asks to resume the session of this name, in a handshake of `version`; in TLS
    /// 1.2 one with extended master secret. `None`: it may not, and a full handshake is to
    /// be made. Where several are asked for, the last one that was found is the one that is
    /// resumed.
    #[must_use]
    fn redeem(&mut self, name: &[u8], version: TlsVersion) -> Option<&SavedSession> {
        let _ = (name, version);
        None
    }

    /// A handshake message that was sent or received, where the backend can tell.
    fn message(&mut self, message: &HandshakeMessage) {
        let _ = message;
    }
}

/// A certificate of the peer's chain.
#[derive(Clone, Copy, Debug)]
pub struct PresentedCertificate<'a> {
    /// Its place: 0 is the peer's own, above are its issuers.
    pub depth: u8,
    /// The certificate in DER.
    pub der: &'a [u8],
    /// The checks that it failed.
    pub flags: CheckFlags,
}

/// Which way a handshake message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From us to the peer.
    Sent,
    /// From the peer to us.
    Received,
}

/// A message of a handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandshakeMessage {
    /// Which way it went.
    pub direction: Direction,
    /// Its name in RFC 8446 or RFC 5246, such as `ClientHello`.
    pub name: &'static str,
    /// Its bytes on the wire, record header and encryption included. 0 where it
    /// shared a record with the message before.
    pub bytes: u32,
    /// When, from the start of the handshake.
    pub at: Duration,
}

/// At which stage [`Backend::connect`] failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectFailure {
    /// No TCP connection was made.
    Connect(OsError),
    /// The handshake failed.
    Handshake(Failure),
}

/// Why a handshake or a transfer failed, in the platform's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// The TLS library gave up.
    Tls {
        /// Its code.
        code: TlsCode,
        /// The alert that the peer sent, if it sent one.
        alert: Option<Alert>,
    },
    /// The TLS library failed after an allocation of its own did: whatever code it
    /// gave, and whatever it said of a certificate, this is why.
    OutOfMemory(TlsCode),
    /// The client proved another pre-shared key than ours, where the TLS library's
    /// code alone does not say so (TLS 1.3).
    PskMismatch(TlsCode),
    /// The peer resumed a session of TLS 1.2 without extended master secret.
    NoExtendedMasterSecret,
    /// The client offered no pre-shared key by our identity, where the TLS library's
    /// code alone does not say so (TLS 1.3).
    UnknownPskIdentity(TlsCode),
    /// The time allowed for it ran out.
    TimedOut,
    /// The peer, or the network, closed the connection.
    Closed,
    /// The operating system gave up.
    Os(OsError),
    /// The platform's TLS gave up out of sight, and this is all that it says.
    Untold(OsError),
}

/// What kind of error the operating system reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OsErrorKind {
    /// No such host.
    NotFound,
    /// Nobody listens there.
    Refused,
    /// The peer, or something on the way, broke the connection off.
    Reset,
    /// There is no route, or no link.
    Unreachable,
    /// No answer in time.
    TimedOut,
    /// The address is in use or not ours.
    AddressInUse,
    /// It is not allowed.
    Denied,
    /// Out of memory, sockets or other means.
    OutOfResources,
    /// Anything else: the number tells.
    Other,
}

/// An error of the operating system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OsError {
    /// Its kind.
    pub kind: OsErrorKind,
    /// Its number: `errno`, or what the resolver returned. 0 if there is none.
    pub number: i32,
}

impl core::fmt::Display for OsError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self.kind {
            OsErrorKind::NotFound => "no such host",
            OsErrorKind::Refused => "connection refused: nobody listens there",
            OsErrorKind::Reset => "the connection was reset",
            OsErrorKind::Unreachable => "the network is unreachable",
            OsErrorKind::TimedOut => "no answer in time",
            OsErrorKind::AddressInUse => "the address is in use, or not one of ours",
            OsErrorKind::Denied => "permission denied",
            OsErrorKind::OutOfResources => "out of memory or sockets",
            OsErrorKind::Other => "the operating system gave up",
        })?;
        if self.number != 0 {
            write!(f, " (error {})", self.number)?;
        }
        Ok(())
    }
}
