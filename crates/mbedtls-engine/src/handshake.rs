// SPDX-License-Identifier: Apache-2.0

//! A handshake from its first byte to its last, or its deadline.

use core::time::Duration;

use portable_atomic_util::Arc;
use secure_socket::backend::{Failure, HandshakeFacts, Observer};
use secure_socket::diagnosis::TlsCode;
use secure_socket::resumption::SavedSession;

use crate::Config;
use crate::connection::TlsConnection;
use crate::session::{Progress, Session, Step};
use crate::sys::MBEDTLS_ERR_SSL_INTERNAL_ERROR;
use crate::system::{Deadline, Interest, System, Wire, part};

/// How long a handshake and what comes after it may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The handshake as a whole: a peer that sends a byte now and then does not put its
    /// end off.
    pub handshake: Duration,
    /// One read or write afterwards.
    pub io: Option<Duration>,
}

/// Makes a handshake on a fresh connection, offering to resume `saved`. Closes it if that
/// fails, but only after the peer could read our alert.
///
/// # Errors
///
/// Why it failed.
pub fn handshake<S: System>(
    config: Arc<Config>,
    socket: S::Socket,
    limits: Limits,
    saved: Option<&SavedSession>,
    observer: &mut dyn Observer,
) -> Result<TlsConnection<S>, Failure> {
    let start = S::now();
    let mut session = Session::new(config, saved)?;
    let deadline = Deadline::after(Some(limits.handshake));
    if let Err(failure) = run::<S>(&mut session, &socket, &deadline, start, observer) {
        if matches!(
            failure,
            Failure::Tls { alert: None, .. }
                | Failure::OutOfMemory(_)
                | Failure::NoExtendedMasterSecret
                | Failure::PskMismatch(_)
                | Failure::UnknownPskIdentity(_)
        ) {
            // The failure is what counts, not whether the peer could be told.
            let _ = flush::<S>(&mut session, &socket, &deadline);
            // What a session holds is wanted by others while the peer reads.
            drop(session);
            part::<S>(&socket);
        }
        return Err(failure);
    }
    let facts = facts::<S>(&session, start)?;
    Ok(TlsConnection::new(socket, session, facts, limits.io))
}

fn run<S: System>(
    session: &mut Session,
    socket: &S::Socket,
    deadline: &Deadline<S>,
    start: Duration,
    observer: &mut dyn Observer,
) -> Result<(), Failure> {
    let elapsed = || S::now().saturating_sub(start);
    loop {
        match session.handshake_step(&mut Wire::<S>(socket), observer, &elapsed)? {
            Progress::Done(Step::Over) => return flush(session, socket, deadline),
            Progress::Done(Step::Next) if deadline.is_past() => return Err(Failure::TimedOut),
            Progress::Done(Step::Next) => {}
            Progress::Wait(wait) => deadline.wait(socket, wait.into())?,
        }
    }
}

fn flush<S: System>(
    session: &mut Session,
    socket: &S::Socket,
    deadline: &Deadline<S>,
) -> Result<(), Failure> {
    while let Progress::Wait(_) = session.flush(&mut Wire::<S>(socket))? {
        deadline.wait(socket, Interest::SEND)?;
    }
    Ok(())
}

fn facts<S: System>(session: &Session, start: Duration) -> Result<HandshakeFacts, Failure> {
    // A handshake that is over has both; without them nothing could be checked.
    let (Some(version), Some(suite)) = (session.version(), session.suite()) else {
        return Err(Failure::Tls {
            code: TlsCode::new(MBEDTLS_ERR_SSL_INTERNAL_ERROR),
            alert: None,
        });
    };
    let (sent, received) = session.traffic();
    Ok(HandshakeFacts {
        version,
        suite: Some(suite),
        alpn: session.alpn(),
        resumed: session.resumed(),
        sent: Some(sent),
        received: Some(received),
        duration: S::now().saturating_sub(start),
        heap_peak: S::heap_peak(),
    })
}
