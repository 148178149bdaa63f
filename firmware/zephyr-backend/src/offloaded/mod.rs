// SPDX-License-Identifier: Apache-2.0

//! TLS that is the platform's own (`CONFIG_SECURE_SOCKETS_TLS_OFFLOADED`): the modem's of an
//! nRF91, reached by the socket API alone. On native_sim the same code has Zephyr's TLS sockets
//! in the modem's place.
//!
//! What cannot be asked for there is refused when a client is built, each option by its name
//! ([`options`]): docs/modem.md has the table.

mod connection;
mod options;
mod prepared;
mod store;
mod sys;

use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

use secure_socket::backend::{
    Addresses, Backend, ConnectFailure, Failure, Observer, OsError, OsErrorKind, SignatureError,
};
use secure_socket::config::ClientConfig;
use secure_socket::credential::{self, CredentialError, SecTag};
use secure_socket::resumption::SavedSession;
use secure_socket::x509::SignatureAlgorithm;
use secure_socket::{Error, UnixTime};

use crate::system::{clock, os_error, random, resolve, sleep, to_sys};

pub use connection::ZephyrConnection;
pub use prepared::Prepared;
pub use store::provision;

/// The platform's own TLS, by Zephyr's socket API.
///
/// A client's credentials go under the given tag, in PEM, all of them. In a modem they stay
/// there: what is there already and the same is left alone, and what is not is replaced, which
/// a modem lets one do only while it is offline ([`CredentialError::StoreOnline`]).
pub struct Zephyr {
    tag: SecTag,
    earliest: UnixTime,
}

impl Zephyr {
    /// The sockets, with credentials stored under `tag`.
    #[must_use]
    pub const fn new(tag: SecTag) -> Self {
        Self {
            tag,
            earliest: UnixTime::FLOOR,
        }
    }

    /// The same for a program that was built then, or later: a clock that shows less was
    /// never set ([`Backend::earliest`]).
    #[must_use]
    pub const fn with_earliest(self, earliest: UnixTime) -> Self {
        Self { earliest, ..self }
    }

    pub(crate) const fn tag(&self) -> SecTag {
        self.tag
    }
}

impl Backend for Zephyr {
    type Client = Prepared;
    type Connection = ZephyrConnection;

    fn now(&self) -> Option<UnixTime> {
        clock()
    }

    fn earliest(&self) -> UnixTime {
        self.earliest
    }

    fn shows_certificates(&self) -> bool {
        false
    }

    fn pause(&self, duration: Duration) {
        sleep(duration);
    }

    fn sha256(&self, data: &[u8]) -> [u8; 32] {
        let mut digest = [0; 32];
        // SAFETY: the pointers are those of `data` and `digest`, with their lengths.
        let done = unsafe { crate::sys::ss_sha256(data.as_ptr(), data.len(), &mut digest) };
        // A digest engine that is out of order: zeros are no certificate's digest.
        if done { digest } else { [0; 32] }
    }

    fn check_key_pair(&self, certificate: &[u8], key: &[u8]) -> Result<(), CredentialError> {
        credential::check_pair(certificate, key)
    }

    /// Nothing that is signed is looked at here: lists and OCSP are refused before.
    fn verify_signature(
        &self,
        _: &SignatureAlgorithm,
        _: &[u8],
        _: &[u8],
        _: &[u8],
    ) -> Result<(), SignatureError> {
        Err(SignatureError::Unsupported)
    }

    fn random(&self, bytes: &mut [u8]) -> Result<(), OsError> {
        random(bytes)
    }

    /// Nobody is asked about certificates: as `verify_signature`.
    fn exchange(
        &self,
        _: SocketAddr,
        _: &[u8],
        _: usize,
        _: Duration,
        _: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<Vec<u8>, OsError> {
        Err(OsError {
            kind: OsErrorKind::Denied,
            number: 0,
        })
    }

    fn resolve(&self, host: &str, port: u16) -> Result<Addresses, OsError> {
        resolve(host, port)
    }

    fn prepare(&self, config: &ClientConfig) -> Result<Prepared, Error> {
        Prepared::new(self, config)
    }

    fn connect(
        &self,
        client: &Prepared,
        _: &ClientConfig,
        address: SocketAddr,
        session: Option<&SavedSession>,
        _: &mut dyn Observer,
    ) -> Result<ZephyrConnection, ConnectFailure> {
        debug_assert!(session.is_none(), "resuming was refused");
        let mut facts = sys::Facts::default();
        let mut stage = 0;
        let mut error = crate::sys::OsError::default();
        // SAFETY: what the options point to is in `client`, which outlives the call, and the
        // connection holds a clone of it.
        let socket = unsafe {
            sys::ss_offloaded_connect(
                &client.options(),
                &to_sys(address),
                &mut facts.suite,
                &mut facts.duration_us,
                &mut stage,
                &mut error,
            )
        };
        if socket >= 0 {
            return Ok(ZephyrConnection::new(socket, &facts, client.clone()));
        }
        let error = os_error(error);
        Err(match stage {
            sys::stage::CONNECT => ConnectFailure::Connect(error),
            sys::stage::OPTION => ConnectFailure::Handshake(Failure::Os(error)),
            _ => ConnectFailure::Handshake(Failure::Untold(error)),
        })
    }
}
