// SPDX-License-Identifier: Apache-2.0

//! Plain TCP, for one request and its answer.

use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

use secure_socket::backend::{OsError, OsErrorKind};

use crate::sys;
use crate::system::{os_error, to_sys};

/// How much is received at a time: it is on the stack.
const CHUNK: usize = 512;

const TIMED_OUT: OsError = OsError {
    kind: OsErrorKind::TimedOut,
    number: 0,
};

/// By when all has to be done, in milliseconds of uptime.
#[derive(Clone, Copy)]
struct Deadline(i64);

impl Deadline {
    fn after(timeout: Duration) -> Self {
        let ms = i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX);
        Self(sys::ss_uptime().saturating_add(ms))
    }

    fn left_ms(self) -> Result<u32, OsError> {
        match self.0 - sys::ss_uptime() {
            left if left > 0 => Ok(u32::try_from(left).unwrap_or(u32::MAX)),
            _ => Err(TIMED_OUT),
        }
    }
}

/// A connected socket, closed when it is dropped.
struct Socket(i32);

impl Socket {
    fn connect(address: SocketAddr, deadline: Deadline) -> Result<Self, OsError> {
        let left = deadline.left_ms()?;
        let mut error = sys::OsError::default();
        // SAFETY: both pointers are to locals.
        let socket = unsafe { sys::ss_tcp_connect(&to_sys(address), left, &mut error) };
        if socket < 0 {
            return Err(os_error(error));
        }
        Ok(Self(socket))
    }

    /// How much of `data` was sent; `None` if there is no room now.
    fn send(&self, data: &[u8]) -> Result<Option<usize>, OsError> {
        let mut error = sys::OsError::default();
        // SAFETY: the socket is open; `data` has as many bytes.
        let sent = unsafe { sys::ss_tcp_send(self.0, data.as_ptr(), data.len(), &mut error) };
        answer(sent, error)
    }

    /// How much was received, 0 at the end; `None` if there is nothing now.
    fn receive(&self, buffer: &mut [u8]) -> Result<Option<usize>, OsError> {
        let mut error = sys::OsError::default();
        // SAFETY: the socket is open; at most `buffer.len()` bytes are written.
        let received =
            unsafe { sys::ss_tcp_receive(self.0, buffer.as_mut_ptr(), buffer.len(), &mut error) };
        answer(received, error)
    }

    fn wait(&self, to_send: bool, deadline: Deadline) -> Result<(), OsError> {
        let left = deadline.left_ms()?;
        let mut error = sys::OsError::default();
        // SAFETY: the socket is open; `error` is a local.
        match unsafe { sys::ss_tcp_wait(self.0, to_send, left, &mut error) } {
            0 => Ok(()),
            _ => Err(os_error(error)),
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        sys::ss_tcp_close(self.0);
    }
}

fn answer(number: i32, error: sys::OsError) -> Result<Option<usize>, OsError> {
    match usize::try_from(number) {
        Ok(length) => Ok(Some(length)),
        Err(_) if number == sys::tcp::WOULD_BLOCK => Ok(None),
        Err(_) => Err(os_error(error)),
    }
}

/// See [`Backend::exchange`](secure_socket::backend::Backend::exchange).
pub(crate) fn exchange(
    address: SocketAddr,
    request: &[u8],
    limit: usize,
    timeout: Duration,
    complete: &mut dyn FnMut(&[u8]) -> bool,
) -> Result<Vec<u8>, OsError> {
    let deadline = Deadline::after(timeout);
    let socket = Socket::connect(address, deadline)?;
    let mut rest = request;
    while !rest.is_empty() {
        match socket.send(rest)? {
            Some(sent) => rest = rest.get(sent..).unwrap_or(&[]),
            None => socket.wait(true, deadline)?,
        }
        // A peer that takes a byte at a time is waited for no longer than any other.
        deadline.left_ms()?;
    }
    let mut answer = Vec::new();
    let mut chunk = [0; CHUNK];
    while answer.len() <= limit && !complete(&answer) {
        let most = CHUNK.min(limit.saturating_add(1) - answer.len());
        let chunk = chunk.get_mut(..most).unwrap_or_default();
        match socket.receive(chunk)? {
            Some(0) => break,
            Some(length) => {
                let received = chunk.get(..length).unwrap_or_default();
                // The heap may have no room for what the caller would allow.
                answer.try_reserve(received.len()).map_err(|_| OsError {
                    kind: OsErrorKind::OutOfResources,
                    number: 0,
                })?;
                answer.extend_from_slice(received);
            }
            None => socket.wait(false, deadline)?,
        }
        deadline.left_ms()?;
    }
    Ok(answer)
}
