// SPDX-License-Identifier: Apache-2.0

//! `shim/ss.h`, declared again.

use core::ffi::{c_char, c_int, c_void};

use secure_socket::credential::{CredentialKind, SecTag};

/// `enum ss_os_kind`.
pub(crate) mod os_kind {
    pub(crate) const NOT_FOUND: i32 = 1;
    pub(crate) const REFUSED: i32 = 2;
    pub(crate) const RESET: i32 = 3;
    pub(crate) const UNREACHABLE: i32 = 4;
    pub(crate) const TIMED_OUT: i32 = 5;
    pub(crate) const ADDRESS_IN_USE: i32 = 6;
    pub(crate) const DENIED: i32 = 7;
    pub(crate) const OUT_OF_RESOURCES: i32 = 8;
}

/// `enum ss_stage`.
pub(crate) mod stage {
    pub(crate) const CONNECT: i32 = 1;
}

/// `enum ss_why`.
pub(crate) mod why {
    pub(crate) const TLS: i32 = 1;
    pub(crate) const OUT_OF_MEMORY: i32 = 2;
    pub(crate) const TIMED_OUT: i32 = 3;
    pub(crate) const CLOSED: i32 = 4;
    pub(crate) const CLOSE_NOTIFY: i32 = 6;
    pub(crate) const NO_EXTENDED_MASTER_SECRET: i32 = 7;
}

/// `enum ss_credential`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub(crate) enum Kind {
    Ca = 0,
    Certificate = 1,
    Key = 2,
    Psk = 3,
    PskIdentity = 4,
}

impl Kind {
    /// Its number, if the store holds any such.
    pub(crate) const fn of(kind: CredentialKind) -> Option<Self> {
        match kind {
            CredentialKind::CaCertificate => Some(Self::Ca),
            CredentialKind::Certificate => Some(Self::Certificate),
            CredentialKind::PrivateKey => Some(Self::Key),
            CredentialKind::Psk => Some(Self::Psk),
            CredentialKind::PskIdentity => Some(Self::PskIdentity),
            _ => None,
        }
    }
}

pub(crate) const fn name(kind: Kind) -> CredentialKind {
    match kind {
        Kind::Ca => CredentialKind::CaCertificate,
        Kind::Certificate => CredentialKind::Certificate,
        Kind::Key => CredentialKind::PrivateKey,
        Kind::Psk => CredentialKind::Psk,
        Kind::PskIdentity => CredentialKind::PskIdentity,
    }
}

/// A tag as Zephyr has it: `SecTag` proves that it fits.
pub(crate) fn number(tag: SecTag) -> i32 {
    i32::try_from(tag.get()).unwrap_or(i32::MAX)
}

/// `enum ss_store`.
pub(crate) mod store {
    pub(crate) const OK: i32 = 0;
    pub(crate) const IN_USE: i32 = 1;
    pub(crate) const FULL: i32 = 2;
    pub(crate) const NONE: i32 = 4;
    pub(crate) const TOO_SHORT: i32 = 5;
    #[cfg(CONFIG_SECURE_SOCKETS_TLS_OFFLOADED)]
    pub(crate) const ONLINE: i32 = 6;
}

/// `enum ss_pair`.
pub(crate) mod pair {
    pub(crate) const OK: i32 = 0;
    pub(crate) const CERTIFICATE: i32 = 1;
    pub(crate) const KEY: i32 = 2;
    pub(crate) const MISMATCH: i32 = 3;
    pub(crate) const UNSUPPORTED: i32 = 4;
    pub(crate) const ENCRYPTED: i32 = 5;
}

/// `enum ss_scheme`.
pub(crate) mod scheme {
    pub(crate) const ECDSA: i32 = 0;
    pub(crate) const RSA_PKCS1: i32 = 1;
    pub(crate) const RSA_PSS: i32 = 2;
}

/// `enum ss_hash`.
pub(crate) mod hash {
    pub(crate) const SHA256: i32 = 0;
    pub(crate) const SHA384: i32 = 1;
    pub(crate) const SHA512: i32 = 2;
}

/// `enum ss_verdict`.
pub(crate) mod verdict {
    pub(crate) const OK: i32 = 0;
    pub(crate) const UNSUPPORTED: i32 = 2;
    pub(crate) const MEMORY: i32 = 3;
}

/// `enum ss_tcp`.
pub(crate) mod tcp {
    pub(crate) const WOULD_BLOCK: i32 = -2;
}

#[derive(Clone, Copy, Default)]
#[repr(C)]
pub(crate) struct OsError {
    pub(crate) kind: i32,
    pub(crate) number: i32,
}

#[derive(Clone, Copy, Default)]
#[repr(C)]
pub(crate) struct Address {
    pub(crate) is_v6: u8,
    pub(crate) bytes: [u8; 16],
    pub(crate) port: u16,
    pub(crate) scope: u32,
}

#[repr(C)]
pub(crate) struct Build {
    pub(crate) max_tags: u32,
    pub(crate) max_suites: u32,
    pub(crate) max_alpn: u32,
    pub(crate) max_psk: u32,
    pub(crate) connect_timeout_ms: u32,
    pub(crate) tls12: u8,
    pub(crate) tls13: u8,
    pub(crate) psk: u8,
    pub(crate) certificates: u8,
    pub(crate) verification: u8,
}

pub(crate) type CertificateFn = unsafe extern "C" fn(*mut c_void, u8, *const u8, usize, u32) -> u32;
pub(crate) type SentFn = unsafe extern "C" fn(*mut c_void, *const u8, usize);

#[repr(C)]
pub(crate) struct Options {
    pub(crate) tags: *const i32,
    pub(crate) tag_count: usize,
    pub(crate) hostname: *const c_char,
    pub(crate) suites: *const c_int,
    pub(crate) suite_count: usize,
    pub(crate) alpn: *const *const c_char,
    pub(crate) alpn_count: usize,
    pub(crate) certificate: Option<CertificateFn>,
    pub(crate) sent: Option<SentFn>,
    pub(crate) context: *mut c_void,
    pub(crate) handshake_ms: u32,
    pub(crate) io_ms: u32,
    pub(crate) min_version: u16,
    pub(crate) max_version: u16,
    pub(crate) psk: u8,
    pub(crate) identity: u8,
    pub(crate) pinned: u8,
    pub(crate) resumes: u8,
    pub(crate) session: *const u8,
    pub(crate) session_length: usize,
}

#[derive(Default)]
#[repr(C)]
pub(crate) struct Failure {
    pub(crate) why: i32,
    pub(crate) code: i32,
    pub(crate) alert: i32,
    pub(crate) os: OsError,
}

#[repr(C)]
pub(crate) struct Facts {
    pub(crate) sent: u32,
    pub(crate) received: u32,
    pub(crate) duration_us: u32,
    pub(crate) heap_peak: u32,
    pub(crate) version: u16,
    pub(crate) suite: u16,
    pub(crate) alpn: [u8; 33],
    pub(crate) resumed: u8,
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            sent: 0,
            received: 0,
            duration_us: 0,
            heap_peak: 0,
            version: 0,
            suite: 0,
            alpn: [0; 33],
            resumed: 0,
        }
    }
}

#[cfg(CONFIG_SECURE_SOCKETS_RESUMPTION)]
#[repr(C)]
pub(crate) struct Session {
    pub(crate) bytes: *mut u8,
    pub(crate) length: usize,
    pub(crate) lifetime: u32,
    pub(crate) version: u16,
}

#[repr(C)]
pub(crate) struct Connection {
    _opaque: [u8; 0],
}

// `safe`: whatever the arguments, and from any thread.
unsafe extern "C" {
    #[link_name = "ss_build"]
    safe static BUILD: Build;

    pub(crate) fn ss_resolve(
        host: *const c_char,
        out: *mut Address,
        max: usize,
        error: *mut OsError,
    ) -> i32;
    pub(crate) fn ss_credential_add(tag: i32, kind: i32, data: *const u8, length: usize) -> i32;
    pub(crate) safe fn ss_credential_delete(tag: i32, kind: i32);
    pub(crate) fn ss_credential_get(tag: i32, kind: i32, data: *mut u8, length: *mut usize) -> i32;
    pub(crate) safe fn ss_credential_present(tag: i32, kind: i32) -> bool;
    pub(crate) fn ss_connect(
        options: *const Options,
        address: *const Address,
        facts: *mut Facts,
        stage: *mut i32,
        failure: *mut Failure,
    ) -> *mut Connection;
    pub(crate) fn ss_receive(
        connection: *mut Connection,
        buffer: *mut u8,
        length: usize,
        failure: *mut Failure,
    ) -> usize;
    pub(crate) fn ss_send(
        connection: *mut Connection,
        data: *const u8,
        length: usize,
        failure: *mut Failure,
    ) -> usize;
    pub(crate) fn ss_readable(connection: *mut Connection, ms: i32, failure: *mut Failure) -> i32;
    pub(crate) fn ss_abort(connection: *mut Connection, alert: u8);
    pub(crate) fn ss_close(connection: *mut Connection, failure: *mut Failure) -> bool;
    pub(crate) fn ss_free(connection: *mut Connection);
    #[cfg(CONFIG_SECURE_SOCKETS_RESUMPTION)]
    pub(crate) fn ss_take_session(connection: *mut Connection, out: *mut Session);
    #[cfg(CONFIG_SECURE_SOCKETS_RESUMPTION)]
    pub(crate) fn ss_free_session(session: *mut Session);
    pub(crate) safe fn ss_suite_known(suite: u16) -> bool;
    pub(crate) safe fn ss_clock() -> i64;
    pub(crate) safe fn ss_clock_set(ms: i64) -> bool;
    pub(crate) fn ss_sha256(data: *const u8, length: usize, digest: *mut [u8; 32]) -> bool;
    pub(crate) fn ss_check_certificate(certificate: *const u8, length: usize) -> i32;
    pub(crate) fn ss_check_pair(
        certificate: *const u8,
        certificate_length: usize,
        key: *const u8,
        key_length: usize,
    ) -> i32;
    pub(crate) fn ss_verify_signature(
        scheme: i32,
        hash: i32,
        public_key: *const u8,
        public_key_length: usize,
        message: *const u8,
        message_length: usize,
        signature: *const u8,
        signature_length: usize,
    ) -> i32;
    pub(crate) fn ss_random(bytes: *mut u8, length: usize) -> i32;
    pub(crate) safe fn ss_uptime() -> i64;
    pub(crate) fn ss_tcp_connect(
        address: *const Address,
        timeout_ms: u32,
        error: *mut OsError,
    ) -> i32;
    pub(crate) fn ss_tcp_send(
        socket: i32,
        data: *const u8,
        length: usize,
        error: *mut OsError,
    ) -> i32;
    pub(crate) fn ss_tcp_receive(
        socket: i32,
        buffer: *mut u8,
        length: usize,
        error: *mut OsError,
    ) -> i32;
    pub(crate) fn ss_tcp_wait(
        socket: i32,
        to_send: bool,
        timeout_ms: u32,
        error: *mut OsError,
    ) -> i32;
    pub(crate) safe fn ss_tcp_close(socket: i32);
}

/// What the image was built with.
pub(crate) fn build() -> &'static Build {
    &BUILD
}
