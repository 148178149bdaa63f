// SPDX-License-Identifier: Apache-2.0

//! Connections whose handshake is done.

use core::time::Duration;

use secure_socket::backend::{Connection, Failure, HandshakeFacts, Received};
use secure_socket::diagnosis::Alert;
use secure_socket::resumption::SavedSession;

use crate::session::{Progress, Session};
use crate::system::{Deadline, Interest, Mutex, System, Wire, part};

/// A TLS connection over TCP.
///
/// The session is locked for each call into Mbed TLS and free while a thread waits
/// for the socket: one that receives does not keep another from sending.
pub struct TlsConnection<S: System> {
    // First of what is dropped: closing a socket tells the peer that all is over.
    session: S::Mutex<Session>,
    socket: S::Socket,
    /// Held for a whole [`send`](Connection::send), so that records of two threads do
    /// not end up in each other.
    sending: S::Mutex<()>,
    facts: HandshakeFacts,
    io: Option<Duration>,
}

impl<S: System> TlsConnection<S> {
    pub(crate) fn new(
        socket: S::Socket,
        session: Session,
        facts: HandshakeFacts,
        io: Option<Duration>,
    ) -> Self {
        Self {
            session: S::Mutex::new(session),
            socket,
            sending: S::Mutex::new(()),
            facts,
            io,
        }
    }

    /// One call into the session.
    fn step<T>(
        &self,
        call: impl FnOnce(&mut Session, &mut Wire<'_, S>) -> Result<Progress<T>, Failure>,
    ) -> Result<Progress<T>, Failure> {
        let wire = &mut Wire(&self.socket);
        self.session.with(|session| call(session, wire))
    }

    /// Calls into the session until it is done, for as long as `deadline` allows.
    fn complete<T>(
        &self,
        deadline: &Deadline<S>,
        mut call: impl FnMut(&mut Session, &mut Wire<'_, S>) -> Result<Progress<T>, Failure>,
    ) -> Result<T, Failure> {
        loop {
            match self.step(&mut call)? {
                Progress::Done(value) => return Ok(value),
                Progress::Wait(wait) => deadline.wait(&self.socket, wait.into())?,
            }
        }
    }

    /// Sends what is left of a record.
    fn flush(&self, deadline: &Deadline<S>) -> Result<(), Failure> {
        while let Progress::Wait(_) = self.step(|session, wire| session.flush(wire))? {
            deadline.wait(&self.socket, Interest::SEND)?;
        }
        Ok(())
    }

    /// Why we cannot send: a peer that hangs up on us mostly said why before.
    fn why(&self, failure: Failure) -> Failure {
        if failure == Failure::TimedOut {
            return failure;
        }
        match self.step(|session, wire| session.receive(wire, &mut [])) {
            Err(told @ Failure::Tls { alert: Some(_), .. }) => told,
            _ => failure,
        }
    }

    fn send_some(&self, data: &[u8], deadline: &Deadline<S>) -> Result<usize, Failure> {
        let taken = self.complete(deadline, |session, wire| session.send(wire, data))?;
        match self.flush(deadline) {
            // Taken is taken: the rest goes out with whatever is called next.
            Ok(()) | Err(Failure::TimedOut) => Ok(taken),
            Err(failure) => Err(failure),
        }
    }
}

impl<S: System> Connection for TlsConnection<S> {
    fn facts(&self) -> HandshakeFacts {
        self.facts.clone()
    }

    fn receive(&self, buffer: &mut [u8]) -> Result<Received, Failure> {
        let deadline = Deadline::<S>::after(self.io);
        loop {
            let wire = &mut Wire::<S>(&self.socket);
            let interest = self.session.with(|session| {
                let mut interest = match session.receive(wire, buffer)? {
                    Progress::Done(received) => return Ok(Err(received)),
                    Progress::Wait(wait) => Interest::from(wait),
                };
                // What a send left behind when its time ran out.
                if let Ok(Progress::Wait(wait)) = session.flush(wire) {
                    interest = interest.and(wait.into());
                }
                Ok(Ok(interest))
            })?;
            match interest {
                Err(received) => return Ok(received),
                Ok(interest) => deadline.wait(&self.socket, interest)?,
            }
        }
    }

    fn send(&self, data: &[u8]) -> Result<usize, Failure> {
        if data.is_empty() {
            return Ok(0);
        }
        self.sending
            .with(|()| self.send_some(data, &Deadline::after(self.io)))
            .map_err(|failure| self.why(failure))
    }

    fn wait_readable(&self, limit: Duration) -> Result<bool, Failure> {
        let deadline = Deadline::<S>::after(Some(limit));
        loop {
            let interest = match self.step(|session, wire| session.receive(wire, &mut []))? {
                Progress::Done(_) => return Ok(true),
                Progress::Wait(wait) => Interest::from(wait),
            };
            if deadline.is_past() {
                return Ok(false);
            }
            match deadline.wait(&self.socket, interest) {
                Err(Failure::TimedOut) => return Ok(false),
                waited => waited?,
            }
        }
    }

    fn close(&self) -> Result<(), Failure> {
        self.sending.with(|()| {
            let deadline = Deadline::after(self.io);
            self.complete(&deadline, |session, wire| session.close_notify(wire))?;
            self.flush(&deadline)
        })?;
        // We send no more; the peer may. One that is gone already is no failure.
        S::shut_down(&self.socket);
        Ok(())
    }

    fn take_session(&self) -> Option<SavedSession> {
        self.session.with(Session::take_session)
    }

    fn abort(&self, alert: Alert) {
        self.sending.with(|()| {
            let wire = &mut Wire::<S>(&self.socket);
            self.session.with(|session| session.abort(wire, alert));
            part::<S>(&self.socket);
        });
    }
}
