// SPDX-License-Identifier: Apache-2.0

//! What must hold of the parsers, whatever they are given.
//!
//! Each target takes bytes that may be anything, and panics where something does not hold
//! that has to: not only that nothing panics by itself, but that the parser agrees with
//! another one, with itself, and with what it says of its results. `fuzz/` drives the
//! targets with libFuzzer (feature `fuzzing`), the tests of this crate with a few thousand
//! mutations of good input. Nothing of this is in any other build.

#![allow(
    clippy::panic,
    clippy::expect_used,
    reason = "to panic is how a target speaks"
)]

#[cfg(test)]
mod smoke;

use alloc::vec::Vec;
use core::cell::RefCell;
use core::net::SocketAddr;
use core::time::Duration;

use crate::backend::{Addresses, OsError, OsErrorKind, SignatureError};
use crate::time::UnixTime;
use crate::verify::{Crypto, Means};
use crate::x509::SignatureAlgorithm;
use crate::x509::walk::Walk;
use crate::{credential, revocation, room, verify};

/// Something to drive.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, that of its corpus and of its file in `fuzz/fuzz_targets`.
    pub name: &'static str,
    /// Takes anything.
    pub run: fn(&[u8]),
}

/// All of them.
pub const TARGETS: [Target; 6] = [CRL, OCSP, PEM, CERTIFICATE, HTTP, NAMES];

/// A revocation list, in DER or PEM.
pub const CRL: Target = Target {
    name: "crl",
    run: revocation::fuzz_crl,
};

/// Two certificates, the peer's own and its issuer's, and what a responder says, one after
/// the other in DER.
pub const OCSP: Target = Target {
    name: "ocsp",
    run: revocation::fuzz_ocsp,
};

/// A PEM text.
pub const PEM: Target = Target {
    name: "pem",
    run: credential::fuzz_pem,
};

/// Certificates as the TLS library shows them, the peer's own last, and revocation lists
/// among them, in DER.
pub const CERTIFICATE: Target = Target {
    name: "certificate",
    run: verify::fuzz,
};

/// The answer of an HTTP server, or a URL.
pub const HTTP: Target = Target {
    name: "http",
    run: revocation::fuzz_http,
};

/// Two lines: a name or address as certificates have them, and one to ask for.
pub const NAMES: Target = Target {
    name: "names",
    run: verify::fuzz_names,
};

/// Noon of a day on which what the seeds are made of is valid.
pub(crate) const CLOCK: UnixTime = UnixTime::from_seconds(1_795_348_800);

/// The elements that follow each other in `data`; what is no element is the last.
pub(crate) fn pieces(mut data: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while !data.is_empty() {
        let element = Walk::over(data).and_then(|mut walk| walk.read());
        let length = element.map_or(data.len(), |element| element.whole.len());
        let (piece, rest) = data.split_at(length);
        found.push(piece);
        data = rest;
    }
    found
}

/// Whether `part` stands somewhere in `whole`.
pub(crate) fn stands_in(part: &[u8], whole: &[u8]) -> bool {
    part.is_empty() || whole.windows(part.len()).any(|window| window == part)
}

/// A TLS library that says the same of every signature.
pub(crate) struct Signatures {
    verdict: Result<(), SignatureError>,
    /// What was said to be signed.
    pub(crate) messages: RefCell<Vec<Vec<u8>>>,
}

impl Signatures {
    /// Finds every signature good.
    pub(crate) const fn good() -> Self {
        Self::new(Ok(()))
    }

    /// Finds no signature good.
    pub(crate) const fn bad() -> Self {
        Self::new(Err(SignatureError::Invalid))
    }

    const fn new(verdict: Result<(), SignatureError>) -> Self {
        Self {
            verdict,
            messages: RefCell::new(Vec::new()),
        }
    }
}

impl Crypto for Signatures {
    /// Tells two texts apart, which is all that is wanted of it here.
    fn sha256(&self, data: &[u8]) -> [u8; 32] {
        let mut hash = [0_u8; 32];
        for (index, byte) in data.iter().enumerate() {
            let place = &mut hash[index % 32];
            *place = place.wrapping_mul(31).wrapping_add(*byte);
        }
        hash
    }

    fn verify_signature(
        &self,
        _: &SignatureAlgorithm,
        _: &[u8],
        message: &[u8],
        _: &[u8],
    ) -> Result<(), SignatureError> {
        let mut messages = self.messages.borrow_mut();
        let message = room::bytes(message).ok_or(SignatureError::OutOfMemory)?;
        let reserved = messages.try_reserve(1);
        reserved.map_err(|_| SignatureError::OutOfMemory)?;
        messages.push(message);
        self.verdict
    }
}

/// Nobody is there.
const NOBODY: OsError = OsError {
    kind: OsErrorKind::NotFound,
    number: 0,
};

impl Means for Signatures {
    fn now(&self) -> Option<UnixTime> {
        None
    }

    fn pause(&self, _: Duration) {}

    fn random(&self, _: &mut [u8]) -> Result<(), OsError> {
        Err(NOBODY)
    }

    fn resolve(&self, _: &str, _: u16) -> Result<Addresses, OsError> {
        Err(NOBODY)
    }

    fn exchange(
        &self,
        _: SocketAddr,
        _: &[u8],
        _: usize,
        _: Duration,
        _: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<Vec<u8>, OsError> {
        Err(NOBODY)
    }
}
