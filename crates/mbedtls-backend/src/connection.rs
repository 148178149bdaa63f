// SPDX-License-Identifier: Apache-2.0

use std::net::{Shutdown, TcpStream};
use std::sync::Mutex;
use std::time::Duration;

use rustix::event::PollFlags;
use secure_socket::backend::{Connection, Failure, HandshakeFacts, Received};
use secure_socket::diagnosis::Alert;

use crate::net::{self, Deadline, Wire};
use crate::platform::lock;
use mbedtls_engine::{Progress, Session};

/// A TLS connection over TCP.
///
/// The session is locked for each call into Mbed TLS and free while a thread waits
/// for the socket: one that receives does not keep another from sending.
pub struct TcpConnection {
    pub(crate) stream: TcpStream,
    pub(crate) session: Mutex<Session>,
    /// Held for a whole [`send`](Connection::send), so that records of two threads do
    /// not end up in each other.
    pub(crate) sending: Mutex<()>,
    pub(crate) facts: HandshakeFacts,
    pub(crate) io: Option<Duration>,
}

impl TcpConnection {
    /// Sends what is left of a record, for as long as `deadline` allows.
    fn flush(&self, deadline: Deadline) -> Result<(), Failure> {
        while let Progress::Wait(_) = lock(&self.session).flush(&mut Wire(&self.stream))? {
            net::wait(&self.stream, PollFlags::OUT, deadline)?;
        }
        Ok(())
    }

    /// Why we cannot send: a peer that hangs up on us mostly said why before.
    fn why(&self, failure: Failure) -> Failure {
        if failure == Failure::TimedOut {
            return failure;
        }
        let heard = lock(&self.session).receive(&mut Wire(&self.stream), &mut []);
        match heard {
            Err(told @ Failure::Tls { alert: Some(_), .. }) => told,
            _ => failure,
        }
    }

    fn send_some(&self, data: &[u8], deadline: Deadline) -> Result<usize, Failure> {
        let taken = loop {
            let progress = lock(&self.session).send(&mut Wire(&self.stream), data)?;
            match progress {
                Progress::Done(taken) => break taken,
                Progress::Wait(wait) => net::wait(&self.stream, net::interest(wait), deadline)?,
            }
        };
        match self.flush(deadline) {
            // Taken is taken: the rest goes out with whatever is called next.
            Ok(()) | Err(Failure::TimedOut) => Ok(taken),
            Err(failure) => Err(failure),
        }
    }
}

impl Connection for TcpConnection {
    fn facts(&self) -> HandshakeFacts {
        self.facts.clone()
    }

    fn receive(&self, buffer: &mut [u8]) -> Result<Received, Failure> {
        let deadline = Deadline::after(self.io);
        loop {
            let interest = {
                let mut session = lock(&self.session);
                let wire = &mut Wire(&self.stream);
                let mut interest = match session.receive(wire, buffer)? {
                    Progress::Done(received) => return Ok(received),
                    Progress::Wait(wait) => net::interest(wait),
                };
                // What a send left behind when its time ran out.
                if let Ok(Progress::Wait(wait)) = session.flush(wire) {
                    interest |= net::interest(wait);
                }
                interest
            };
            net::wait(&self.stream, interest, deadline)?;
        }
    }

    fn send(&self, data: &[u8]) -> Result<usize, Failure> {
        if data.is_empty() {
            return Ok(0);
        }
        let _alone = lock(&self.sending);
        self.send_some(data, Deadline::after(self.io))
            .map_err(|failure| self.why(failure))
    }

    fn is_readable(&self) -> Result<bool, Failure> {
        let progress = lock(&self.session).receive(&mut Wire(&self.stream), &mut [])?;
        Ok(matches!(progress, Progress::Done(_)))
    }

    fn close(&self) -> Result<(), Failure> {
        let _alone = lock(&self.sending);
        let deadline = Deadline::after(self.io);
        loop {
            let progress = lock(&self.session).close_notify(&mut Wire(&self.stream))?;
            match progress {
                Progress::Done(()) => break,
                Progress::Wait(wait) => net::wait(&self.stream, net::interest(wait), deadline)?,
            }
        }
        self.flush(deadline)?;
        // We send no more; the peer may. One that is gone already is no failure.
        let _ = self.stream.shutdown(Shutdown::Write);
        Ok(())
    }

    fn abort(&self, alert: Alert) {
        let _alone = lock(&self.sending);
        lock(&self.session).abort(&mut Wire(&self.stream), alert);
        net::part(&self.stream);
    }
}
