// SPDX-License-Identifier: Apache-2.0

//! The encrypted stream.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;

use portable_atomic_util::Arc;

use crate::backend::{Connection, Failure, OsError, OsErrorKind, Received};
use crate::error::{Error, IoError};
use crate::resumption::{Origin, Wallet};
use crate::session::Session;
use crate::time::UnixTime;

/// A TLS connection on the terms that were asked for.
///
/// One thread may read while another writes: `&Stream` is a reader and a writer too.
/// Dropping a stream closes the connection; only [`Stream::close`] makes sure that
/// the peer can tell the end from a cut.
pub struct Stream<C: Connection> {
    connection: C,
    session: Session,
    /// As a client that resumes.
    resumable: Option<Resumable>,
    /// The peer's close_notify was read.
    ended: AtomicBool,
    /// Our close_notify was sent.
    closed: AtomicBool,
}

/// Where the sessions of a connection go.
pub(crate) struct Resumable {
    pub(crate) wallet: Arc<dyn Wallet>,
    pub(crate) origin: Arc<Origin>,
    /// When the handshake began: they are taken for as old as that.
    pub(crate) clock: UnixTime,
}

impl<C: Connection> Stream<C> {
    pub(crate) const fn new(connection: C, session: Session) -> Self {
        Self {
            connection,
            session,
            resumable: None,
            ended: AtomicBool::new(false),
            closed: AtomicBool::new(false),
        }
    }

    pub(crate) fn into_parts(self) -> (C, Session) {
        (self.connection, self.session)
    }

    /// Keeps the sessions that come with it.
    pub(crate) fn with_resumable(mut self, resumable: Resumable) -> Self {
        self.resumable = Some(resumable);
        self.keep_session();
        self
    }

    /// Keeps a session that came along.
    fn keep_session(&self) {
        if let Some(resumable) = &self.resumable
            && let Some(session) = self.connection.take_session()
        {
            let Resumable {
                wallet,
                origin,
                clock,
            } = resumable;
            wallet.keep(session, origin, *clock);
        }
    }

    /// What the handshake agreed on.
    #[must_use]
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// Waits for data and returns how many bytes came; 0 is the peer's orderly end
    /// (close_notify), or an empty buffer.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]: [`IoError::Truncated`] where the stream ends without
    /// close_notify, [`IoError::EndUntold`] where it ends and the platform does not tell
    /// with or without, [`IoError::TimedOut`] after the I/O timeout; the stream can be
    /// used on after the last alone.
    pub fn receive(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        if buffer.is_empty() || self.ended.load(Ordering::Acquire) {
            return Ok(0);
        }
        let received = self.connection.receive(buffer);
        self.keep_session();
        match received.map_err(broken)? {
            Received::Data(length) => Ok(length),
            Received::CloseNotify => {
                self.ended.store(true, Ordering::Release);
                Ok(0)
            }
            Received::Truncated => Err(IoError::Truncated.into()),
            Received::EndUntold => Err(IoError::EndUntold.into()),
        }
    }

    /// Waits until there is something to read, for `limit` at most, and says whether there
    /// is; the end is something to read too. The I/O timeout has no part in it.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn wait_readable(&self, limit: Duration) -> Result<bool, Error> {
        if self.ended.load(Ordering::Acquire) {
            return Ok(true);
        }
        let readable = self.connection.wait_readable(limit);
        self.keep_session();
        readable.map_err(broken)
    }

    /// Sends data and returns how many bytes of it were taken, which may be fewer
    /// than all.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn send(&self, data: &[u8]) -> Result<usize, Error> {
        if self.closed.load(Ordering::Acquire) {
            return Err(IoError::Closed.into());
        }
        if data.is_empty() {
            return Ok(0);
        }
        self.connection.send(data).map_err(broken)
    }

    /// Sends all of `data`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]; part of it may have been sent.
    pub fn send_all(&self, mut data: &[u8]) -> Result<(), Error> {
        while !data.is_empty() {
            let sent = self.send(data)?;
            data = data.get(sent..).unwrap_or_default();
        }
        Ok(())
    }

    /// Says that we send no more (close_notify). What the peer still has to send can
    /// be read until its own close_notify.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn finish(&self) -> Result<(), Error> {
        if self.closed.load(Ordering::Acquire) {
            return Ok(());
        }
        self.closed.store(true, Ordering::Release);
        match self.connection.close() {
            // A peer that has ended the stream may leave without waiting for our word
            // (RFC 5246, section 7.2.1).
            Err(failure) if is_gone(failure) && self.ended.load(Ordering::Acquire) => Ok(()),
            closed => closed.map_err(broken),
        }
    }

    /// Closes the connection in order: close_notify, then the socket.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]; the connection is closed all the same.
    pub fn close(self) -> Result<(), Error> {
        self.finish()
    }
}

/// Whether there is nobody left at the other end.
const fn is_gone(failure: Failure) -> bool {
    matches!(
        failure,
        Failure::Closed
            | Failure::Os(OsError {
                kind: OsErrorKind::Reset,
                ..
            })
    )
}

fn broken(failure: Failure) -> Error {
    use crate::diagnosis::TlsCode;
    Error::Io(match failure {
        Failure::Tls {
            alert: Some(alert), ..
        } => IoError::PeerAlert(alert),
        Failure::Tls { code, .. } if code.is_out_of_memory() => IoError::OutOfMemory(code),
        Failure::Tls { code, .. } if code.is(TlsCode::CONN_EOF) => IoError::Truncated,
        Failure::Tls { code, .. } if code.is(TlsCode::PEER_CLOSE_NOTIFY) => IoError::Closed,
        Failure::Tls { code, .. } => IoError::Tls(code),
        Failure::OutOfMemory(code) => IoError::OutOfMemory(code),
        Failure::PskMismatch(code) | Failure::UnknownPskIdentity(code) => IoError::Tls(code),
        // A matter of handshakes.
        Failure::NoExtendedMasterSecret => IoError::Closed,
        Failure::TimedOut => IoError::TimedOut,
        Failure::Closed => IoError::Truncated,
        Failure::Os(error) | Failure::Untold(error) => IoError::Os(error),
    })
}

impl<C: Connection> embedded_io::ErrorType for Stream<C> {
    type Error = Error;
}

impl<C: Connection> embedded_io::ErrorType for &Stream<C> {
    type Error = Error;
}

impl<C: Connection> embedded_io::Read for &Stream<C> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        self.receive(buffer)
    }
}

impl<C: Connection> embedded_io::Write for &Stream<C> {
    fn write(&mut self, data: &[u8]) -> Result<usize, Error> {
        self.send(data)
    }

    // Every record goes out when it is written.
    fn flush(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

impl<C: Connection> embedded_io::ReadReady for &Stream<C> {
    fn read_ready(&mut self) -> Result<bool, Error> {
        self.wait_readable(Duration::ZERO)
    }
}

impl<C: Connection> embedded_io::Read for Stream<C> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        self.receive(buffer)
    }
}

impl<C: Connection> embedded_io::Write for Stream<C> {
    fn write(&mut self, data: &[u8]) -> Result<usize, Error> {
        self.send(data)
    }

    fn flush(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

impl<C: Connection> embedded_io::ReadReady for Stream<C> {
    fn read_ready(&mut self) -> Result<bool, Error> {
        (&*self).read_ready()
    }
}
