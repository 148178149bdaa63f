// SPDX-License-Identifier: Apache-2.0

//! A backend that tells the TLS library's work from ours.
//!
//! It is Mbed TLS with a chain at hand in place of a peer, and an OCSP responder that
//! answers at once. The three functions at the top are what callgrind counts by
//! (`--toggle-collect`), so each must be there in a release build: never inlined, never
//! merged with another of the same body, and never left by a jump.

use std::cell::Cell;
use std::hint::black_box;
use std::net::SocketAddr;
use std::time::Duration;

use mbedtls_backend::MbedTls;
use peak_alloc::PeakAlloc;
use secure_socket::backend::{
    Addresses, Backend, ConnectFailure, Connection, Failure, HandshakeFacts, Observer, OsError,
    PresentedCertificate, Received, SignatureError,
};
use secure_socket::config::ClientConfig;
use secure_socket::credential::CredentialError;
use secure_socket::diagnosis::{Alert, CheckFlags};
use secure_socket::resumption::SavedSession;
use secure_socket::x509::SignatureAlgorithm;
use secure_socket::{CipherSuite, Error, UnixTime};

/// All that is measured.
#[inline(never)]
pub(crate) fn measured(work: &mut dyn FnMut()) {
    work();
    black_box("measured");
}

/// What the TLS library does of it.
#[inline(never)]
fn tls_library(work: &mut dyn FnMut()) {
    work();
    black_box("tls_library");
}

/// What it calls us for.
#[inline(never)]
fn policy(work: &mut dyn FnMut()) {
    work();
    black_box("policy");
}

/// Bytes of heap.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Heap {
    /// The most that were held at any one moment.
    pub(crate) peak: usize,
    /// What is held in the end; less than nothing where something was given back.
    pub(crate) kept: isize,
}

impl Heap {
    /// What `work` takes of the heap.
    pub(crate) fn of(allocator: &PeakAlloc, work: impl FnOnce()) -> Self {
        let before = allocator.current_usage();
        allocator.reset_peak_usage();
        work();
        Self {
            peak: allocator.peak_usage().saturating_sub(before),
            kept: difference(allocator.current_usage(), before),
        }
    }

    /// What came after this, on top of what this kept.
    pub(crate) fn then(self, next: Self) -> Self {
        Self {
            peak: self.peak.max(next.peak.saturating_add_signed(self.kept)),
            kept: self.kept + next.kept,
        }
    }
}

fn difference(now: usize, before: usize) -> isize {
    // No heap is that large.
    now.cast_signed().wrapping_sub(before.cast_signed())
}

pub(crate) struct Probe<'a> {
    pub(crate) inner: MbedTls,
    pub(crate) allocator: &'a PeakAlloc,
    /// As a server would send them.
    pub(crate) chain: &'a [Vec<u8>],
    /// What the OCSP responder says, in HTTP.
    pub(crate) answer: &'a [u8],
    /// Whether the certificates are shown to us at all.
    pub(crate) with_policy: bool,
    /// What we took of the heap so far.
    pub(crate) ours: Cell<Heap>,
    /// What was in use when we began, or went on.
    pub(crate) mark: Cell<usize>,
    /// The most that the TLS library took.
    pub(crate) theirs: Cell<usize>,
}

impl Probe<'_> {
    /// From here on it is ours.
    pub(crate) fn begin(&self) {
        self.mark.set(self.allocator.current_usage());
        self.allocator.reset_peak_usage();
    }

    fn since(&self) -> Heap {
        let (peak, now) = (self.allocator.peak_usage(), self.allocator.current_usage());
        Heap {
            peak: peak.saturating_sub(self.mark.get()),
            kept: difference(now, self.mark.get()),
        }
    }

    /// What we took of the heap: before the TLS library began, when it asked us, and after.
    pub(crate) fn heap(&self) -> Heap {
        self.ours.get().then(self.since())
    }
}

/// The library's own observer, watched.
struct Watched<'a> {
    inner: &'a mut dyn Observer,
    allocator: &'a PeakAlloc,
    with_policy: bool,
    ours: &'a Cell<Heap>,
}

impl Observer for Watched<'_> {
    fn certificate(&mut self, presented: PresentedCertificate<'_>) -> CheckFlags {
        let mut verdict = presented.flags;
        if self.with_policy {
            let heap = Heap::of(self.allocator, || {
                policy(&mut || verdict = self.inner.certificate(presented));
            });
            self.ours.set(self.ours.get().then(heap));
        }
        verdict
    }
}

impl Backend for Probe<'_> {
    type Client = <MbedTls as Backend>::Client;
    type Connection = Nobody;

    fn connect(
        &self,
        client: &Self::Client,
        config: &ClientConfig,
        _: SocketAddr,
        _: Option<&SavedSession>,
        observer: &mut dyn Observer,
    ) -> Result<Nobody, ConnectFailure> {
        let mut watched = Watched {
            inner: observer,
            allocator: self.allocator,
            with_policy: self.with_policy,
            ours: &self.ours,
        };
        let mut verified = Ok(());
        self.ours.set(self.since());
        self.begin();
        tls_library(&mut || {
            let chain = self.chain.iter().map(Vec::as_slice);
            verified = self.inner.verify_chain(client, chain, &mut watched);
        });
        self.theirs.set(self.since().peak);
        self.begin();
        verified.map_err(ConnectFailure::Handshake)?;
        match config.settings().suites().first() {
            Some(suite) => Ok(Nobody(*suite)),
            None => Err(ConnectFailure::Handshake(Failure::Closed)),
        }
    }

    fn now(&self) -> Option<UnixTime> {
        self.inner.now()
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
        _: SocketAddr,
        _: &[u8],
        _: usize,
        _: Duration,
        _: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<Vec<u8>, OsError> {
        Ok(self.answer.to_vec())
    }

    fn resolve(&self, _: &str, port: u16) -> Result<Addresses, OsError> {
        Ok([SocketAddr::from(([127, 0, 0, 1], port))]
            .into_iter()
            .collect())
    }

    fn prepare(&self, config: &ClientConfig) -> Result<Self::Client, Error> {
        self.inner.prepare(config)
    }
}

/// The other end.
pub(crate) struct Nobody(CipherSuite);

impl Connection for Nobody {
    fn facts(&self) -> HandshakeFacts {
        HandshakeFacts {
            version: self.0.version(),
            suite: Some(self.0),
            alpn: None,
            sent: None,
            received: None,
            duration: Duration::ZERO,
            heap_peak: None,
            resumed: false,
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
