// SPDX-License-Identifier: Apache-2.0

//! The certificate callback.

use alloc::ffi::CString;
use alloc::vec::Vec;
use core::ffi::{c_int, c_void};
use core::ptr;
use core::slice;

use secure_socket::backend::{Observer, PresentedCertificate};
use secure_socket::diagnosis::CheckFlags;

#[cfg(mbedtls_resumption)]
use crate::resume::Attended;
use crate::resume::{Counter, Resuming};
use crate::sys;

/// Sets the name that the peer must prove.
///
/// # Safety
///
/// `ssl` is set up.
pub(crate) unsafe fn set_name(ssl: *mut sys::mbedtls_ssl_context, name: Option<&CString>) -> c_int {
    // Without a name, Mbed TLS must be told so (NULL): it fails closed.
    let name = name.map_or(ptr::null(), |name| name.as_ptr());
    // SAFETY: the caller's; the name ends with NUL and is copied.
    unsafe { sys::mbedtls_ssl_set_hostname(ssl, name) }
}

/// Makes a step of the handshake, and shows `observer` the certificates in it and the
/// tickets that `counter`, as a server that resumes, is asked for.
///
/// # Safety
///
/// `ssl` is set up, its transport is in place, and the library is locked.
pub(crate) unsafe fn handshake_step(
    ssl: *mut sys::mbedtls_ssl_context,
    observer: &mut dyn Observer,
    leaf: &mut Leaf,
    resuming: &mut Resuming,
    counter: Option<&Counter>,
) -> c_int {
    let mut verify = Verify { observer, leaf };
    let verify = &raw mut verify;
    // SAFETY: the caller's. The callbacks get `verify` and what it points to, which live on
    // this stack or longer, and are used by nothing else until the pointers are taken out
    // again. Mbed TLS makes one callback at a time.
    unsafe {
        sys::mbedtls_ssl_set_verify(ssl, Some(callback), verify.cast());
        let step = || sys::mbedtls_ssl_handshake_step(ssl);
        #[cfg(mbedtls_resumption)]
        let code = match counter {
            None => step(),
            Some(counter) => {
                let attended = Attended {
                    observer: &raw mut *(*verify).observer,
                    resuming,
                    ssl,
                };
                counter.attend(attended, step)
            }
        };
        #[cfg(not(mbedtls_resumption))]
        let (code, _) = (step(), (resuming, counter));
        sys::mbedtls_ssl_set_verify(ssl, None, ptr::null_mut());
        code
    }
}

/// Shows `observer` what a step that failed found fault with after the callback.
///
/// # Safety
///
/// `ssl` is set up.
pub(crate) unsafe fn show_what_came_late(
    ssl: *mut sys::mbedtls_ssl_context,
    observer: &mut dyn Observer,
    leaf: &mut Leaf,
) {
    // SAFETY: the caller's; this only reads a field of it.
    let result = unsafe { sys::mbedtls_ssl_get_verify_result(ssl) };
    Verify { observer, leaf }.add(result);
}

/// The peer's own certificate, as it was shown to the observer.
#[derive(Default)]
pub(crate) struct Leaf {
    der: Vec<u8>,
    /// Every flag that any certificate was shown with.
    flags: CheckFlags,
}

/// What the C callback sees during one handshake step.
pub(super) struct Verify<'a> {
    pub(super) observer: &'a mut dyn Observer,
    pub(super) leaf: &'a mut Leaf,
}

impl Verify<'_> {
    fn present(&mut self, der: &[u8], depth: u8, flags: CheckFlags) -> CheckFlags {
        let flags = self
            .observer
            .certificate(PresentedCertificate { depth, der, flags });
        self.leaf.flags |= flags;
        if depth == 0 {
            self.leaf.der = der.to_vec();
        }
        flags
    }

    /// Shows the leaf once more if the library found more fault with it after the
    /// callback: key usage and, in TLS 1.2, the curve of its key are checked last
    /// (`mbedtls_ssl_verify_certificate`).
    fn add(&mut self, result: u32) {
        // All bits set: there is no result.
        let more = CheckFlags::from_bits(result).without(self.leaf.flags);
        if result == u32::MAX || more.is_passed() || self.leaf.der.is_empty() {
            return;
        }
        let der = core::mem::take(&mut self.leaf.der);
        self.present(&der, 0, more);
    }
}

/// `f_vrfy` of `mbedtls_ssl_set_verify` and `mbedtls_x509_crt_verify_with_profile`.
///
/// # Safety
///
/// `verify` points to a [`Verify`] that nobody else uses during the call;
/// `certificate` and `flags` are Mbed TLS's own.
pub(super) unsafe extern "C" fn callback(
    verify: *mut c_void,
    certificate: *mut sys::mbedtls_x509_crt,
    depth: c_int,
    flags: *mut u32,
) -> c_int {
    // SAFETY: the caller's, and the lifetimes end after the call.
    let (verify, flags) = unsafe { (&mut *verify.cast::<Verify<'_>>(), &mut *flags) };
    // SAFETY: the caller's; the lifetime ends after the call.
    let raw = unsafe { &(*certificate).raw };
    if raw.p.is_null() {
        // Mbed TLS passes over certificates that are signed in a way it does not know, and
        // goes on if none is left.
        return sys::MBEDTLS_ERR_X509_UNKNOWN_SIG_ALG;
    }
    // SAFETY: a parsed certificate holds its DER, for as long as the callback runs.
    let der = unsafe { slice::from_raw_parts(raw.p, raw.len) };
    let depth = u8::try_from(depth).unwrap_or(u8::MAX);
    let answer = verify.present(der, depth, CheckFlags::from_bits(*flags));
    *flags = answer.bits();
    if depth == 0 && !verify.leaf.flags.is_passed() {
        // SAFETY: what the peer sent is a list that begins with its own certificate,
        // and lives as long as that.
        let mut next = unsafe { (*certificate).next };
        while !next.is_null() {
            // SAFETY: as above; a parsed certificate holds its DER.
            let (der, after) = unsafe {
                let raw = &(*next).raw;
                (slice::from_raw_parts(raw.p, raw.len), (*next).next)
            };
            verify.observer.sent(der);
            next = after;
        }
    }
    0
}
