// SPDX-License-Identifier: Apache-2.0

//! Sessions out of Mbed TLS and back.

use alloc::vec;
use core::ffi::c_int;
#[cfg(mbedtls_peer_cert)]
use core::mem;
use core::ptr;
use core::time::Duration;

use secure_socket::TlsVersion;
use secure_socket::resumption::SavedSession;
use zeroize::Zeroizing;

use crate::sys;

/// The most that a session takes: a ticket is at most 64 KiB, and secrets are some hundred
/// bytes.
const MOST: usize = 0x1_1000;

/// A session in Mbed TLS's own form, without the peer's certificate: whoever keeps sessions
/// keeps the whole chain. `None` where there is no memory, or nothing to resume by.
///
/// # Safety
///
/// `session` is one that a handshake made, and nothing else uses it.
pub(super) unsafe fn save(session: *mut sys::mbedtls_ssl_session) -> Option<SavedSession> {
    #[cfg(mbedtls_peer_cert)]
    // SAFETY: the caller's. Mbed TLS takes a session without a certificate for one whose
    // peer sent none; the pointer is put back before anybody can miss it.
    unsafe {
        let certificate = mem::replace(&mut (*session).private_peer_cert, ptr::null_mut());
        let saved = serialize(session);
        (*session).private_peer_cert = certificate;
        saved
    }
    // Built to keep no more than a digest of it.
    #[cfg(not(mbedtls_peer_cert))]
    // SAFETY: the caller's.
    unsafe {
        serialize(session)
    }
}

/// # Safety
///
/// As [`save`].
unsafe fn serialize(session: *const sys::mbedtls_ssl_session) -> Option<SavedSession> {
    // SAFETY: the caller's.
    let (version, seconds) = unsafe {
        (
            (*session).private_tls_version,
            (*session).private_ticket_lifetime,
        )
    };
    let version = u16::try_from(version)
        .ok()
        .and_then(TlsVersion::from_wire)?;
    let mut length = 0;
    // SAFETY: the caller's; without a buffer it says how long one has to be.
    unsafe { sys::mbedtls_ssl_session_save(session, ptr::null_mut(), 0, &mut length) };
    if length == 0 || length > MOST {
        return None;
    }
    let mut bytes = Zeroizing::new(vec![0; length]);
    // SAFETY: the caller's; the buffer is as long as it says.
    let code = unsafe {
        sys::mbedtls_ssl_session_save(session, bytes.as_mut_ptr(), bytes.len(), &mut length)
    };
    // RFC 5077, section 3.3: 0 is a lifetime that the server does not tell.
    let lifetime = (seconds > 0).then(|| Duration::from_secs(seconds.into()));
    (code == 0 && length == bytes.len()).then(|| SavedSession::new(version, lifetime, bytes))
}

/// Puts a session back into `session`.
///
/// # Safety
///
/// `session` is initialised and empty. Whatever comes of it, it is to be freed.
pub(super) unsafe fn load(session: *mut sys::mbedtls_ssl_session, saved: &SavedSession) -> c_int {
    let bytes = saved.expose();
    // SAFETY: the caller's; `bytes` is valid for its length and copied from.
    unsafe { sys::mbedtls_ssl_session_load(session, bytes.as_ptr(), bytes.len()) }
}
