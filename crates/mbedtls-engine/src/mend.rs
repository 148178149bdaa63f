// SPDX-License-Identifier: Apache-2.0

//! What a server of Mbed TLS 3.6 leaves out.

use core::ffi::{c_int, c_uchar};

use secure_socket::TlsVersion;
use secure_socket::diagnosis::{Alert, TlsCode};

use crate::sys;

#[cfg(mbedtls_tls13)]
unsafe extern "C" {
    /// `ssl_misc.h`: internal, but not static.
    fn mbedtls_ssl_set_outbound_transform(
        ssl: *mut sys::mbedtls_ssl_context,
        transform: *mut sys::mbedtls_ssl_transform,
    );
}

/// Makes up for what a server of Mbed TLS 3.6 leaves out after a step, so that a
/// client that is refused gets to know why.
///
/// # Safety
///
/// `ssl` is set up as a server, its transport is in place, and `code` is what the step that began
/// in `state` returned.
pub(crate) unsafe fn mend(ssl: *mut sys::mbedtls_ssl_context, state: c_int, code: c_int) {
    #[cfg(mbedtls_tls13)]
    // SAFETY: the caller's.
    unsafe {
        catch_up(ssl, state, code);
    }
    #[cfg(not(mbedtls_tls13))]
    let _ = state;
    // SAFETY: the caller's.
    let version = unsafe { (*ssl).private_tls_version };
    let is_old = u16::try_from(version) == Ok(TlsVersion::Tls12.wire());
    if is_old && TlsCode::new(code).is(TlsCode::NO_CLIENT_CERTIFICATE) {
        // RFC 5246, section 7.4.6. Mbed TLS sends nothing in TLS 1.2.
        // SAFETY: the caller's. Whether it could be sent does not change the failure.
        unsafe {
            sys::mbedtls_ssl_send_alert_message(
                ssl,
                sys::MBEDTLS_SSL_ALERT_LEVEL_FATAL as c_uchar,
                Alert::HANDSHAKE_FAILURE.wire(),
            );
        }
    }
}

/// # Safety
///
/// As [`mend`].
#[cfg(mbedtls_tls13)]
unsafe fn catch_up(ssl: *mut sys::mbedtls_ssl_context, state: c_int, code: c_int) {
    const SERVER_FINISHED: c_int = sys::mbedtls_ssl_states_MBEDTLS_SSL_SERVER_FINISHED as c_int;
    // SAFETY: the caller's.
    let (version, application) = unsafe {
        (
            (*ssl).private_tls_version,
            (*ssl).private_transform_application,
        )
    };
    let is_new = u16::try_from(version) == Ok(TlsVersion::Tls13.wire());
    if is_new && state == SERVER_FINISHED && code == 0 && !application.is_null() {
        // RFC 8446, section 4.4.4: from here on a server sends under the application
        // keys. Mbed TLS waits for the client's Finished; an alert before that is one
        // that no client can read.
        // SAFETY: the transform is the session's own, freed with it. Nothing but a
        // fatal alert can be sent before Mbed TLS sets the same one again, so no
        // nonce is used twice.
        unsafe { mbedtls_ssl_set_outbound_transform(ssl, application) };
    }
}
