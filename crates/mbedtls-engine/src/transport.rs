// SPDX-License-Identifier: Apache-2.0

//! Between Mbed TLS and the transport: moves bytes, counts them, and notes where
//! records begin and end.

use core::ffi::{c_int, c_uchar, c_void};
use core::slice;

use secure_socket::backend::OsError;
use secure_socket::diagnosis::{Alert, TlsCode};

use crate::sys;

/// A reliable stream of bytes that never makes its caller wait.
pub trait Transport {
    /// Sends some of `data`, at least a byte, and says how much.
    ///
    /// # Errors
    ///
    /// [`TransportError`].
    fn send(&mut self, data: &[u8]) -> Result<usize, TransportError>;

    /// Receives into `buffer` and says how much; 0 is the end of the stream.
    ///
    /// # Errors
    ///
    /// [`TransportError`].
    fn receive(&mut self, buffer: &mut [u8]) -> Result<usize, TransportError>;
}

/// Why a transport moved nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransportError {
    /// It would have had to wait.
    WouldBlock,
    /// The connection is broken.
    Broken(OsError),
}

/// What came in, by the type of the record (RFC 8446, section 5.1).
#[derive(Clone, Copy, Default)]
pub(crate) struct Received {
    /// Everything.
    pub(crate) total: u32,
    /// Complete ChangeCipherSpec records.
    pub(crate) change_cipher_spec: u32,
    /// All other complete records.
    pub(crate) records: u32,
    /// The alert in the record last completed, if that was one in the clear.
    pub(crate) alert: Option<Alert>,
}

/// Follows the records of the incoming stream.
#[derive(Default)]
struct Records {
    header: [u8; Self::HEADER],
    /// How much of the header there is.
    have: usize,
    /// How much of the payload is yet to come.
    missing: usize,
    /// The last byte of the payload so far.
    last: u8,
}

impl Records {
    const HEADER: usize = 5;
    const CHANGE_CIPHER_SPEC: u8 = 20;
    const ALERT: u8 = 21;
    /// Level and description. Encrypted ones are longer.
    const ALERT_SIZE: usize = 2;

    fn follow(&mut self, mut data: &[u8], received: &mut Received) {
        received.total = received.total.saturating_add(count(data));
        while let Some((&first, rest)) = data.split_first() {
            if self.have < Self::HEADER {
                self.header[self.have] = first;
                self.have += 1;
                data = rest;
                if self.have == Self::HEADER {
                    self.missing = self.payload();
                }
            } else {
                let taken = self.missing.min(data.len());
                self.missing -= taken;
                let (payload, rest) = data.split_at(taken);
                self.last = payload.last().copied().unwrap_or(self.last);
                data = rest;
            }
            if self.have == Self::HEADER && self.missing == 0 {
                let size = (Self::HEADER + self.payload()) as u32;
                let sum = match self.header[0] {
                    Self::CHANGE_CIPHER_SPEC => &mut received.change_cipher_spec,
                    _ => &mut received.records,
                };
                *sum = sum.saturating_add(size);
                let is_alert = self.header[0] == Self::ALERT && self.payload() == Self::ALERT_SIZE;
                received.alert = is_alert.then(|| Alert::from_wire(self.last));
                self.have = 0;
            }
        }
    }

    fn payload(&self) -> usize {
        u16::from_be_bytes([self.header[3], self.header[4]]).into()
    }
}

fn count(data: &[u8]) -> u32 {
    u32::try_from(data.len()).unwrap_or(u32::MAX)
}

/// What outlives one call into Mbed TLS.
#[derive(Default)]
pub(crate) struct Tally {
    records: Records,
    pub(crate) received: Received,
    pub(crate) sent: u32,
    /// What broke the transport.
    pub(crate) broken: Option<OsError>,
    /// The incoming stream came to its end.
    pub(crate) ended: bool,
}

/// What the C callbacks see during one call into Mbed TLS.
pub(crate) struct Bio<'a> {
    pub(crate) transport: &'a mut dyn Transport,
    pub(crate) tally: &'a mut Tally,
    /// Whether to take what can no longer be sent for sent. A peer that gave up says
    /// why before it hangs up: what it said is still to be read, if we get that far.
    pub(crate) swallow: bool,
}

/// `mbedtls_ssl_send_t`.
///
/// # Safety
///
/// `bio` points to a [`Bio`] that nobody else uses during the call, and `data` to
/// `length` bytes.
pub(crate) unsafe extern "C" fn send(
    bio: *mut c_void,
    data: *const c_uchar,
    length: usize,
) -> c_int {
    // SAFETY: the caller's, and the lifetimes end after the call.
    let (bio, data) = unsafe {
        (
            &mut *bio.cast::<Bio<'_>>(),
            slice::from_raw_parts(data, length),
        )
    };
    let sent = if bio.swallow && bio.tally.broken.is_some() {
        length
    } else {
        match bio.transport.send(data) {
            Ok(sent) => sent,
            Err(TransportError::WouldBlock) => return sys::MBEDTLS_ERR_SSL_WANT_WRITE,
            Err(TransportError::Broken(error)) => {
                bio.tally.broken = Some(error);
                if !bio.swallow {
                    return TlsCode::SEND_FAILED.get();
                }
                length
            }
        }
    };
    bio.tally.sent = bio.tally.sent.saturating_add(sent as u32);
    c_int::try_from(sent).unwrap_or(c_int::MAX)
}

/// `mbedtls_ssl_recv_t`.
///
/// # Safety
///
/// `bio` points to a [`Bio`] that nobody else uses during the call, and `buffer` to
/// `length` writable bytes.
pub(crate) unsafe extern "C" fn receive(
    bio: *mut c_void,
    buffer: *mut c_uchar,
    length: usize,
) -> c_int {
    // SAFETY: the caller's; Mbed TLS's buffers are zeroed when they are allocated.
    let (bio, buffer) = unsafe {
        (
            &mut *bio.cast::<Bio<'_>>(),
            slice::from_raw_parts_mut(buffer, length),
        )
    };
    match bio.transport.receive(buffer) {
        Ok(received) => {
            bio.tally.ended |= received == 0;
            let data = buffer.get(..received).unwrap_or_default();
            bio.tally.records.follow(data, &mut bio.tally.received);
            c_int::try_from(received).unwrap_or(c_int::MAX)
        }
        Err(TransportError::WouldBlock) => sys::MBEDTLS_ERR_SSL_WANT_READ,
        Err(TransportError::Broken(error)) => {
            bio.tally.broken = bio.tally.broken.or(Some(error));
            TlsCode::RECV_FAILED.get()
        }
    }
}
