// SPDX-License-Identifier: Apache-2.0

//! Between the protocol library, which is async, and a stream that blocks.
//!
//! The library's futures touch nothing but the stream. So they are polled where we are:
//! what they want to read and is not there is `Pending`, and we wait for the stream before
//! the next poll. No future is ever dropped half way but one that may be (`poll_header`
//! keeps what it has read) or one after which the connection is given up.

use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::{Ref, RefCell, RefMut};
use core::fmt;
use core::future::poll_fn;
use core::task::Poll;
use core::time::Duration;

use embedded_io::{Error as _, ErrorKind, Read, Write};
use zeroize::Zeroizing;

/// A monotonic clock: the time since some moment that stays.
pub type Uptime = fn() -> Duration;

/// A stream to the broker: bytes in order, encrypted as a rule.
pub trait Transport: Read + Write {
    /// Waits until there is something to read (an end and an error are too), for `limit` at
    /// most, and says whether there is.
    ///
    /// # Errors
    ///
    /// The stream is broken.
    fn wait_readable(&mut self, limit: Duration) -> Result<bool, Self::Error>;
}

/// How many bytes are read from the stream at once.
const READ: usize = 256;

/// Where in a packet the library reads.
///
/// It is held to the end of each: rust-mqtt 0.6.0 takes the length of a user property that
/// it has no use for without looking whether it is within the packet.
#[derive(Clone, Copy)]
enum At {
    /// At its header, of which so many bytes were read, with the length so far.
    Header { read: u32, length: usize },
    /// Past it, with so many bytes to go.
    Body(usize),
}

impl At {
    const START: Self = Self::Header { read: 0, length: 0 };

    /// After one more byte of a header (MQTT 5, section 2.1).
    const fn after(read: u32, length: usize, byte: u8) -> Self {
        if read == 0 {
            return Self::Header { read: 1, length: 0 };
        }
        let digit = (byte & 0x7f) as usize;
        // The library takes no more than four.
        let shift = if read < 5 { (read - 1) * 7 } else { 28 };
        let length = length | (digit << shift);
        match byte & 0x80 == 0 {
            true => Self::Body(length),
            false => Self::Header {
                read: read + 1,
                length,
            },
        }
    }
}

/// What a packet did that none may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offence {
    /// It has fields that do not end where it ends.
    Bounds,
    /// It is longer than was allowed.
    Length,
}

/// The stream and what we know of it.
pub(crate) struct Inner<S: Transport> {
    stream: Option<S>,
    uptime: Uptime,
    input: [u8; READ],
    /// What of `input` is still to be taken.
    unread: core::ops::Range<usize>,
    /// There is more to read: it was waited for.
    ready: bool,
    at: At,
    /// The longest packet, without its header, while the library holds none to a limit.
    pub(crate) longest: Option<usize>,
    /// What a packet did that none may.
    pub(crate) offence: Option<Offence>,
    /// What goes out at the next flush, in one piece: one record, one segment. CONNECT has
    /// the password in it.
    output: Zeroizing<Vec<u8>>,
    /// What broke the stream.
    pub(crate) broken: Option<S::Error>,
    /// The stream came to its end.
    pub(crate) ended: bool,
    pub(crate) last_sent: Duration,
    pub(crate) last_received: Duration,
}

impl<S: Transport> Inner<S> {
    /// Waits until there is something to read, for `limit` at most.
    pub(crate) fn wait(&mut self, limit: Duration) {
        if !self.unread.is_empty() || self.broken.is_some() {
            return;
        }
        let Some(stream) = &mut self.stream else {
            return;
        };
        match stream.wait_readable(limit) {
            Ok(ready) => self.ready = ready,
            Err(error) => self.broken = Some(error),
        }
    }

    /// Expects the header of a packet next, if it is not in the middle of one.
    pub(crate) fn expect_packet(&mut self) {
        match self.at {
            At::Header { .. } => {}
            At::Body(0) => self.at = At::START,
            At::Body(_) => self.offence = Some(Offence::Bounds),
        }
    }

    /// Forgets what was read and not taken.
    pub(crate) fn forget_input(&mut self) {
        self.unread = 0..0;
    }

    /// Sends what is kept over a stream that was taken out: if that fails, it is closed
    /// all the same.
    pub(crate) fn last_words(&mut self, stream: &mut S) {
        let _ = stream
            .write_all(&core::mem::take(&mut self.output))
            .and_then(|()| stream.flush());
    }

    /// Reads, and within the packet alone.
    fn read(&mut self, buffer: &mut [u8]) -> Poll<Result<usize, Gone>> {
        let wanted = match self.at {
            At::Header { .. } => buffer.len().min(1),
            At::Body(left) => {
                if left == 0 && !buffer.is_empty() {
                    self.offence = Some(Offence::Bounds);
                }
                buffer.len().min(left)
            }
        };
        if self.offence.is_some() {
            return Poll::Ready(Err(Gone));
        }
        let buffer = &mut buffer[..wanted];
        let read = self.read_on(buffer);
        let Poll::Ready(Ok(length)) = read else {
            return read;
        };
        match (&mut self.at, buffer.first()) {
            (At::Header { read, length: sum }, Some(byte)) if length > 0 => {
                self.at = At::after(*read, *sum, *byte);
                if let (At::Body(body), Some(longest)) = (self.at, self.longest)
                    && body > longest
                {
                    self.offence = Some(Offence::Length);
                    return Poll::Ready(Err(Gone));
                }
            }
            (At::Body(left), _) => *left -= length,
            _ => {}
        }
        read
    }

    fn read_on(&mut self, buffer: &mut [u8]) -> Poll<Result<usize, Gone>> {
        if self.unread.is_empty() && !buffer.is_empty() {
            let Some(stream) = self.stream.as_mut().filter(|_| self.broken.is_none()) else {
                return Poll::Ready(Err(Gone));
            };
            // That there is something is not asked twice: a socket of Zephyr's that broke says
            // so once, and then that there is nothing.
            let ready = match core::mem::take(&mut self.ready) {
                true => Ok(true),
                false => stream.wait_readable(Duration::ZERO),
            };
            let read = match ready {
                Ok(false) => return Poll::Pending,
                Ok(true) => stream.read(&mut self.input),
                Err(error) => Err(error),
            };
            match read {
                Ok(length) => {
                    self.ended = length == 0;
                    self.unread = 0..length.min(READ);
                    self.last_received = (self.uptime)();
                }
                // Part of a record is there, and the rest is yet to come.
                Err(error) if error.kind() == ErrorKind::TimedOut => return Poll::Pending,
                Err(error) => {
                    self.broken = Some(error);
                    return Poll::Ready(Err(Gone));
                }
            }
        }
        let length = self.unread.len().min(buffer.len());
        let start = self.unread.start;
        buffer[..length].copy_from_slice(&self.input[start..start + length]);
        self.unread.start += length;
        Poll::Ready(Ok(length))
    }

    /// Keeps `data` for the next flush. What grows moves, and what it leaves is wiped.
    fn write(&mut self, data: &[u8]) {
        let wanted = self.output.len() + data.len();
        if wanted > self.output.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(wanted.next_power_of_two()));
            larger.extend_from_slice(&self.output);
            self.output = larger;
        }
        self.output.extend_from_slice(data);
    }

    /// Sends what is kept. Where that fails, the next read says so.
    pub(crate) fn flush(&mut self) {
        let Some(stream) = self.stream.as_mut().filter(|_| self.broken.is_none()) else {
            return;
        };
        if self.output.is_empty() {
            return;
        }
        // Dropped, and so wiped, whatever becomes of it.
        let output = core::mem::take(&mut self.output);
        match stream.write_all(&output).and_then(|()| stream.flush()) {
            Ok(()) => self.last_sent = (self.uptime)(),
            Err(error) => self.broken = Some(error),
        }
    }

    /// The reason in a DISCONNECT that is yet to be sent.
    pub(crate) fn farewell(&self) -> Option<u8> {
        match self.output.as_slice() {
            [0xe0, length, reason, ..] if *length > 0 => Some(*reason),
            _ => None,
        }
    }
}

/// What the library has of the stream; we have the same.
pub(crate) struct Link<S: Transport>(Rc<RefCell<Inner<S>>>);

impl<S: Transport> Clone for Link<S> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<S: Transport> Link<S> {
    pub(crate) fn new(stream: S, uptime: Uptime) -> Self {
        let now = uptime();
        Self(Rc::new(RefCell::new(Inner {
            stream: Some(stream),
            uptime,
            input: [0; READ],
            unread: 0..0,
            ready: false,
            at: At::START,
            longest: None,
            offence: None,
            output: Zeroizing::new(Vec::new()),
            broken: None,
            ended: false,
            last_sent: now,
            last_received: now,
        })))
    }

    pub(crate) fn inner(&self) -> Ref<'_, Inner<S>> {
        self.0.borrow()
    }

    pub(crate) fn inner_mut(&self) -> RefMut<'_, Inner<S>> {
        self.0.borrow_mut()
    }

    /// Takes the stream out: whoever reads or writes from now on is told that it is gone.
    pub(crate) fn take(&self) -> Option<S> {
        self.inner_mut().stream.take()
    }
}

/// There is no stream any more; why is in [`Inner`].
#[derive(Debug)]
pub(crate) struct Gone;

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the stream is gone")
    }
}

impl core::error::Error for Gone {}

impl embedded_io::Error for Gone {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

impl<S: Transport> embedded_io::ErrorType for Link<S> {
    type Error = Gone;
}

impl<S: Transport> embedded_io_async::Read for Link<S> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Gone> {
        poll_fn(|_| self.inner_mut().read(buffer)).await
    }
}

impl<S: Transport> embedded_io_async::Write for Link<S> {
    async fn write(&mut self, data: &[u8]) -> Result<usize, Gone> {
        self.inner_mut().write(data);
        Ok(data.len())
    }

    /// The client does it after each call: a message whose sending fails has a name by
    /// then, and can be sent again under it.
    async fn flush(&mut self) -> Result<(), Gone> {
        Ok(())
    }
}
