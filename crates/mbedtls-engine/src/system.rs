// SPDX-License-Identifier: Apache-2.0

//! What connections need of the system that they run on: sockets that never block,
//! waiting for them, a clock and a mutex.

use core::marker::PhantomData;
use core::time::Duration;

use secure_socket::backend::{Failure, OsError};

use crate::session::Wait;
use crate::transport::{Transport, TransportError};

/// How long a peer that we refused may take to hang up. Hanging up ourselves at once
/// could reset the connection, and our alert be lost with it.
const FAREWELL: Duration = Duration::from_millis(500);

/// A system with TCP sockets.
pub trait System: 'static {
    /// A TCP connection, closed when it is dropped. One thread may wait for it to
    /// receive while another waits for it to send.
    type Socket: Send + Sync;
    /// A mutex.
    type Mutex<T: Send>: Mutex<T> + Send + Sync;

    /// The time since some moment that stays the same.
    fn now() -> Duration;

    /// Sends some of `data` without waiting.
    ///
    /// # Errors
    ///
    /// [`TransportError`].
    fn send(socket: &Self::Socket, data: &[u8]) -> Result<usize, TransportError>;

    /// Receives without waiting; 0 is the end of the stream.
    ///
    /// # Errors
    ///
    /// [`TransportError`].
    fn receive(socket: &Self::Socket, buffer: &mut [u8]) -> Result<usize, TransportError>;

    /// Waits until a socket is ready for `interest`, broken or closed, but no longer than
    /// `limit`. It may return sooner.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn wait(
        socket: &Self::Socket,
        interest: Interest,
        limit: Option<Duration>,
    ) -> Result<Readiness, OsError>;

    /// Says to the peer that we send no more, where the system can.
    fn shut_down(socket: &Self::Socket);

    /// The most heap that Mbed TLS has held at any one moment, if it is measured.
    fn heap_peak() -> Option<u32>;
}

/// A lock around a value.
pub trait Mutex<T> {
    /// Puts a lock around `value`.
    fn new(value: T) -> Self;

    /// Waits for the lock and does `work` under it; not called from within `work`.
    fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R;
}

/// What a socket is to be ready for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interest {
    /// There is something to receive.
    pub receive: bool,
    /// There is room to send.
    pub send: bool,
}

impl Interest {
    /// Sending alone.
    pub const SEND: Self = Self {
        receive: false,
        send: true,
    };
    /// Receiving alone.
    pub const RECEIVE: Self = Self {
        receive: true,
        send: false,
    };

    pub(crate) const fn and(self, other: Self) -> Self {
        Self {
            receive: self.receive || other.receive,
            send: self.send || other.send,
        }
    }
}

impl From<Wait> for Interest {
    fn from(wait: Wait) -> Self {
        match wait {
            Wait::Receive => Self::RECEIVE,
            Wait::Send => Self::SEND,
        }
    }
}

/// What waiting came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// The socket is ready, broken or closed.
    Ready,
    /// Not yet.
    NotYet,
}

/// The engine's transport over a socket.
pub(crate) struct Wire<'a, S: System>(pub(crate) &'a S::Socket);

impl<S: System> Transport for Wire<'_, S> {
    fn send(&mut self, data: &[u8]) -> Result<usize, TransportError> {
        S::send(self.0, data)
    }

    fn receive(&mut self, buffer: &mut [u8]) -> Result<usize, TransportError> {
        S::receive(self.0, buffer)
    }
}

/// A point in time until which to wait; none is for ever.
pub struct Deadline<S> {
    end: Option<Duration>,
    system: PhantomData<S>,
}

impl<S: System> Deadline<S> {
    /// The point in time `limit` from now.
    #[must_use]
    pub fn after(limit: Option<Duration>) -> Self {
        Self {
            end: limit.and_then(|limit| S::now().checked_add(limit)),
            system: PhantomData,
        }
    }

    fn remaining(&self) -> Option<Duration> {
        self.end.map(|end| end.saturating_sub(S::now()))
    }

    /// Whether it has come.
    #[must_use]
    pub fn is_past(&self) -> bool {
        self.remaining().is_some_and(|left| left.is_zero())
    }

    /// Waits until `socket` is ready, broken or closed.
    ///
    /// # Errors
    ///
    /// [`Failure::TimedOut`] if the time comes first, and [`Failure::Os`].
    pub fn wait(&self, socket: &S::Socket, interest: Interest) -> Result<(), Failure> {
        loop {
            match S::wait(socket, interest, self.remaining()).map_err(Failure::Os)? {
                Readiness::Ready => return Ok(()),
                Readiness::NotYet if self.is_past() => return Err(Failure::TimedOut),
                Readiness::NotYet => {}
            }
        }
    }
}

/// Ends a connection that we gave up: lets the peer read our alert, then hangs up.
pub(crate) fn part<S: System>(socket: &S::Socket) {
    let deadline = Deadline::<S>::after(Some(FAREWELL));
    S::shut_down(socket);
    let mut rest = [0; 256];
    while !deadline.is_past() {
        match S::receive(socket, &mut rest) {
            Ok(0) | Err(TransportError::Broken(_)) => return,
            Ok(_) => {}
            Err(TransportError::WouldBlock) => {
                if deadline.wait(socket, Interest::RECEIVE).is_err() {
                    return;
                }
            }
        }
    }
}
