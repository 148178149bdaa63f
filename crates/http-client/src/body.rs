// SPDX-License-Identifier: Apache-2.0

//! The body of an answer, to where it ends.

use core::fmt;

use embedded_io::Read;

use crate::error::Error;
use crate::head::Framing;
use crate::input::Input;

/// The longest line with the size of a chunk, extensions included, in bytes.
pub const MAX_CHUNK_LINE: usize = 128;
/// The longest trailers (fields behind the last chunk), in bytes. They are passed over.
pub const MAX_TRAILERS: usize = 1024;

/// What is wrong with a body in chunks (RFC 9112, section 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChunkError {
    /// The size of a chunk is no hexadecimal number, or there is something odd behind it.
    Size,
    /// The line with the size is longer than [`MAX_CHUNK_LINE`].
    LongLine,
    /// A chunk is longer or shorter than it says: no end of a line comes after it.
    End,
    /// The fields behind the last chunk are longer than [`MAX_TRAILERS`], or no lines.
    Trailers,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// So many bytes of the body, and nothing after them.
    Length(u64),
    /// The size of a chunk.
    Size,
    /// So many bytes of a chunk.
    Chunk(u64),
    /// The end of the line behind a chunk.
    ChunkEnd,
    /// Fields behind the last chunk, of which so many bytes were there.
    Trailers(usize),
    /// The body, until the stream ends.
    Rest,
    /// Nothing.
    Over,
}

/// A body as it comes in.
pub(crate) struct Body {
    next: Next,
    /// How many bytes of it there were.
    had: u64,
    /// How many it has in all, if that was said.
    length: Option<u64>,
}

impl Body {
    /// One that ends as `framing` says; `None` is one that has nothing in it.
    pub(crate) fn new(framing: Option<Framing>) -> Self {
        let (next, length) = match framing {
            None | Some(Framing::Length(0)) => (Next::Over, Some(0)),
            Some(Framing::Length(length)) => (Next::Length(length), Some(length)),
            Some(Framing::Chunked) => (Next::Size, None),
            Some(Framing::UntilClose) => (Next::Rest, None),
        };
        Self {
            next,
            had: 0,
            length,
        }
    }

    /// How long it is, if that was said.
    pub(crate) const fn length(&self) -> Option<u64> {
        self.length
    }

    pub(crate) const fn is_over(&self) -> bool {
        matches!(self.next, Next::Over)
    }

    /// Whether there is nothing left of the connection behind it.
    pub(crate) const fn ends_connection(&self) -> bool {
        matches!(self.next, Next::Rest)
    }

    /// Puts what comes next of it into `out`; 0 is its end, or no room in `out`.
    pub(crate) fn read<S: Read>(
        &mut self,
        input: &mut Input<'_>,
        stream: &mut S,
        out: &mut [u8],
    ) -> Result<usize, Error<S::Error>> {
        loop {
            match self.next {
                Next::Over => return Ok(0),
                Next::Size => {
                    let size = self.size(input, stream)?;
                    self.next = if size == 0 {
                        Next::Trailers(0)
                    } else {
                        Next::Chunk(size)
                    };
                }
                Next::ChunkEnd => {
                    self.line_end(input, stream)?;
                    self.next = Next::Size;
                }
                Next::Trailers(had) => self.trailer(input, stream, had)?,
                Next::Length(_) | Next::Chunk(_) | Next::Rest if out.is_empty() => return Ok(0),
                Next::Length(left) => {
                    let (length, left) = self.data(input, stream, out, left)?;
                    self.next = if left == 0 {
                        Next::Over
                    } else {
                        Next::Length(left)
                    };
                    return Ok(length);
                }
                Next::Chunk(left) => {
                    let (length, left) = self.data(input, stream, out, left)?;
                    self.next = if left == 0 {
                        Next::ChunkEnd
                    } else {
                        Next::Chunk(left)
                    };
                    return Ok(length);
                }
                Next::Rest => {
                    let length = input.read(stream, out).map_err(Error::Stream)?;
                    if length == 0 {
                        self.next = Next::Over;
                    }
                    self.count(length);
                    return Ok(length);
                }
            }
        }
    }

    fn count(&mut self, length: usize) {
        self.had = self.had.saturating_add(length as u64);
    }

    const fn short<E>(&self) -> Error<E> {
        Error::Short {
            expected: self.length,
            had: self.had,
        }
    }

    /// Up to `left` bytes, of which there has to be one at least; how many there were, and
    /// how many are left.
    fn data<S: Read>(
        &mut self,
        input: &mut Input<'_>,
        stream: &mut S,
        out: &mut [u8],
        left: u64,
    ) -> Result<(usize, u64), Error<S::Error>> {
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(out.len());
        let out = out.get_mut(..most).unwrap_or_default();
        let length = input.read(stream, out).map_err(Error::Stream)?;
        if length == 0 {
            return Err(self.short());
        }
        self.count(length);
        Ok((length, left.saturating_sub(length as u64)))
    }

    /// The size of the next chunk.
    fn size<S: Read>(&self, input: &mut Input<'_>, stream: &mut S) -> Result<u64, Error<S::Error>> {
        loop {
            let received = input.received();
            if let Some(first) = received.first()
                && !first.is_ascii_hexdigit()
            {
                // `httparse` takes an empty line for a size of 0.
                return Err(ChunkError::Size.into());
            }
            match httparse::parse_chunk_size(received) {
                Ok(httparse::Status::Complete((length, _))) if length > MAX_CHUNK_LINE => {
                    return Err(ChunkError::LongLine.into());
                }
                Ok(httparse::Status::Complete((length, size))) => {
                    let line = received.get(..length.saturating_sub(2)).unwrap_or_default();
                    // In an extension it takes the end of a line, too, that others may
                    // go by.
                    if line
                        .iter()
                        .any(|byte| byte.is_ascii_control() && *byte != b'\t')
                    {
                        return Err(ChunkError::Size.into());
                    }
                    input.consume(length);
                    return Ok(size);
                }
                Err(_) => return Err(ChunkError::Size.into()),
                Ok(httparse::Status::Partial) => {}
            }
            if input.received().len() > MAX_CHUNK_LINE || input.is_full() {
                return Err(ChunkError::LongLine.into());
            }
            if !input.fill(stream).map_err(Error::Stream)? {
                return Err(self.short());
            }
        }
    }

    /// CR LF and nothing else.
    fn line_end<S: Read>(
        &self,
        input: &mut Input<'_>,
        stream: &mut S,
    ) -> Result<(), Error<S::Error>> {
        loop {
            match input.received() {
                [b'\r', b'\n', ..] => {
                    input.consume(2);
                    return Ok(());
                }
                [] | [b'\r'] => {}
                _ => return Err(ChunkError::End.into()),
            }
            if !input.fill(stream).map_err(Error::Stream)? {
                return Err(self.short());
            }
        }
    }

    /// One line of the trailers; an empty one is the last.
    fn trailer<S: Read>(
        &mut self,
        input: &mut Input<'_>,
        stream: &mut S,
        had: usize,
    ) -> Result<(), Error<S::Error>> {
        loop {
            let received = input.received();
            if let Some(end) = received.iter().position(|byte| *byte == b'\n') {
                let line = received.get(..end).unwrap_or_default();
                let Some(line) = line.strip_suffix(b"\r") else {
                    return Err(ChunkError::Trailers.into());
                };
                self.next = match line.is_empty() {
                    true => Next::Over,
                    false => Next::Trailers(had.saturating_add(end + 1)),
                };
                if had.saturating_add(end + 1) > MAX_TRAILERS {
                    return Err(ChunkError::Trailers.into());
                }
                input.consume(end + 1);
                return Ok(());
            }
            if received.len() > MAX_TRAILERS || input.is_full() {
                return Err(ChunkError::Trailers.into());
            }
            if !input.fill(stream).map_err(Error::Stream)? {
                return Err(self.short());
            }
        }
    }
}

impl fmt::Display for ChunkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size => f.write_str("the size of a chunk is no hexadecimal number"),
            Self::LongLine => write!(
                f,
                "the line with the size of a chunk is longer than {MAX_CHUNK_LINE} bytes"
            ),
            Self::End => f.write_str("a chunk does not end where its size says"),
            Self::Trailers => write!(
                f,
                "the fields behind the last chunk are longer than {MAX_TRAILERS} bytes, or no \
                 lines"
            ),
        }
    }
}

impl core::error::Error for ChunkError {}
