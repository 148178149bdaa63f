// SPDX-License-Identifier: Apache-2.0

//! A server's tickets. What they stand for is kept above the seam: to Mbed TLS a ticket is
//! sixteen bytes.

use alloc::boxed::Box;
use core::cell::Cell;
use core::ffi::{c_int, c_uchar, c_void};
use core::{ptr, slice};

use secure_socket::TlsVersion;
use secure_socket::backend::Observer;
use secure_socket::resumption::TICKET_NAME;

use super::hello::last_has_extended_master_secret;
use super::saved;
use super::watch::Resuming;
use crate::handle::Handle;
use crate::sys;

/// Where the callbacks of a configuration find the handshake that calls them.
pub(crate) struct Counter {
    /// The [`Attended`] of the step that is being made: of one at most, as handshakes take
    /// the library's lock.
    attended: Cell<*mut c_void>,
}

/// What the callbacks see during one step.
pub(crate) struct Attended<'a> {
    pub(crate) observer: *mut (dyn Observer + 'a),
    pub(crate) resuming: *mut Resuming,
    pub(crate) ssl: *mut sys::mbedtls_ssl_context,
}

impl Counter {
    /// Has a server issue and redeem tickets. `config` is freed before what is returned.
    pub(crate) fn install(config: &Handle<sys::mbedtls_ssl_config>) -> Box<Self> {
        let counter = Box::new(Self {
            attended: Cell::new(ptr::null_mut()),
        });
        let context: *mut c_void = ptr::from_ref(&*counter).cast_mut().cast();
        // SAFETY: `config` is ours alone. The callbacks get the counter, which stays where
        // it is and outlives it, and which they only read from.
        unsafe {
            sys::mbedtls_ssl_conf_session_tickets_cb(
                config.as_ptr(),
                Some(write),
                Some(parse),
                context,
            );
        }
        counter
    }

    /// Makes `step` with the callbacks seeing `attended`.
    ///
    /// # Safety
    ///
    /// The library is locked. During the step nothing else uses what `attended` points to
    /// but Mbed TLS's callbacks, of which one runs at a time.
    pub(crate) unsafe fn attend<R>(
        &self,
        mut attended: Attended<'_>,
        step: impl FnOnce() -> R,
    ) -> R {
        self.attended.set((&raw mut attended).cast());
        let result = step();
        self.attended.set(ptr::null_mut());
        result
    }

    /// # Safety
    ///
    /// `counter` is the context of a callback that Mbed TLS is making.
    unsafe fn attended<'a>(counter: *mut c_void) -> Option<&'a Attended<'a>> {
        // SAFETY: the caller's, and `install`'s: it is a counter. What it points to lives on
        // the stack of `attend` for as long as the step, and so the callback, lasts.
        unsafe {
            (*counter.cast::<Self>())
                .attended
                .get()
                .cast::<Attended<'a>>()
                .as_ref()
        }
    }
}

/// `mbedtls_ssl_ticket_write_t`: puts a ticket for `session` between `start` and `end`.
///
/// # Safety
///
/// `counter` is a [`Counter`], and the rest Mbed TLS's own.
unsafe extern "C" fn write(
    counter: *mut c_void,
    session: *const sys::mbedtls_ssl_session,
    start: *mut c_uchar,
    end: *const c_uchar,
    length: *mut usize,
    lifetime: *mut u32,
) -> c_int {
    // SAFETY: the caller's; read and written in the middle of a step. The session is the
    // context's own, which is not const, and Mbed TLS waits for us.
    let (attended, room, saved) = unsafe {
        // Mbed TLS sends it whatever we return, in TLS 1.2.
        lifetime.write(0);
        let Some(attended) = Counter::attended(counter) else {
            return sys::MBEDTLS_ERR_SSL_INTERNAL_ERROR;
        };
        let room = end.offset_from(start);
        let saved = match (*attended.resuming).may_issue(&*attended.ssl) {
            true => saved::save(session.cast_mut()),
            false => None,
        };
        (attended, room, saved)
    };
    if room < TICKET_NAME as isize {
        return sys::MBEDTLS_ERR_SSL_BUFFER_TOO_SMALL;
    }
    // SAFETY: `attend`'s: the observer is ours until we return.
    let ticket = saved.and_then(|saved| unsafe { (*attended.observer).issue(saved) });
    // SAFETY: the caller's.
    let is_old = unsafe { version(attended.ssl) } == Some(TlsVersion::Tls12);
    let (name, seconds) = match ticket {
        Some(ticket) => (
            ticket.name,
            u32::try_from(ticket.lifetime.as_secs()).unwrap_or(0),
        ),
        // An empty ticket, as RFC 5077, section 3.3 has it.
        None if is_old => return sys::MBEDTLS_ERR_SSL_ALLOC_FAILED,
        // There are no empty ones in TLS 1.3, but such as are to be thrown away at once
        // (RFC 8446, section 4.6.1).
        None => ([0; TICKET_NAME], 0),
    };
    // SAFETY: the caller's; there is room for it.
    unsafe {
        start.copy_from_nonoverlapping(name.as_ptr(), name.len());
        length.write(name.len());
        lifetime.write(seconds);
    }
    0
}

/// `mbedtls_ssl_ticket_parse_t`: finds the session of a ticket.
///
/// # Safety
///
/// As [`write`].
unsafe extern "C" fn parse(
    counter: *mut c_void,
    session: *mut sys::mbedtls_ssl_session,
    ticket: *mut c_uchar,
    length: usize,
) -> c_int {
    /// What makes Mbed TLS go on with a full handshake.
    const NOT_FOUND: c_int = sys::MBEDTLS_ERR_SSL_INVALID_MAC;
    // SAFETY: the caller's.
    let (attended, name) = unsafe {
        let Some(attended) = Counter::attended(counter) else {
            return NOT_FOUND;
        };
        (attended, slice::from_raw_parts(ticket, length))
    };
    // SAFETY: the caller's: a ClientHello is being read.
    let (version, has_extended_master_secret) = unsafe {
        (
            version(attended.ssl),
            last_has_extended_master_secret(attended.ssl),
        )
    };
    let version = match version {
        // RFC 7627, section 5.3.
        Some(TlsVersion::Tls12) if !has_extended_master_secret => return NOT_FOUND,
        Some(version) => version,
        None => return NOT_FOUND,
    };
    // SAFETY: `attend`'s: the observer is ours until we return.
    let Some(saved) = (unsafe { (*attended.observer).redeem(name, version) }) else {
        return NOT_FOUND;
    };
    if saved.version() != version {
        return NOT_FOUND;
    }
    // SAFETY: the caller's: `session` is empty, and freed by Mbed TLS whatever we return.
    // The state of the handshake is ours until we return.
    unsafe {
        match saved::load(session, saved) {
            0 => (*attended.resuming).redeemed((*session).private_ciphersuite),
            code => return code,
        }
    }
    0
}

/// The version that was negotiated.
///
/// # Safety
///
/// `ssl` is set up.
unsafe fn version(ssl: *mut sys::mbedtls_ssl_context) -> Option<TlsVersion> {
    // SAFETY: the caller's.
    let number = unsafe { (*ssl).private_tls_version };
    u16::try_from(number).ok().and_then(TlsVersion::from_wire)
}
