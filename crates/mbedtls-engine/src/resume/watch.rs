// SPDX-License-Identifier: Apache-2.0

//! Follows a handshake that may be a resumed one.

use core::ffi::{c_int, c_uchar};

use secure_socket::TlsVersion;
use secure_socket::backend::Failure;
use secure_socket::diagnosis::Alert;
use secure_socket::resumption::SavedSession;

use super::hello::last_has_extended_master_secret;
use super::saved;
use crate::handle::Handle;
use crate::sys;
use crate::{Config, sys::mbedtls_ssl_context};

const CLIENT_HELLO: c_int = sys::mbedtls_ssl_states_MBEDTLS_SSL_CLIENT_HELLO as c_int;
const SERVER_HELLO: c_int = sys::mbedtls_ssl_states_MBEDTLS_SSL_SERVER_HELLO as c_int;
const SERVER_CERTIFICATE: c_int = sys::mbedtls_ssl_states_MBEDTLS_SSL_SERVER_CERTIFICATE as c_int;
const SERVER_CHANGE_CIPHER_SPEC: c_int =
    sys::mbedtls_ssl_states_MBEDTLS_SSL_SERVER_CHANGE_CIPHER_SPEC as c_int;
const SERVER_FINISHED: c_int = sys::mbedtls_ssl_states_MBEDTLS_SSL_SERVER_FINISHED as c_int;
const ENCRYPTED_EXTENSIONS: c_int =
    sys::mbedtls_ssl_states_MBEDTLS_SSL_ENCRYPTED_EXTENSIONS as c_int;
const HANDSHAKE_OVER: c_int = sys::mbedtls_ssl_states_MBEDTLS_SSL_HANDSHAKE_OVER as c_int;
const NEW_SESSION_TICKET: c_int =
    sys::mbedtls_ssl_states_MBEDTLS_SSL_TLS1_3_NEW_SESSION_TICKET as c_int;

/// What is known of a handshake as far as it came.
#[derive(Default)]
pub(crate) struct Resuming {
    resumed: bool,
    /// The peer agreed to extended master secret (TLS 1.2).
    extended_master_secret: bool,
    /// The peer resumed a session without it.
    weak: bool,
    /// As a server: the cipher suite of the session that was found.
    suite: Option<c_int>,
    /// As a client: the newest session that nobody took yet.
    fresh: Option<SavedSession>,
}

impl Resuming {
    /// Whether a session was resumed.
    pub(crate) const fn resumed(&self) -> bool {
        self.resumed
    }

    pub(crate) const fn take_session(&mut self) -> Option<SavedSession> {
        self.fresh.take()
    }

    /// Why a handshake failed, where that is for us to say.
    pub(crate) const fn failure(&self) -> Option<Failure> {
        match self.weak {
            true => Some(Failure::NoExtendedMasterSecret),
            false => None,
        }
    }

    /// Has a client offer `session`.
    ///
    /// # Safety
    ///
    /// `ssl` is set up as a client with its server's name, no step was made, and the library
    /// is locked.
    pub(crate) unsafe fn offer(ssl: *mut mbedtls_ssl_context, session: &SavedSession) -> c_int {
        let loaded = Handle::<sys::mbedtls_ssl_session>::new();
        // SAFETY: the caller's; `loaded` is initialised and ours alone, and copied.
        unsafe {
            match saved::load(loaded.as_ptr(), session) {
                0 => sys::mbedtls_ssl_set_session(ssl, loaded.as_ptr()),
                code => code,
            }
        }
    }

    /// Whether a session of this handshake may be resumed.
    pub(super) fn may_issue(&self, ssl: &mbedtls_ssl_context) -> bool {
        !is_old(ssl) || self.extended_master_secret
    }

    /// A session of this suite was found.
    pub(super) const fn redeemed(&mut self, suite: c_int) {
        self.suite = Some(suite);
    }

    /// Looks at what a step that began in state `before` came to, and says what it is to
    /// count as having returned.
    ///
    /// # Safety
    ///
    /// `ssl` is set up with `config`, its transport is in place, and `code` is what the step
    /// returned.
    pub(crate) unsafe fn follow(
        &mut self,
        ssl: *mut mbedtls_ssl_context,
        config: &Config,
        before: c_int,
        code: c_int,
    ) -> c_int {
        if !config.resumes() || code != 0 {
            return code;
        }
        // SAFETY: the caller's; nothing writes to it while the reference lives.
        let (after, is_old) = unsafe { ((*ssl).private_state, is_old(&*ssl)) };
        match (before, after) {
            (CLIENT_HELLO, SERVER_HELLO) if is_old && config.is_server() => {
                // SAFETY: the caller's; a ClientHello was just read.
                self.extended_master_secret = unsafe { last_has_extended_master_secret(ssl) };
                // SAFETY: the caller's; there is one until the handshake is over.
                let suite = unsafe { (*(*ssl).private_session_negotiate).private_ciphersuite };
                // RFC 5246, section 7.4.1.3: it is the session's. Mbed TLS takes the one
                // that it likes most, as if there were no session.
                if self.suite.is_some_and(|of_session| of_session != suite) {
                    // SAFETY: the caller's.
                    return unsafe { refuse(ssl, Alert::HANDSHAKE_FAILURE) };
                }
            }
            (SERVER_HELLO, SERVER_CERTIFICATE) if is_old && !config.is_server() => {
                // SAFETY: the caller's; a ServerHello was just read.
                self.extended_master_secret = unsafe { last_has_extended_master_secret(ssl) };
            }
            (SERVER_HELLO, SERVER_CHANGE_CIPHER_SPEC) => {
                self.resumed = true;
                // SAFETY: the caller's; a client just read a ServerHello.
                if !config.is_server() && !unsafe { last_has_extended_master_secret(ssl) } {
                    self.weak = true;
                    // SAFETY: the caller's.
                    return unsafe { refuse(ssl, Alert::HANDSHAKE_FAILURE) };
                }
                self.extended_master_secret = true;
            }
            // No other pre-shared key is configured.
            (ENCRYPTED_EXTENSIONS, SERVER_FINISHED) => self.resumed = true,
            (_, HANDSHAKE_OVER) if is_old && !config.is_server() && self.extended_master_secret => {
                // SAFETY: the caller's.
                unsafe { self.keep(ssl) };
            }
            _ => {}
        }
        code
    }

    /// Whether a read that returned `code` is to be made again: a ticket was announced or
    /// taken.
    ///
    /// # Safety
    ///
    /// `ssl` is set up as a client.
    pub(crate) unsafe fn reads_on(&mut self, ssl: *mut mbedtls_ssl_context, code: c_int) -> bool {
        match code {
            sys::MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET => {
                // SAFETY: the caller's.
                unsafe { self.keep(ssl) };
                true
            }
            // Mbed TLS has the ticket, and means by it that it is to be called again.
            // SAFETY: the caller's.
            sys::MBEDTLS_ERR_SSL_WANT_READ => unsafe { (*ssl).private_state == NEW_SESSION_TICKET },
            _ => false,
        }
    }

    /// # Safety
    ///
    /// `ssl` is set up, and its handshake is over.
    unsafe fn keep(&mut self, ssl: *mut mbedtls_ssl_context) {
        // SAFETY: the caller's: the session is the context's own.
        let session = unsafe { (*ssl).private_session };
        if session.is_null() {
            return;
        }
        // SAFETY: as above.
        let resumable =
            unsafe { (*session).private_ticket_len > 0 || (*session).private_id_len > 0 };
        if resumable {
            // SAFETY: as above; nothing else uses it now.
            self.fresh = unsafe { saved::save(session) };
        }
    }
}

fn is_old(ssl: &mbedtls_ssl_context) -> bool {
    u16::try_from(ssl.private_tls_version) == Ok(TlsVersion::Tls12.wire())
}

/// Tells the peer, as far as that can be done.
///
/// # Safety
///
/// `ssl` is set up, and its transport is in place.
unsafe fn refuse(ssl: *mut mbedtls_ssl_context, alert: Alert) -> c_int {
    // SAFETY: the caller's.
    unsafe {
        sys::mbedtls_ssl_send_alert_message(
            ssl,
            sys::MBEDTLS_SSL_ALERT_LEVEL_FATAL as c_uchar,
            alert.wire(),
        );
    }
    sys::MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE
}
