// SPDX-License-Identifier: Apache-2.0

//! Errors, by the stage at which they happened.
//!
//! Each displays as one sentence for a person; the TLS library's own code, where
//! there is one, is kept and shown last.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::SocketAddr;

use crate::backend::OsError;
use crate::credential::CredentialError;
use crate::diagnosis::{Alert, CertificateRefusal, Peer, TlsCode};
use crate::mode::Mode;
use crate::suite::CipherSuite;
use crate::time::UnixTime;
use crate::version::{TlsVersion, Versions};

/// Whatever can go wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// What was asked for contradicts itself, or cannot be had here.
    Configuration(ConfigurationError),
    /// A credential was refused.
    Credential(CredentialError),
    /// The host name has no address.
    Resolve(ResolveError),
    /// There is no connection to the peer.
    Connect(ConnectError),
    /// The handshake failed.
    Handshake(HandshakeError),
    /// We refused the peer's certificate.
    Verify(VerifyError),
    /// The connection broke.
    Io(IoError),
}

impl Error {
    /// The stage at which it happened, as one word for machines.
    #[must_use]
    pub const fn stage(&self) -> &'static str {
        match self {
            Self::Configuration(_) => "configuration",
            Self::Credential(_) => "credential",
            Self::Resolve(_) => "resolve",
            Self::Connect(_) => "connect",
            Self::Handshake(_) => "handshake",
            Self::Verify(_) => "verify",
            Self::Io(_) => "io",
        }
    }
}

/// What was asked for contradicts itself, or cannot be had here.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigurationError {
    /// Dates cannot be checked, since the clock was never set.
    ClockNotSet {
        /// The mode that needs it.
        mode: Mode,
        /// What the clock shows, if it shows anything.
        shows: Option<UnixTime>,
        /// What it shows at least once it is set: when this program was built.
        earliest: UnixTime,
    },
    /// The list of trust anchors is empty.
    NoTrustAnchor,
    /// Revocation lists are required, and there is none.
    NoRevocationList,
    /// Revocation is to be looked up, and keys are pinned in place of a CA
    /// ([`Anchors::Pinned`](crate::credential::Anchors::Pinned)): there is nobody who
    /// could revoke.
    RevocationOfPinned,
    /// A cipher suite cannot be had in this mode or these versions.
    CipherSuite {
        /// The suite.
        suite: CipherSuite,
        /// The mode.
        mode: Mode,
        /// The versions.
        versions: Versions,
    },
    /// No cipher suite was given for a version that is allowed.
    NoCipherSuite(TlsVersion),
    /// More cipher suites were given than fit.
    TooManyCipherSuites,
    /// An application protocol name is empty, too long or has a NUL in it.
    Alpn,
    /// More application protocols were given than fit.
    TooManyAlpn,
    /// The platform cannot do it.
    Unsupported {
        /// What was asked for.
        option: &'static str,
        /// What to do instead.
        advice: &'static str,
    },
}

/// The host name has no address.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResolveError {
    /// The host name.
    pub host: String,
    /// Why not.
    pub reason: OsError,
}

/// There is no connection to the peer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectError {
    /// The last address that was tried.
    pub address: SocketAddr,
    /// Why not.
    pub reason: OsError,
}

/// The handshake failed, for another reason than a certificate that we refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HandshakeError {
    /// Why.
    pub reason: HandshakeReason,
    /// The TLS library's code, if it gave one.
    pub code: Option<TlsCode>,
}

/// Why a handshake failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HandshakeReason {
    /// The peer refused, with this alert.
    PeerAlert(Alert),
    /// The peer does not accept our pre-shared key: it has another key, or none by
    /// our identity.
    PskRefused(Alert),
    /// The peer's pre-shared key is another one than ours.
    PskMismatch,
    /// The client named a PSK identity that is not ours.
    UnknownPskIdentity,
    /// The client sent no certificate, and one is required.
    NoClientCertificate,
    /// A certificate of the peer's cannot be read: it breaks the rules of its format,
    /// has an extension that is critical and not understood (such as nameConstraints),
    /// or a key of a kind that the TLS library was built without.
    UnreadableCertificate,
    /// The peer offers no version that we allow.
    Version(Versions),
    /// The handshake ended in a version that we did not ask for.
    WrongVersion {
        /// What was asked for.
        asked: Versions,
        /// What was had.
        had: TlsVersion,
    },
    /// The handshake ended in a cipher suite that we did not offer.
    WrongCipherSuite(CipherSuite),
    /// No cipher suite, key or other parameter in common.
    NothingInCommon,
    /// No application protocol (ALPN) in common.
    NoApplicationProtocol,
    /// The handshake ended without a certificate where one had to be verified.
    NotVerified,
    /// The handshake resumed a session that was not offered in it.
    NotOffered,
    /// The peer resumed a session of TLS 1.2 without extended master secret, without which
    /// it may be one that somebody else has too (RFC 7627, section 5.3).
    NoExtendedMasterSecret,
    /// The client proved who it is, and the server's hook refused it
    /// ([`Builder::admit`](crate::builder::Builder::admit)).
    NotAdmitted {
        /// Who the client is.
        peer: String,
        /// What the hook said.
        why: Cow<'static, str>,
    },
    /// The time allowed for it ran out.
    TimedOut,
    /// The peer closed the connection without saying why.
    Closed,
    /// The TLS library ran out of memory.
    OutOfMemory,
    /// What the peer sent is no TLS, or breaks its rules.
    Protocol,
    /// The operating system gave up.
    Os(OsError),
    /// The platform's TLS gave up out of sight, and says no more than this number: a
    /// modem's, which shows neither certificates nor alerts.
    Untold(OsError),
    /// The TLS library gave up for a reason without a name here; the code tells.
    Other,
}

/// We refused the peer's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifyError {
    /// Whose certificate it was.
    pub peer: Peer,
    /// The certificates that were refused, issuers first; never empty.
    pub refused: Vec<CertificateRefusal>,
    /// The TLS library's code.
    pub code: Option<TlsCode>,
}

/// The connection broke.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IoError {
    /// The I/O timeout ran out.
    TimedOut,
    /// The stream ended without close_notify: data may be missing.
    Truncated,
    /// The stream ended, on a platform that does not tell an orderly end from a cut: data
    /// may be missing.
    EndUntold,
    /// The connection is closed.
    Closed,
    /// The peer gave up, with this alert.
    PeerAlert(Alert),
    /// The TLS library gave up: a record was forged, broken or out of order.
    Tls(TlsCode),
    /// The TLS library ran out of memory.
    OutOfMemory(TlsCode),
    /// The operating system gave up.
    Os(OsError),
}

impl From<ConfigurationError> for Error {
    fn from(error: ConfigurationError) -> Self {
        Self::Configuration(error)
    }
}

impl From<CredentialError> for Error {
    fn from(error: CredentialError) -> Self {
        Self::Credential(error)
    }
}

impl From<IoError> for Error {
    fn from(error: IoError) -> Self {
        Self::Io(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configuration(error) => error.fmt(f),
            Self::Credential(error) => error.fmt(f),
            Self::Resolve(error) => error.fmt(f),
            Self::Connect(error) => error.fmt(f),
            Self::Handshake(error) => error.fmt(f),
            Self::Verify(error) => error.fmt(f),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for ConfigurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClockNotSet {
                mode,
                shows,
                earliest,
            } => {
                f.write_str("the clock is not set")?;
                if let Some(shows) = shows {
                    write!(
                        f,
                        ": it shows {shows}, which is before this program was built ({earliest})"
                    )?;
                }
                write!(
                    f,
                    "; without it mode {mode} cannot check the dates of a certificate"
                )
            }
            Self::NoTrustAnchor => f.write_str("there is no CA certificate to trust"),
            Self::NoRevocationList => f.write_str(
                "revocation lists are required, but there is none: load the CA's, or give a URL \
                 to fetch it from",
            ),
            Self::RevocationOfPinned => f.write_str(
                "keys pinned in place of a CA have no issuer who could revoke them: pin them on \
                 top of a CA (Policy::with_pins), or do without revocation",
            ),
            Self::CipherSuite {
                suite,
                mode,
                versions,
            } => write!(
                f,
                "cipher suite {suite} cannot be had in mode {mode} with {versions}"
            ),
            Self::NoCipherSuite(version) => {
                write!(
                    f,
                    "no cipher suite for {version} was given, though it is allowed"
                )
            }
            Self::TooManyCipherSuites => write!(
                f,
                "too many cipher suites; at most {} can be given",
                crate::suite::MAX_CIPHER_SUITES
            ),
            Self::Alpn => write!(
                f,
                "an application protocol name takes 1 to {} bytes, none of them NUL",
                crate::config::MAX_ALPN_NAME
            ),
            Self::TooManyAlpn => write!(
                f,
                "too many application protocols; at most {} can be given",
                crate::config::MAX_ALPN
            ),
            Self::Unsupported { option, advice } => {
                write!(f, "{option} is not supported here: {advice}")
            }
        }
    }
}

impl fmt::Display for ResolveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot resolve {}: {}", self.host, self.reason)
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot connect to {}: {}", self.address, self.reason)
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)?;
        match self.code {
            Some(code) => write!(f, " ({code})"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for HandshakeReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PeerAlert(alert) => {
                write!(f, "the peer refused the handshake with alert {alert}")?;
                match alert.meaning() {
                    Some(meaning) => write!(f, ": {meaning}"),
                    None => Ok(()),
                }
            }
            Self::PskRefused(alert) => write!(
                f,
                "the peer does not accept our pre-shared key: its key, or the identity it knows, \
                 is another one (alert {alert})"
            ),
            Self::PskMismatch => f.write_str("the peer's pre-shared key is another one than ours"),
            Self::UnknownPskIdentity => {
                f.write_str("the client's PSK identity is not the one that we know")
            }
            Self::NoClientCertificate => {
                f.write_str("the client sent no certificate, and mode mutual requires one")
            }
            Self::UnreadableCertificate => f.write_str(
                "a certificate of the peer's cannot be read: it breaks its own format, has a \
                 critical extension that is not understood (such as nameConstraints), or a key \
                 of a kind that this TLS library was built without",
            ),
            Self::Version(asked) => write!(f, "the peer does not offer {asked}"),
            Self::WrongVersion { asked, had } => {
                write!(f, "{asked} was asked for, but the handshake ended in {had}")
            }
            Self::WrongCipherSuite(suite) => {
                write!(
                    f,
                    "the handshake ended in cipher suite {suite}, which was not offered"
                )
            }
            Self::NothingInCommon => {
                f.write_str("we and the peer have no cipher suite or key in common")
            }
            Self::NoApplicationProtocol => {
                f.write_str("we and the peer have no application protocol (ALPN) in common")
            }
            Self::NotVerified => {
                f.write_str("the handshake ended without a certificate to verify the peer by")
            }
            Self::NotOffered => {
                f.write_str("the handshake resumed a session that was not offered in it")
            }
            Self::NoExtendedMasterSecret => f.write_str(
                "the peer resumed a session of TLS 1.2 without extended master secret, as whoever \
                 came between could",
            ),
            Self::NotAdmitted { peer, why } => write!(f, "{peer} was not admitted: {why}"),
            Self::TimedOut => f.write_str("the handshake took longer than allowed"),
            Self::Closed => f.write_str(
                "the peer closed the connection during the handshake without saying why",
            ),
            Self::OutOfMemory => f.write_str(
                "the TLS library ran out of memory during the handshake; on Zephyr raise \
                 CONFIG_MBEDTLS_HEAP_SIZE",
            ),
            Self::Protocol => f.write_str("the peer does not speak TLS, or breaks its rules"),
            Self::Os(error) => write!(f, "the connection broke during the handshake: {error}"),
            Self::Untold(error) => write!(
                f,
                "the platform's TLS gave up in the handshake and does not say why: the server's \
                 certificate (its CA, name or dates), our own, the pre-shared key, or nothing in \
                 common (error {})",
                error.number
            ),
            Self::Other => f.write_str("the TLS library gave up"),
        }
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused the {}'s certificate: ", self.peer)?;
        for (index, refused) in self.refused.iter().enumerate() {
            if index > 0 {
                f.write_str("; and ")?;
            }
            refused.fmt(f)?;
        }
        match self.code {
            Some(code) => write!(f, " ({code})"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for IoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut => f.write_str("no data could be moved in the time allowed"),
            Self::Truncated => f.write_str(
                "the stream ended without close_notify: somebody may have cut it, and data may be \
                 missing",
            ),
            Self::EndUntold => f.write_str(
                "the stream ended, and the platform's TLS does not tell an orderly end from a \
                 cut: data may be missing",
            ),
            Self::Closed => f.write_str("the connection is closed"),
            Self::PeerAlert(alert) => {
                write!(f, "the peer broke off with alert {alert}")?;
                match alert.meaning() {
                    Some(meaning) => write!(f, ": {meaning}"),
                    None => Ok(()),
                }
            }
            Self::Tls(code) => write!(
                f,
                "a TLS record was forged, broken or out of order ({code})"
            ),
            Self::OutOfMemory(code) => write!(
                f,
                "the TLS library ran out of memory; on Zephyr raise CONFIG_MBEDTLS_HEAP_SIZE \
                 ({code})"
            ),
            Self::Os(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for Error {}
impl core::error::Error for ConfigurationError {}
impl core::error::Error for ResolveError {}
impl core::error::Error for ConnectError {}
impl core::error::Error for HandshakeError {}
impl core::error::Error for VerifyError {}
impl core::error::Error for IoError {}

impl embedded_io::Error for Error {
    fn kind(&self) -> embedded_io::ErrorKind {
        use crate::backend::OsErrorKind as Os;
        use embedded_io::ErrorKind as Kind;
        let os = |error: &OsError| match error.kind {
            Os::NotFound => Kind::NotFound,
            Os::Refused => Kind::ConnectionRefused,
            Os::Reset => Kind::ConnectionReset,
            Os::TimedOut => Kind::TimedOut,
            Os::AddressInUse => Kind::AddrInUse,
            Os::Denied => Kind::PermissionDenied,
            Os::OutOfResources => Kind::OutOfMemory,
            Os::Unreachable | Os::Other => Kind::Other,
        };
        match self {
            Self::Configuration(ConfigurationError::Unsupported { .. }) => Kind::Unsupported,
            Self::Configuration(_) | Self::Credential(_) => Kind::InvalidInput,
            Self::Resolve(error) => os(&error.reason),
            Self::Connect(error) => os(&error.reason),
            Self::Handshake(error) => match &error.reason {
                HandshakeReason::TimedOut => Kind::TimedOut,
                HandshakeReason::Closed => Kind::ConnectionAborted,
                HandshakeReason::OutOfMemory => Kind::OutOfMemory,
                HandshakeReason::Protocol => Kind::InvalidData,
                HandshakeReason::Os(error) => os(error),
                _ => Kind::PermissionDenied,
            },
            Self::Verify(_) => Kind::PermissionDenied,
            Self::Io(error) => match error {
                IoError::TimedOut => Kind::TimedOut,
                IoError::Truncated | IoError::EndUntold | IoError::PeerAlert(_) => {
                    Kind::ConnectionAborted
                }
                IoError::Closed => Kind::NotConnected,
                IoError::Tls(_) => Kind::InvalidData,
                IoError::OutOfMemory(_) => Kind::OutOfMemory,
                IoError::Os(error) => os(error),
            },
        }
    }
}
