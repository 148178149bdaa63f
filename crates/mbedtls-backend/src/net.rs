// SPDX-License-Identifier: Apache-2.0

//! Sockets that never block, and waiting for them with a deadline.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs as _};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use secure_socket::backend::{Addresses, Failure, OsError, OsErrorKind};

use mbedtls_engine::{Transport, TransportError, Wait};

/// How long a peer that we refused may take to hang up. Hanging up ourselves at once
/// could reset the connection, and our alert be lost with it.
const FAREWELL: Duration = Duration::from_millis(500);

/// A point in time until which to wait; none is for ever.
#[derive(Clone, Copy)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    pub(crate) fn after(limit: Option<Duration>) -> Self {
        Self(limit.and_then(|limit| Instant::now().checked_add(limit)))
    }

    fn remaining(self) -> Option<Duration> {
        self.0
            .map(|end| end.saturating_duration_since(Instant::now()))
    }

    pub(crate) fn is_past(self) -> bool {
        self.remaining().is_some_and(|left| left.is_zero())
    }
}

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

/// The engine's transport over a socket that never blocks.
pub(crate) struct Wire<'a>(pub(crate) &'a TcpStream);

impl Transport for Wire<'_> {
    fn send(&mut self, data: &[u8]) -> Result<usize, TransportError> {
        retried(|| self.0.write(data))
    }

    fn receive(&mut self, buffer: &mut [u8]) -> Result<usize, TransportError> {
        retried(|| self.0.read(buffer))
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

/// What a socket is to be ready for.
pub(crate) const fn interest(wait: Wait) -> PollFlags {
    match wait {
        Wait::Receive => PollFlags::IN,
        Wait::Send => PollFlags::OUT,
    }
}

/// Waits until `stream` is ready, broken or closed.
pub(crate) fn wait(
    stream: &TcpStream,
    interest: PollFlags,
    deadline: Deadline,
) -> Result<(), Failure> {
    loop {
        let left = deadline.remaining();
        let timeout = left.and_then(|left| Timespec::try_from(left).ok());
        let mut fds = [PollFd::new(stream, interest)];
        match poll(&mut fds, timeout.as_ref()) {
            Ok(0) if deadline.is_past() => return Err(Failure::TimedOut),
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) => return Ok(()),
            Err(error) => return Err(Failure::Os(os_error(&error.into()))),
        }
    }
}

/// Ends a connection that we gave up: lets the peer read our alert, then hangs up.
pub(crate) fn part(stream: &TcpStream) {
    let deadline = Deadline::after(Some(FAREWELL));
    if stream.shutdown(Shutdown::Write).is_err() {
        return;
    }
    let mut rest = [0; 1024];
    while !deadline.is_past() {
        match Wire(stream).receive(&mut rest) {
            Ok(0) | Err(TransportError::Broken(_)) => return,
            Ok(_) => {}
            Err(TransportError::WouldBlock) => {
                if wait(stream, PollFlags::IN, deadline).is_err() {
                    return;
                }
            }
        }
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
