// SPDX-License-Identifier: Apache-2.0

//! The backend itself.

use alloc::vec::Vec;
use core::ffi::c_void;
use core::net::SocketAddr;
use core::ptr;
use core::time::Duration;

use secure_socket::backend::{
    Addresses, Backend, ConnectFailure, Failure, Observer, OsError, PresentedCertificate,
    SignatureError,
};
use secure_socket::config::ClientConfig;
use secure_socket::credential::{CredentialError, CredentialKind, SecTag};
use secure_socket::diagnosis::CheckFlags;
use secure_socket::resumption::SavedSession;
use secure_socket::x509::{Hash, SignatureAlgorithm, SignatureScheme};
use secure_socket::{Error, UnixTime};

use crate::connection::{ZephyrConnection, failure};
use crate::prepared::Prepared;
use crate::system::{clock, os_error, random, resolve, sleep, to_sys};
use crate::{sys, tcp};

/// Zephyr's secure sockets.
///
/// Credentials go into Zephyr's store under the given tag and those after it, one
/// for each further CA certificate and each further certificate of the chain. A
/// client keeps its tags until it and its connections are dropped; another client
/// with the same tags is refused meanwhile
/// ([`CredentialError::TagInUse`]).
pub struct Zephyr {
    first_tag: SecTag,
    earliest: UnixTime,
}

impl Zephyr {
    /// The sockets, with credentials stored from `first_tag` on.
    #[must_use]
    pub const fn new(first_tag: SecTag) -> Self {
        Self {
            first_tag,
            earliest: UnixTime::FLOOR,
        }
    }

    /// The same for a program that was built then, or later: a clock that shows less was
    /// never set ([`Backend::earliest`]).
    #[must_use]
    pub const fn with_earliest(self, earliest: UnixTime) -> Self {
        Self { earliest, ..self }
    }

    pub(crate) const fn first_tag(&self) -> SecTag {
        self.first_tag
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

    fn pause(&self, duration: Duration) {
        sleep(duration);
    }

    fn sha256(&self, data: &[u8]) -> [u8; 32] {
        let mut digest = [0; 32];
        // SAFETY: the pointers are those of `data` and `digest`, with their lengths.
        let done = unsafe { sys::ss_sha256(data.as_ptr(), data.len(), &mut digest) };
        // A digest engine that is out of order: zeros are no certificate's digest.
        if done { digest } else { [0; 32] }
    }

    fn check_key_pair(&self, certificate: &[u8], key: &[u8]) -> Result<(), CredentialError> {
        // SAFETY: the pointers are those of the slices, with their lengths, and are
        // not kept.
        let verdict = unsafe {
            sys::ss_check_pair(
                certificate.as_ptr(),
                certificate.len(),
                key.as_ptr(),
                key.len(),
            )
        };
        Err(match verdict {
            sys::pair::OK => return Ok(()),
            sys::pair::CERTIFICATE => CredentialError::Der(CredentialKind::Certificate),
            sys::pair::KEY => CredentialError::Der(CredentialKind::PrivateKey),
            sys::pair::MISMATCH => CredentialError::KeyMismatch,
            sys::pair::UNSUPPORTED => CredentialError::KeyUnsupported,
            sys::pair::ENCRYPTED => CredentialError::EncryptedKey,
            _ => CredentialError::OutOfMemory(CredentialKind::PrivateKey),
        })
    }

    fn verify_signature(
        &self,
        algorithm: &SignatureAlgorithm,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureError> {
        let (scheme, hash) = signature_kind(algorithm).ok_or(SignatureError::Unsupported)?;
        // SAFETY: the pointers are those of the slices, with their lengths, and are
        // not kept.
        let verdict = unsafe {
            sys::ss_verify_signature(
                scheme,
                hash,
                public_key.as_ptr(),
                public_key.len(),
                message.as_ptr(),
                message.len(),
                signature.as_ptr(),
                signature.len(),
            )
        };
        match verdict {
            sys::verdict::OK => Ok(()),
            sys::verdict::UNSUPPORTED => Err(SignatureError::Unsupported),
            sys::verdict::MEMORY => Err(SignatureError::OutOfMemory),
            _ => Err(SignatureError::Invalid),
        }
    }

    fn random(&self, bytes: &mut [u8]) -> Result<(), OsError> {
        random(bytes)
    }

    fn exchange(
        &self,
        address: SocketAddr,
        request: &[u8],
        limit: usize,
        timeout: Duration,
        complete: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<Vec<u8>, OsError> {
        tcp::exchange(address, request, limit, timeout, complete)
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
        config: &ClientConfig,
        address: SocketAddr,
        session: Option<&SavedSession>,
        observer: &mut dyn Observer,
    ) -> Result<ZephyrConnection, ConnectFailure> {
        let mut watch = Watch { observer };
        let verified = config.mode().verifies_certificates();
        let mut options = client.options(config);
        if verified {
            options.certificate = Some(certificate);
            options.sent = Some(sent);
            options.context = ptr::from_mut(&mut watch).cast::<c_void>();
        }
        if let Some(session) = session {
            options.session = session.expose().as_ptr();
            options.session_length = session.expose().len();
        }
        let address = to_sys(address);
        let mut facts = sys::Facts::default();
        let mut stage = 0;
        let mut reason = sys::Failure::default();
        // SAFETY: what `options` points to outlives the connection, since the
        // connection holds `client` (below), but for `watch` and `session`, which
        // outlive the call, and are not used after it.
        let raw =
            unsafe { sys::ss_connect(&options, &address, &mut facts, &mut stage, &mut reason) };
        match ZephyrConnection::new(raw, facts, client.clone()) {
            Some(Ok(connection)) => Ok(connection),
            // A version or name that no TLS library gives.
            Some(Err(())) => Err(ConnectFailure::Handshake(Failure::Closed)),
            None if stage == sys::stage::CONNECT => {
                Err(ConnectFailure::Connect(os_error(reason.os)))
            }
            None => Err(ConnectFailure::Handshake(failure(&reason))),
        }
    }
}

/// What [`certificate`] finds behind its context pointer.
struct Watch<'a> {
    observer: &'a mut dyn Observer,
}

/// # Safety
///
/// `context` is the `Watch` of the call of `ss_connect` that this happens in, and
/// `der` has `length` bytes.
unsafe extern "C" fn certificate(
    context: *mut c_void,
    depth: u8,
    der: *const u8,
    length: usize,
    flags: u32,
) -> u32 {
    // SAFETY: by contract. Nobody else has the `Watch` meanwhile: `connect` is
    // waiting for `ss_connect`, which calls from one thread.
    let watch = unsafe { &mut *context.cast::<Watch<'_>>() };
    // SAFETY: by contract; the bytes are Mbed TLS's and stay until we return.
    let der = unsafe { core::slice::from_raw_parts(der, length) };
    let flags = CheckFlags::from_bits(flags);
    watch
        .observer
        .certificate(PresentedCertificate { depth, der, flags })
        .bits()
}

/// # Safety
///
/// As [`certificate`].
unsafe extern "C" fn sent(context: *mut c_void, der: *const u8, length: usize) {
    // SAFETY: by contract, as in `certificate`.
    let watch = unsafe { &mut *context.cast::<Watch<'_>>() };
    // SAFETY: likewise.
    let der = unsafe { core::slice::from_raw_parts(der, length) };
    watch.observer.sent(der);
}

/// The shim's numbers for a signature algorithm, if it can be trusted at all.
fn signature_kind(algorithm: &SignatureAlgorithm) -> Option<(i32, i32)> {
    let SignatureAlgorithm::Known(scheme, hash) = algorithm else {
        return None;
    };
    let scheme = match scheme {
        SignatureScheme::Ecdsa => sys::scheme::ECDSA,
        SignatureScheme::RsaPkcs1 => sys::scheme::RSA_PKCS1,
        SignatureScheme::RsaPss => sys::scheme::RSA_PSS,
        _ => return None,
    };
    let hash = match hash {
        Hash::Sha256 => sys::hash::SHA256,
        Hash::Sha384 => sys::hash::SHA384,
        Hash::Sha512 => sys::hash::SHA512,
        // What can be forged proves nothing.
        _ => return None,
    };
    Some((scheme, hash))
}
