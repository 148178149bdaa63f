// SPDX-License-Identifier: Apache-2.0

use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use mbedtls_rs_sys::MBEDTLS_ERR_SSL_INTERNAL_ERROR;
use rustix::event::PollFlags;
use secure_socket::backend::{Failure, HandshakeFacts, Observer};
use secure_socket::diagnosis::TlsCode;

use crate::connection::TcpConnection;
use crate::heap;
use crate::net::{self, Deadline, Wire};
use mbedtls_engine::{Config, Progress, Session, Step};

/// Makes a handshake on a fresh connection. Closes it if that fails, but only after
/// the peer could read our alert.
pub(crate) fn complete(
    config: Arc<Config>,
    stream: TcpStream,
    limit: Duration,
    io: Option<Duration>,
    observer: &mut dyn Observer,
) -> Result<TcpConnection, Failure> {
    let start = Instant::now();
    let mut session = Session::new(config)?;
    let deadline = Deadline::after(Some(limit));
    if let Err(failure) = run(&mut session, &stream, deadline, start, observer) {
        if matches!(
            failure,
            Failure::Tls { alert: None, .. } | Failure::OutOfMemory(_)
        ) {
            // The failure is what counts, not whether the peer could be told.
            let _ = flush(&mut session, &stream, deadline);
            net::part(&stream);
        }
        return Err(failure);
    }
    let facts = facts(&session, start.elapsed())?;
    Ok(TcpConnection {
        stream,
        session: Mutex::new(session),
        sending: Mutex::new(()),
        facts,
        io,
    })
}

/// The whole handshake has one deadline: a peer that sends a byte now and then does
/// not put it off.
fn run(
    session: &mut Session,
    stream: &TcpStream,
    deadline: Deadline,
    start: Instant,
    observer: &mut dyn Observer,
) -> Result<(), Failure> {
    loop {
        match session.handshake_step(&mut Wire(stream), observer, &|| start.elapsed())? {
            Progress::Done(Step::Over) => return flush(session, stream, deadline),
            Progress::Done(Step::Next) if deadline.is_past() => return Err(Failure::TimedOut),
            Progress::Done(Step::Next) => {}
            Progress::Wait(wait) => net::wait(stream, net::interest(wait), deadline)?,
        }
    }
}

fn flush(session: &mut Session, stream: &TcpStream, deadline: Deadline) -> Result<(), Failure> {
    while let Progress::Wait(_) = session.flush(&mut Wire(stream))? {
        net::wait(stream, PollFlags::OUT, deadline)?;
    }
    Ok(())
}

fn facts(session: &Session, duration: Duration) -> Result<HandshakeFacts, Failure> {
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
        suite,
        alpn: session.alpn(),
        sent: Some(sent),
        received: Some(received),
        duration,
        heap_peak: u32::try_from(heap::peak()).ok(),
    })
}
