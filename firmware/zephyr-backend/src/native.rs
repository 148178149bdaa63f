// SPDX-License-Identifier: Apache-2.0

//! native_sim: the command line, the host's files and clock, and the way out.
//!
//! Only images for native_sim can be linked with it in use.

use alloc::ffi::CString;
use alloc::vec::Vec;
use core::ffi::{CStr, c_char};

use secure_socket::UnixTime;

/// A command line option, in the order of `shim/native.c`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Argument {
    /// `--peer=host:port`.
    Peer,
    /// `--mode=psk|unauthenticated|server-auth|mutual`.
    Mode,
    /// `--tls=1.2|1.3|both`.
    Tls,
    /// `--server-name=name`.
    ServerName,
    /// `--credentials=directory`.
    Credentials,
    /// `--messages=count`.
    Messages,
    /// `--text=text`.
    Text,
    /// `--alpn=names`.
    Alpn,
    /// `--clock=seconds|unset`.
    Clock,
    /// `--handshake-timeout=ms`.
    HandshakeTimeout,
    /// `--io-timeout=ms`.
    IoTimeout,
    /// `--suites=names`.
    Suites,
    /// `--role=client|server|both`.
    Role,
    /// `--listen=address:port`.
    Listen,
    /// `--clients=count`.
    Clients,
    /// `--admit=names`.
    Admit,
    /// `--pin=digests`.
    Pin,
    /// `--pinned-only`; its value is empty.
    PinnedOnly,
    /// `--max-rsa-bits=bits`.
    MaxRsaBits,
    /// `--curves=names`.
    Curves,
    /// `--legacy-common-name`; its value is empty.
    LegacyCommonName,
    /// `--crl=files`.
    Crl,
    /// `--crl-scope=leaf|chain`.
    CrlScope,
    /// `--ocsp=off|required|soft-fail`.
    Ocsp,
    /// `--ocsp-responder=url`.
    OcspResponder,
    /// `--ocsp-scope=leaf|chain`.
    OcspScope,
    /// `--ocsp-nonce`; its value is empty.
    OcspNonce,
    /// `--ocsp-cache=count`.
    OcspCache,
    /// `--provision=directory`.
    Provision,
    /// `--sec-tag=number`.
    SecTag,
    /// `--server-sec-tag=number`.
    ServerSecTag,
    /// `--tls-heap=bytes`.
    TlsHeap,
    /// `--crl-url=urls`.
    CrlUrl,
    /// `--sntp=servers`.
    Sntp,
    /// `--sntp-limit=seconds`.
    SntpLimit,
    /// `--sntp-interval=seconds`.
    SntpInterval,
    /// `--connections=count`.
    Connections,
    /// `--resume=count`.
    Resume,
    /// `--sessions=count`.
    Sessions,
}

unsafe extern "C" {
    safe fn ss_native_option(index: usize) -> *const c_char;
    fn ss_native_read(path: *const c_char, buffer: *mut u8, max: usize) -> i64;
    safe fn ss_native_time() -> i64;
    safe fn ss_native_exit(status: i32);
    safe fn ss_native_leave_heap(bytes: usize) -> usize;
}

/// The value of an option that was given; `Err` if it is no UTF-8.
///
/// # Errors
///
/// The value is no UTF-8.
pub fn argument(argument: Argument) -> Result<Option<&'static str>, core::str::Utf8Error> {
    let value = ss_native_option(argument as usize);
    if value.is_null() {
        return Ok(None);
    }
    // SAFETY: it points into the program's `argv`, which is never written again.
    let value = unsafe { CStr::from_ptr(value) };
    value.to_str().map(Some)
}

/// Why a file could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// There is no such file.
    NotFound,
    /// It is longer than a credential can be.
    TooLong,
    /// The host's `errno`.
    Os(i32),
}

/// The most that [`read`] takes.
const MAX_FILE: usize = 64 * 1024;

/// The contents of a file of the host, of 64 KiB at most.
///
/// # Errors
///
/// [`ReadError`].
pub fn read(path: &str) -> Result<Vec<u8>, ReadError> {
    const ENOENT: i64 = 2; // Linux's: the host is one.
    let path = CString::new(path).map_err(|_| ReadError::NotFound)?;
    let mut contents = alloc::vec![0; MAX_FILE];
    // SAFETY: `path` is NUL-terminated; at most `contents.len()` bytes are written.
    let length = unsafe { ss_native_read(path.as_ptr(), contents.as_mut_ptr(), contents.len()) };
    match usize::try_from(length) {
        Ok(length) if length <= MAX_FILE => {
            contents.truncate(length);
            Ok(contents)
        }
        Ok(_) => Err(ReadError::TooLong),
        Err(_) if length == -ENOENT => Err(ReadError::NotFound),
        Err(_) => Err(ReadError::Os(i32::try_from(-length).unwrap_or(i32::MAX))),
    }
}

/// What the host's clock shows.
#[must_use]
pub fn host_time() -> UnixTime {
    UnixTime::from_seconds(u64::try_from(ss_native_time()).unwrap_or(0))
}

/// Leaves so much of Mbed TLS's heap, as if `CONFIG_MBEDTLS_HEAP_SIZE` were smaller.
///
/// # Errors
///
/// How much there is of it, where that is less.
pub fn leave_heap(bytes: usize) -> Result<(), usize> {
    match ss_native_leave_heap(bytes) {
        0 => Ok(()),
        most => Err(most),
    }
}

/// Ends the program.
pub fn exit(status: i32) {
    ss_native_exit(status);
}
