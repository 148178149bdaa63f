// SPDX-License-Identifier: Apache-2.0

//! A backend that notes which certificates go by.
//!
//! A client over it is the client of every device, and says what that says. It never
//! comes to a connection that data could be sent over: a server is refused once its
//! certificates are noted, and a chain from a file has nobody behind it.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::time::Duration;

use mbedtls_backend::MbedTls;
use secure_socket::CipherSuite;
use secure_socket::backend::{
    Addresses, Backend, ConnectFailure, Connection, Failure, HandshakeFacts, HandshakeMessage,
    Observer, OsError, PresentedCertificate, Received, SignatureError,
};
use secure_socket::config::ClientConfig;
use secure_socket::credential::CredentialError;
use secure_socket::diagnosis::{Alert, CheckFlags};
use secure_socket::resumption::SavedSession;
use secure_socket::x509::SignatureAlgorithm;
use secure_socket::{Error, UnixTime};

use super::Der;

/// Where the certificates come from.
#[derive(Clone, Copy)]
pub(super) enum Origin<'a> {
    /// A server, which is refused.
    Server,
    /// They are at hand, as a server would send them.
    AtHand(&'a [Der]),
}

/// What went by.
#[derive(Clone, Default)]
pub(super) struct Noted {
    /// The chain that was built, from what vouches for it down to the server's own.
    pub(super) path: Vec<Der>,
    /// What came along with the server's own, if that was refused.
    pub(super) sent: Vec<Der>,
}

pub(super) struct Bystander<'a> {
    inner: MbedTls,
    origin: Origin<'a>,
    noted: RefCell<Noted>,
}

impl<'a> Bystander<'a> {
    pub(super) fn new(inner: MbedTls, origin: Origin<'a>) -> Self {
        Self {
            inner,
            origin,
            noted: RefCell::default(),
        }
    }

    pub(super) fn noted(&self) -> Noted {
        self.noted.borrow().clone()
    }
}

/// The library's own observer, and what it sees.
struct Noting<'a> {
    inner: &'a mut dyn Observer,
    noted: &'a RefCell<Noted>,
    /// Refuses the server's own certificate, whatever the library says.
    refuse: bool,
    depth: Option<u8>,
}

impl Observer for Noting<'_> {
    fn certificate(&mut self, presented: PresentedCertificate<'_>) -> CheckFlags {
        // One that is shown twice is one all the same.
        if self.depth.replace(presented.depth) != Some(presented.depth) {
            self.noted.borrow_mut().path.push(presented.der.to_vec());
        }
        let verdict = self.inner.certificate(presented);
        match self.refuse && presented.depth == 0 {
            // Which the server gets to hear as certificate_unknown.
            true => CheckFlags::SKIPPED,
            false => verdict,
        }
    }

    fn sent(&mut self, der: &[u8]) {
        self.noted.borrow_mut().sent.push(der.to_vec());
        self.inner.sent(der);
    }

    fn message(&mut self, message: &HandshakeMessage) {
        self.inner.message(message);
    }
}

impl Backend for Bystander<'_> {
    type Client = <MbedTls as Backend>::Client;
    type Connection = Nobody;

    fn connect(
        &self,
        client: &Self::Client,
        config: &ClientConfig,
        address: SocketAddr,
        session: Option<&SavedSession>,
        observer: &mut dyn Observer,
    ) -> Result<Nobody, ConnectFailure> {
        let mut noting = Noting {
            inner: observer,
            noted: &self.noted,
            refuse: matches!(self.origin, Origin::Server),
            depth: None,
        };
        match self.origin {
            Origin::Server => {
                let inner = &self.inner;
                match inner.connect(client, config, address, session, &mut noting) {
                    Err(failure) => Err(failure),
                    // It showed no certificate, so that none was refused.
                    Ok(_) => Err(ConnectFailure::Handshake(Failure::Closed)),
                }
            }
            Origin::AtHand(chain) => {
                let chain = chain.iter().map(Vec::as_slice);
                self.inner
                    .verify_chain(client, chain, &mut noting)
                    .map_err(ConnectFailure::Handshake)?;
                // Any that was asked for: nothing was negotiated.
                match config.settings().suites().first() {
                    Some(suite) => Ok(Nobody(*suite)),
                    None => Err(ConnectFailure::Handshake(Failure::Closed)),
                }
            }
        }
    }

    fn now(&self) -> Option<UnixTime> {
        self.inner.now()
    }

    fn earliest(&self) -> UnixTime {
        self.inner.earliest()
    }

    fn pause(&self, duration: Duration) {
        self.inner.pause(duration);
    }

    fn sha256(&self, data: &[u8]) -> [u8; 32] {
        Backend::sha256(&self.inner, data)
    }

    fn check_key_pair(&self, certificate: &[u8], key: &[u8]) -> Result<(), CredentialError> {
        self.inner.check_key_pair(certificate, key)
    }

    fn verify_signature(
        &self,
        algorithm: &SignatureAlgorithm,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureError> {
        Backend::verify_signature(&self.inner, algorithm, public_key, message, signature)
    }

    fn random(&self, bytes: &mut [u8]) -> Result<(), OsError> {
        Backend::random(&self.inner, bytes)
    }

    fn exchange(
        &self,
        address: SocketAddr,
        request: &[u8],
        limit: usize,
        timeout: Duration,
        complete: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<Vec<u8>, OsError> {
        Backend::exchange(&self.inner, address, request, limit, timeout, complete)
    }

    fn resolve(&self, host: &str, port: u16) -> Result<Addresses, OsError> {
        Backend::resolve(&self.inner, host, port)
    }

    fn prepare(&self, config: &ClientConfig) -> Result<Self::Client, Error> {
        self.inner.prepare(config)
    }
}

/// The other end of a chain from a file.
pub(super) struct Nobody(CipherSuite);

impl Connection for Nobody {
    fn facts(&self) -> HandshakeFacts {
        HandshakeFacts {
            version: self.0.version(),
            suite: Some(self.0),
            alpn: None,
            resumed: false,
            sent: None,
            received: None,
            duration: Duration::ZERO,
            heap_peak: None,
        }
    }

    fn receive(&self, _: &mut [u8]) -> Result<Received, Failure> {
        Err(Failure::Closed)
    }

    fn send(&self, _: &[u8]) -> Result<usize, Failure> {
        Err(Failure::Closed)
    }

    fn wait_readable(&self, _: Duration) -> Result<bool, Failure> {
        Err(Failure::Closed)
    }

    fn close(&self) -> Result<(), Failure> {
        Ok(())
    }

    fn abort(&self, _: Alert) {}
}
