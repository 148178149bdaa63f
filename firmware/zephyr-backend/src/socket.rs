// SPDX-License-Identifier: Apache-2.0

//! Plain TCP sockets, as the TLS engine takes them. Declares what `shim/server.h`
//! has of them.

use alloc::boxed::Box;
use core::net::SocketAddr;
use core::time::Duration;

use mbedtls_engine::{Interest, Readiness, System, TransportError};
use secure_socket::backend::OsError;

use crate::library;
use crate::sys;
use crate::system::{from_sys, os_error, to_sys};

// `safe`: whatever the arguments, and from any thread.
unsafe extern "C" {
    fn ss_server_listen(
        address: *const sys::Address,
        bound: *mut sys::Address,
        error: *mut sys::OsError,
    ) -> i32;
    fn ss_server_accept(listener: i32, peer: *mut sys::Address, error: *mut sys::OsError) -> i32;
    fn ss_server_wait(
        socket: i32,
        receive: bool,
        send: bool,
        ms: i32,
        error: *mut sys::OsError,
    ) -> i32;
    safe fn ss_uptime_us() -> i64;
}

/// A TCP socket of Zephyr's.
pub struct Socket(i32);

impl Socket {
    /// Listens on `address`, and says which it is: the port where 0 was asked for.
    pub(crate) fn listen(address: SocketAddr) -> Result<(Self, SocketAddr), OsError> {
        let mut bound = sys::Address::default();
        let mut error = sys::OsError::default();
        // SAFETY: the shim reads the address, and writes to the other two.
        let fd = unsafe { ss_server_listen(&to_sys(address), &mut bound, &mut error) };
        match fd {
            fd if fd < 0 => Err(os_error(error)),
            fd => Ok((Self(fd), from_sys(&bound))),
        }
    }

    /// Waits for a client.
    pub(crate) fn accept(&self) -> Result<(Self, SocketAddr), OsError> {
        let mut peer = sys::Address::default();
        let mut error = sys::OsError::default();
        // SAFETY: the shim writes to `peer` and `error`.
        let fd = unsafe { ss_server_accept(self.0, &mut peer, &mut error) };
        match fd {
            fd if fd < 0 => Err(os_error(error)),
            fd => Ok((Self(fd), from_sys(&peer))),
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        sys::ss_tcp_close(self.0);
    }
}

/// Zephyr's sockets, clock and mutex.
pub struct Tcp;

impl System for Tcp {
    type Socket = Socket;
    type Mutex<T: Send> = Locked<T>;

    fn now() -> Duration {
        Duration::from_micros(u64::try_from(ss_uptime_us()).unwrap_or(0))
    }

    fn send(socket: &Socket, data: &[u8]) -> Result<usize, TransportError> {
        let mut error = sys::OsError::default();
        // SAFETY: `data` has `data.len()` bytes.
        let sent = unsafe { sys::ss_tcp_send(socket.0, data.as_ptr(), data.len(), &mut error) };
        moved(sent, error)
    }

    fn receive(socket: &Socket, buffer: &mut [u8]) -> Result<usize, TransportError> {
        let mut error = sys::OsError::default();
        // SAFETY: the shim writes at most `buffer.len()` bytes to `buffer`.
        let received =
            unsafe { sys::ss_tcp_receive(socket.0, buffer.as_mut_ptr(), buffer.len(), &mut error) };
        moved(received, error)
    }

    fn wait(
        socket: &Socket,
        interest: Interest,
        limit: Option<Duration>,
    ) -> Result<Readiness, OsError> {
        // -1 is no limit; a part of a millisecond is a whole one.
        let ms = limit.map_or(-1, |limit| {
            i32::try_from(limit.as_micros().div_ceil(1000)).unwrap_or(i32::MAX)
        });
        let mut error = sys::OsError::default();
        // SAFETY: the shim writes to `error`.
        let ready =
            unsafe { ss_server_wait(socket.0, interest.receive, interest.send, ms, &mut error) };
        match ready {
            0 => Ok(Readiness::NotYet),
            1 => Ok(Readiness::Ready),
            _ => Err(os_error(error)),
        }
    }

    // Zephyr's sockets cannot be closed in one direction.
    fn shut_down(_: &Socket) {}

    fn heap_peak() -> Option<u32> {
        library::heap().map(|heap| heap.peak)
    }
}

fn moved(length: i32, error: sys::OsError) -> Result<usize, TransportError> {
    match usize::try_from(length) {
        Ok(length) => Ok(length),
        Err(_) if length == sys::tcp::WOULD_BLOCK => Err(TransportError::WouldBlock),
        Err(_) => Err(TransportError::Broken(os_error(error))),
    }
}

/// Zephyr's mutex, which must stay where it is once it was used.
pub struct Locked<T>(Box<zephyr::sync::Mutex<T>>);

impl<T> mbedtls_engine::Mutex<T> for Locked<T> {
    fn new(value: T) -> Self {
        Self(Box::new(zephyr::sync::Mutex::new(value)))
    }

    fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        match self.0.lock() {
            Ok(mut value) => work(&mut value),
            Err(never) => match never {},
        }
    }
}
