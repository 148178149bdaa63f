// SPDX-License-Identifier: Apache-2.0

//! Connections whose handshake is done.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;

use secure_socket::backend::{Connection, Failure, HandshakeFacts, Received};
use secure_socket::diagnosis::Alert;
use secure_socket::{CipherSuite, TlsVersion};

use super::{Prepared, sys};
use crate::system::os_error;

/// A TLS socket of the platform's.
pub struct ZephyrConnection {
    socket: i32,
    facts: HandshakeFacts,
    closed: AtomicBool,
    /// What the socket points to.
    _client: Prepared,
}

impl ZephyrConnection {
    /// Takes over an open socket.
    pub(super) fn new(socket: i32, facts: &sys::Facts, client: Prepared) -> Self {
        let suite = u16::try_from(facts.suite).ok().filter(|suite| *suite != 0);
        let suite = suite.map(CipherSuite::from_iana);
        Self {
            socket,
            facts: HandshakeFacts {
                // The one that the socket was made for, where the suite does not tell.
                version: suite.map_or(TlsVersion::Tls12, CipherSuite::version),
                suite,
                alpn: None,
                resumed: false,
                sent: None,
                received: None,
                duration: Duration::from_micros(facts.duration_us.into()),
                heap_peak: None,
            },
            closed: AtomicBool::new(false),
            _client: client,
        }
    }
}

/// How many bytes, of what a function of the shim returned.
fn moved(number: i32, error: crate::sys::OsError) -> Result<usize, Failure> {
    usize::try_from(number).map_err(|_| match number {
        sys::io::TIMED_OUT => Failure::TimedOut,
        _ => Failure::Os(os_error(error)),
    })
}

impl Connection for ZephyrConnection {
    fn facts(&self) -> HandshakeFacts {
        self.facts.clone()
    }

    fn receive(&self, buffer: &mut [u8]) -> Result<Received, Failure> {
        if buffer.is_empty() {
            return Ok(Received::Data(0));
        }
        let mut error = crate::sys::OsError::default();
        // SAFETY: the socket is open until `self` is dropped; at most `buffer.len()` bytes
        // are written to `buffer`.
        let number = unsafe {
            sys::ss_offloaded_receive(self.socket, buffer.as_mut_ptr(), buffer.len(), &mut error)
        };
        Ok(match moved(number, error)? {
            // close_notify or a cut: the socket API has one word for both.
            0 => Received::EndUntold,
            length => Received::Data(length),
        })
    }

    fn send(&self, data: &[u8]) -> Result<usize, Failure> {
        if data.is_empty() {
            return Ok(0);
        }
        if self.closed.load(Ordering::Acquire) {
            return Err(Failure::Closed);
        }
        let mut error = crate::sys::OsError::default();
        // SAFETY: the socket is open until `self` is dropped; `data` has `data.len()` bytes.
        let number =
            unsafe { sys::ss_offloaded_send(self.socket, data.as_ptr(), data.len(), &mut error) };
        match moved(number, error)? {
            0 => Err(Failure::TimedOut),
            length => Ok(length),
        }
    }

    fn wait_readable(&self, limit: Duration) -> Result<bool, Failure> {
        // A part of a millisecond is a whole one.
        let ms = i32::try_from(limit.as_micros().div_ceil(1000)).unwrap_or(i32::MAX);
        let mut error = crate::sys::OsError::default();
        // SAFETY: the socket is open until `self` is dropped.
        match unsafe { sys::ss_offloaded_readable(self.socket, ms, &mut error) } {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Failure::Os(os_error(error))),
        }
    }

    /// The socket API has no close_notify of its own: the platform sends it when the socket
    /// is closed, which is when this is dropped.
    fn close(&self) -> Result<(), Failure> {
        self.closed.store(true, Ordering::Release);
        Ok(())
    }

    /// There is no way to send one.
    fn abort(&self, _: Alert) {}
}

impl Drop for ZephyrConnection {
    fn drop(&mut self) {
        sys::ss_offloaded_close(self.socket);
    }
}
