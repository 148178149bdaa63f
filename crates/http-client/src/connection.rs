// SPDX-License-Identifier: Apache-2.0

//! A connection: one request after the other, each answer read before the next.

use embedded_io::{Read, Write};

use crate::body::Body;
use crate::error::Error;
use crate::head::Head;
use crate::input::Input;
use crate::request::{Method, Request};
use crate::response::Response;

/// The smallest buffer, in bytes. What is received of a body's chunks needs 256 of it, the
/// head of an answer may have the rest.
pub const MIN_BUFFER: usize = 512;
/// What the head of an answer leaves of the buffer.
const FOR_CHUNKS: usize = 256;
/// The most interim answers (1xx) before an answer.
pub const MAX_INTERIM: usize = 8;

/// One connection to a server. All its memory is the caller's `buffer`, which is a limit
/// as well: a head that does not fit in is refused.
pub struct Connection<'b, S> {
    stream: S,
    host: &'b str,
    input: Input<'b>,
    is_usable: bool,
    has_begun: bool,
}

impl<'b, S: Read + Write> Connection<'b, S> {
    /// One over `stream` to `host`, as an [`Authority`](crate::Authority) shows it.
    pub const fn new(stream: S, host: &'b str, buffer: &'b mut [u8]) -> Self {
        Self {
            stream,
            host,
            input: Input::new(buffer),
            is_usable: true,
            has_begun: false,
        }
    }

    /// Sends `request`, and reads the head of the answer. Whatever its status is, it is an
    /// answer.
    ///
    /// # Errors
    ///
    /// [`Error`]; after it the connection takes no further request, but for
    /// [`Error::Request`] and [`Error::SmallBuffer`].
    pub fn send(&mut self, request: &Request<'_>) -> Result<Response<'_, 'b, S>, Error<S::Error>> {
        if !self.is_usable {
            return Err(Error::Unusable);
        }
        request.check()?;
        Request::check_host(self.host)?;
        self.input.release();
        if !self.input.received().is_empty() {
            self.is_usable = false;
            return Err(Error::Unasked);
        }
        self.has_begun = false;
        self.write(request)?;
        let head = self.read_head()?;
        let framing = match (request.method(), head.status) {
            // RFC 9112, section 6.3; 1xx are passed over.
            (Method::Head, _) | (_, 204 | 304) => None,
            _ => Some(head.framing?),
        };
        if head.is_encoded && framing.is_some() {
            return Err(Error::Encoded);
        }
        let body = Body::new(framing);
        let goes_on = head.keeps_alive && !request.closes() && !body.ends_connection();
        self.is_usable = goes_on && body.is_over();
        Ok(Response::new(self, head.status, body, goes_on))
    }

    /// Whether it takes another request.
    #[must_use]
    pub const fn is_usable(&self) -> bool {
        self.is_usable
    }

    /// Whether anything came in answer to the last request, be it one byte or an interim
    /// answer. Where nothing did, a connection that was kept may have been closed before the
    /// server heard of the request (RFC 9112, section 9.5).
    #[must_use]
    pub const fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// The stream: to look at it, or to close it.
    pub const fn stream(&self) -> &S {
        &self.stream
    }

    /// The stream, for something else.
    pub fn into_stream(self) -> S {
        self.stream
    }

    /// Short requests go out in one piece, which is one record of TLS.
    fn write(&mut self, request: &Request<'_>) -> Result<(), Error<S::Error>> {
        let body = request.body();
        let room = self.input.room().unwrap_or_default();
        if room.len() < MIN_BUFFER {
            return Err(Error::SmallBuffer);
        }
        let length = request
            .write_head(self.host, room)
            .ok_or(Error::SmallBuffer)?;
        self.is_usable = false;
        let (first, rest) = match room.get_mut(length..length.saturating_add(body.len())) {
            Some(behind) => {
                behind.copy_from_slice(body);
                (length + body.len(), &[][..])
            }
            None => (length, body),
        };
        let first = room.get(..first).unwrap_or_default();
        for piece in [first, rest] {
            write_all(&mut self.stream, piece)?;
        }
        self.stream.flush().map_err(Error::Stream)
    }

    /// Reads heads up to the first that is of no interim answer, and keeps that one.
    fn read_head(&mut self) -> Result<Head, Error<S::Error>> {
        for _ in 0..=MAX_INTERIM {
            let head = self.next_head()?;
            match head.status {
                101 => return Err(Error::Upgrade),
                100..200 => self.input.consume(head.length),
                _ => {
                    self.input.keep(head.length);
                    return Ok(head);
                }
            }
        }
        Err(Error::Interim)
    }

    fn next_head(&mut self) -> Result<Head, Error<S::Error>> {
        let limit = self.input.size().saturating_sub(FOR_CHUNKS);
        loop {
            let received = self.input.received();
            match Head::read(received)? {
                Some(head) if head.length > limit => return Err(Error::LongHead { limit }),
                Some(head) => return Ok(head),
                None if received.len() > limit => return Err(Error::LongHead { limit }),
                None => {}
            }
            if !self.input.fill(&mut self.stream).map_err(Error::Stream)? {
                return Err(match self.input.received().is_empty() {
                    true => Error::Closed,
                    false => Error::CutHead,
                });
            }
            self.has_begun = true;
        }
    }

    pub(crate) fn kept(&self) -> &[u8] {
        self.input.kept()
    }

    /// What comes next of `body`; at its end the connection is free again if it `goes_on`.
    pub(crate) fn read_body(
        &mut self,
        body: &mut Body,
        goes_on: bool,
        out: &mut [u8],
    ) -> Result<usize, Error<S::Error>> {
        let length = body.read(&mut self.input, &mut self.stream, out)?;
        self.is_usable = goes_on && body.is_over();
        Ok(length)
    }
}

fn write_all<S: Write>(stream: &mut S, mut data: &[u8]) -> Result<(), Error<S::Error>> {
    while !data.is_empty() {
        let length = stream.write(data).map_err(Error::Stream)?;
        if length == 0 {
            return Err(Error::Closed);
        }
        data = data.get(length..).unwrap_or_default();
    }
    Ok(())
}
