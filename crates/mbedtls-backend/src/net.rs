// SPDX-License-Identifier: Apache-2.0

//! Sockets that never block, and waiting for them.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs as _};
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};

use mbedtls_engine::{Interest, Readiness, System, TransportError};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use secure_socket::backend::{Addresses, OsError, OsErrorKind};

use crate::heap;
use crate::platform::lock;

pub(crate) fn resolve(host: &str, port: u16) -> Result<Addresses, OsError> {
    let host = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(host);
    let found = (host, port).to_socket_addrs().map_err(|error| OsError {
        kind: OsErrorKind::NotFound,
        number: error.raw_os_error().unwrap_or(0),
    })?;
    let mut addresses = Addresses::new();
    for address in found {
        if !addresses.contains(&address) && addresses.push(address).is_err() {
            break;
        }
    }
    Ok(addresses)
}

pub(crate) fn connect(address: SocketAddr, limit: Duration) -> Result<TcpStream, OsError> {
    // std takes no limit of 0.
    let limit = limit.max(Duration::from_millis(1));
    let stream = TcpStream::connect_timeout(&address, limit).map_err(|error| os_error(&error))?;
    prepare(&stream)?;
    Ok(stream)
}

/// Makes a fresh connection one that never blocks.
pub(crate) fn prepare(stream: &TcpStream) -> Result<(), OsError> {
    stream
        .set_nonblocking(true)
        // Handshake messages are small and each is waited for.
        .and_then(|()| stream.set_nodelay(true))
        .map_err(|error| os_error(&error))
}

/// `std`'s sockets, clock and mutex.
pub struct Std;

impl System for Std {
    type Socket = TcpStream;
    type Mutex<T: Send> = Locked<T>;

    fn now() -> Duration {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        START.elapsed()
    }

    fn send(mut socket: &TcpStream, data: &[u8]) -> Result<usize, TransportError> {
        retried(|| socket.write(data))
    }

    fn receive(mut socket: &TcpStream, buffer: &mut [u8]) -> Result<usize, TransportError> {
        retried(|| socket.read(buffer))
    }

    fn wait(
        socket: &TcpStream,
        interest: Interest,
        limit: Option<Duration>,
    ) -> Result<Readiness, OsError> {
        let mut events = PollFlags::empty();
        events.set(PollFlags::IN, interest.receive);
        events.set(PollFlags::OUT, interest.send);
        let timeout = limit.and_then(|limit| Timespec::try_from(limit).ok());
        match poll(&mut [PollFd::new(socket, events)], timeout.as_ref()) {
            Ok(0) | Err(Errno::INTR) => Ok(Readiness::NotYet),
            Ok(_) => Ok(Readiness::Ready),
            Err(error) => Err(os_error(&error.into())),
        }
    }

    fn shut_down(socket: &TcpStream) {
        // One that is gone already is no failure.
        let _ = socket.shutdown(Shutdown::Write);
    }

    fn heap_peak() -> Option<u32> {
        u32::try_from(heap::peak()).ok()
    }
}

/// `std`'s mutex.
pub struct Locked<T>(Mutex<T>);

impl<T> mbedtls_engine::Mutex<T> for Locked<T> {
    fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        work(&mut lock(&self.0))
    }
}

fn retried(mut call: impl FnMut() -> io::Result<usize>) -> Result<usize, TransportError> {
    loop {
        return match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                Err(TransportError::WouldBlock)
            }
            Err(error) => Err(TransportError::Broken(os_error(&error))),
            Ok(length) => Ok(length),
        };
    }
}

pub(crate) fn os_error(error: &io::Error) -> OsError {
    use io::ErrorKind as Kind;
    let kind = match error.kind() {
        Kind::NotFound => OsErrorKind::NotFound,
        Kind::ConnectionRefused => OsErrorKind::Refused,
        Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe => OsErrorKind::Reset,
        Kind::HostUnreachable | Kind::NetworkUnreachable | Kind::NetworkDown => {
            OsErrorKind::Unreachable
        }
        Kind::TimedOut => OsErrorKind::TimedOut,
        Kind::AddrInUse | Kind::AddrNotAvailable => OsErrorKind::AddressInUse,
        Kind::PermissionDenied => OsErrorKind::Denied,
        Kind::OutOfMemory | Kind::StorageFull | Kind::QuotaExceeded => OsErrorKind::OutOfResources,
        _ => match error.raw_os_error().map(Errno::from_raw_os_error) {
            Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM) => {
                OsErrorKind::OutOfResources
            }
            _ => OsErrorKind::Other,
        },
    };
    OsError {
        kind,
        number: error.raw_os_error().unwrap_or(0),
    }
}
