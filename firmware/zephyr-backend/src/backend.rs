// SPDX-License-Identifier: Apache-2.0

//! The backend itself.

use alloc::ffi::CString;
use alloc::vec::Vec;
use core::ffi::c_void;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
#[cfg(CONFIG_SECURE_SOCKETS_WITH_SERVER)]
use core::net::{SocketAddrV4, SocketAddrV6};
use core::ptr;
use core::time::Duration;

use secure_socket::backend::{
    Addresses, Backend, ConnectFailure, Failure, MAX_ADDRESSES, Observer, OsError, OsErrorKind,
    PresentedCertificate, SignatureError,
};
use secure_socket::config::ClientConfig;
use secure_socket::credential::{CredentialError, CredentialKind, SecTag};
use secure_socket::diagnosis::CheckFlags;
use secure_socket::resumption::SavedSession;
use secure_socket::x509::{Hash, SignatureAlgorithm, SignatureScheme};
use secure_socket::{Error, UnixTime};

use crate::connection::{ZephyrConnection, failure, os_error};
use crate::prepared::Prepared;
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

/// The clock cannot be set: the image has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoClock;

impl fmt::Display for NoClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this image has no clock that could be set")
    }
}

impl core::error::Error for NoClock {}

/// Sets the calendar clock, the one that certificates are checked against, to the time
/// since 1970-01-01 00:00:00 UTC. From then on it runs by the kernel's uptime.
///
/// # Errors
///
/// [`NoClock`].
pub fn set_clock(since_1970: Duration) -> Result<(), NoClock> {
    match i64::try_from(since_1970.as_millis()) {
        Ok(ms) if sys::ss_clock_set(ms) => Ok(()),
        _ => Err(NoClock),
    }
}

/// What the calendar clock shows; `None` if there is none or it was never set.
pub(crate) fn clock() -> Option<UnixTime> {
    u64::try_from(sys::ss_clock())
        .ok()
        .map(UnixTime::from_seconds)
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

fn random(bytes: &mut [u8]) -> Result<(), OsError> {
    // SAFETY: the shim writes at most `bytes.len()` bytes.
    match unsafe { sys::ss_random(bytes.as_mut_ptr(), bytes.len()) } {
        0 => Ok(()),
        negative => Err(OsError {
            kind: OsErrorKind::OutOfResources,
            number: negative.saturating_neg(),
        }),
    }
}

/// A number that other devices do not have, to spread them in time; 0 where there is no
/// randomness.
#[must_use]
pub fn random_u32() -> u32 {
    let mut bytes = [0; 4];
    random(&mut bytes).map_or(0, |()| u32::from_ne_bytes(bytes))
}

/// Lets time pass: in pieces, since Zephyr's own durations may have 32 bits of ticks, and
/// each to the next tick, since to sleep for less than one is not to sleep.
pub fn sleep(duration: Duration) {
    const MOST_MS: u16 = 60_000;
    let mut left = duration.as_millis();
    while left > 0 {
        let piece = u16::try_from(left).map_or(MOST_MS, |left| left.min(MOST_MS));
        zephyr::time::sleep(zephyr::time::Duration::millis_at_least(piece.into()));
        left -= u128::from(piece);
    }
}

/// The addresses of a host name, or the address that it is.
pub(crate) fn resolve(host: &str, port: u16) -> Result<Addresses, OsError> {
    if let Ok(address) = host.parse::<IpAddr>() {
        let mut addresses = Addresses::new();
        let _ = addresses.push(SocketAddr::new(address, port));
        return Ok(addresses);
    }
    let not_found = OsError {
        kind: OsErrorKind::NotFound,
        number: 0,
    };
    let host = CString::new(host).map_err(|_| not_found)?;
    let mut found = [sys::Address::default(); MAX_ADDRESSES];
    let mut error = sys::OsError::default();
    // SAFETY: `host` is NUL-terminated; the shim writes at most `found.len()`
    // addresses, and `error`.
    let count =
        unsafe { sys::ss_resolve(host.as_ptr(), found.as_mut_ptr(), found.len(), &mut error) };
    let count = usize::try_from(count).map_err(|_| os_error(error))?;
    let addresses: Addresses = found
        .iter()
        .take(count)
        .map(|address| SocketAddr::new(ip(address), port))
        .collect();
    if addresses.is_empty() {
        return Err(not_found);
    }
    Ok(addresses)
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

#[cfg(CONFIG_SECURE_SOCKETS_WITH_SERVER)]
pub(crate) fn from_sys(address: &sys::Address) -> SocketAddr {
    match ip(address) {
        IpAddr::V4(ip) => SocketAddrV4::new(ip, address.port).into(),
        IpAddr::V6(ip) => SocketAddrV6::new(ip, address.port, 0, address.scope).into(),
    }
}

fn ip(address: &sys::Address) -> IpAddr {
    let bytes = address.bytes;
    match address.is_v6 {
        0 => Ipv4Addr::new(bytes[0], bytes[1], bytes[2], bytes[3]).into(),
        _ => Ipv6Addr::from(bytes).into(),
    }
}

pub(crate) fn to_sys(address: SocketAddr) -> sys::Address {
    let mut bytes = [0; 16];
    let (is_v6, scope) = match address {
        SocketAddr::V4(v4) => {
            bytes[..4].copy_from_slice(&v4.ip().octets());
            (0, 0)
        }
        SocketAddr::V6(v6) => {
            bytes = v6.ip().octets();
            (1, v6.scope_id())
        }
    };
    sys::Address {
        is_v6,
        bytes,
        port: address.port(),
        scope,
    }
}
