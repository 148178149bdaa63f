// SPDX-License-Identifier: Apache-2.0

//! Images that run on a computer, as a program (native_sim) or emulated (QEMU, by
//! semihosting): the command line, the computer's files and clock, and the way out.

use alloc::ffi::CString;
use alloc::vec::Vec;
use core::ffi::{CStr, c_char};

use secure_socket::UnixTime;

/// A command line option, in the order of `shim/options.h`.
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
    /// `--crl-issuers=files`.
    CrlIssuers,
    /// `--crl-max-bytes=bytes`.
    CrlMaxBytes,
    /// `--crl-timeout=seconds`.
    CrlTimeout,
    /// `--crl-refresh=seconds`.
    CrlRefresh,
    /// `--ocsp-max-bytes=bytes`.
    OcspMaxBytes,
    /// `--ocsp-timeout=seconds`.
    OcspTimeout,
    /// `--ocsp-cert-id=sha1|sha256`.
    OcspCertId,
    /// `--job=name`.
    Job,
    /// `--path=path`.
    Path,
    /// `--interval=ms`.
    Interval,
    /// `--repeat=seconds`.
    Repeat,
    /// `--link-limit=seconds`.
    LinkLimit,
    /// `--link-cut=after:for`.
    LinkCut,
    /// `--name=name`.
    Name,
    /// `--readings=count`.
    Readings,
    /// `--keep-alive=seconds`.
    KeepAlive,
    /// `--keep-session=seconds`.
    KeepSession,
    /// `--queue=count`.
    Queue,
    /// `--when-full=drop-oldest|drop-newest|stop`.
    WhenFull,
    /// `--first-wait=ms`.
    FirstWait,
    /// `--longest-wait=ms`.
    LongestWait,
    /// `--attempts=count`.
    Attempts,
    /// `--unexamined`; its value is empty.
    Unexamined,
}

unsafe extern "C" {
    safe fn ss_hosted_option(index: usize) -> *const c_char;
    safe fn ss_hosted_unknown() -> *const c_char;
    fn ss_hosted_read(path: *const c_char, buffer: *mut u8, max: usize) -> i64;
    safe fn ss_hosted_time() -> i64;
    safe fn ss_hosted_exit(status: i32);
    safe fn ss_hosted_leave_heap(bytes: usize) -> usize;
}

/// The value of an option that was given; `Err` if it is no UTF-8.
///
/// # Errors
///
/// The value is no UTF-8.
pub fn argument(argument: Argument) -> Result<Option<&'static str>, core::str::Utf8Error> {
    text(ss_hosted_option(argument as usize))
}

/// What was given and is no option.
///
/// # Errors
///
/// It is no UTF-8.
pub fn unknown() -> Result<Option<&'static str>, core::str::Utf8Error> {
    text(ss_hosted_unknown())
}

/// NULL is `None`.
fn text(pointer: *const c_char) -> Result<Option<&'static str>, core::str::Utf8Error> {
    if pointer.is_null() {
        return Ok(None);
    }
    // SAFETY: the shim's pointers are to NUL-terminated text, in the program's `argv` or in
    // an array of its own, which is not written again once `main` has started.
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_str().map(Some)
}

/// Why a file could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// There is no such file.
    NotFound,
    /// It is longer than a credential can be.
    TooLong,
    /// The computer's `errno`.
    Os(i32),
}

/// The most that [`read`] takes.
const MAX_FILE: usize = 64 * 1024;

/// The contents of a file of the computer, of 64 KiB at most.
///
/// # Errors
///
/// [`ReadError`].
pub fn read(path: &str) -> Result<Vec<u8>, ReadError> {
    let path = CString::new(path).map_err(|_| ReadError::NotFound)?;
    // As large as the file: what is measured of the heap is to be a device's.
    let mut contents = alloc::vec![0; read_into(&path, &mut [])?];
    match read_into(&path, &mut contents)? == contents.len() {
        true => Ok(contents),
        // It was written to meanwhile.
        false => Err(ReadError::Os(EBUSY)),
    }
}

/// Reads what fits; how many bytes there are.
fn read_into(path: &CStr, contents: &mut [u8]) -> Result<usize, ReadError> {
    // SAFETY: `path` is NUL-terminated; at most `contents.len()` bytes are written.
    let length = unsafe { ss_hosted_read(path.as_ptr(), contents.as_mut_ptr(), contents.len()) };
    match usize::try_from(length) {
        Ok(length) if length <= MAX_FILE => Ok(length),
        Ok(_) => Err(ReadError::TooLong),
        Err(_) if length == -ENOENT => Err(ReadError::NotFound),
        Err(_) => Err(ReadError::Os(i32::try_from(-length).unwrap_or(i32::MAX))),
    }
}

// Linux's, on which the image runs.
const ENOENT: i64 = 2;
const EBUSY: i32 = 16;

/// What the computer's clock shows.
#[must_use]
pub fn time() -> UnixTime {
    UnixTime::from_seconds(u64::try_from(ss_hosted_time()).unwrap_or(0))
}

/// Leaves so much of Mbed TLS's heap, as if `CONFIG_MBEDTLS_HEAP_SIZE` were smaller.
///
/// # Errors
///
/// How much there is of it, where that is less.
pub fn leave_heap(bytes: usize) -> Result<(), usize> {
    match ss_hosted_leave_heap(bytes) {
        0 => Ok(()),
        most => Err(most),
    }
}

/// Ends the program.
pub fn exit(status: i32) {
    ss_hosted_exit(status);
}
