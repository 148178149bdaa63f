// SPDX-License-Identifier: Apache-2.0

//! Why there is no answer, or none that will do.

use core::fmt;

use crate::body::ChunkError;
use crate::connection::{MAX_INTERIM, MIN_BUFFER};
use crate::head::{FramingError, HeadError};
use crate::request::InvalidRequest;

/// Why there is no answer, or none that will do. `E` is the stream's error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error<E> {
    /// The stream broke, was cut off without its own orderly end, or the time was up.
    Stream(E),
    /// The request cannot be sent as it is.
    Request(InvalidRequest),
    /// The buffer is smaller than [`MIN_BUFFER`], or than the head of the request.
    SmallBuffer,
    /// The connection takes no further request: an answer was not read to its end, or the
    /// server or something that went wrong ended it.
    Unusable,
    /// The server ended the stream before it answered. One that had kept the connection
    /// open for a while may do so, and another connection will do.
    Closed,
    /// The server ended the stream within the head of its answer.
    CutHead,
    /// The head of the answer cannot be read.
    Head(HeadError),
    /// The head of the answer is longer than the buffer takes.
    LongHead {
        /// What the buffer takes, in bytes.
        limit: usize,
    },
    /// There were more interim answers (1xx) than [`MAX_INTERIM`].
    Interim,
    /// The server changes to another protocol (101), which nobody asked for.
    Upgrade,
    /// Where the body ends cannot be told.
    Framing(FramingError),
    /// The body is compressed or otherwise encoded (Content-Encoding), though nobody said
    /// that we can read it.
    Encoded,
    /// The body comes in chunks that are none.
    Chunk(ChunkError),
    /// The body is longer than is taken.
    TooLong {
        /// What is taken, in bytes.
        limit: usize,
    },
    /// The server ended the stream before the body was over.
    Short {
        /// The length that the answer gave, in bytes; `None` if it came in chunks.
        expected: Option<u64>,
        /// What was received of it.
        had: u64,
    },
    /// The server sent more than the answer to the request before. It could be taken for
    /// the answer to the next one.
    Unasked,
}

impl<E> From<InvalidRequest> for Error<E> {
    fn from(error: InvalidRequest) -> Self {
        Self::Request(error)
    }
}

impl<E> From<HeadError> for Error<E> {
    fn from(error: HeadError) -> Self {
        Self::Head(error)
    }
}

impl<E> From<ChunkError> for Error<E> {
    fn from(error: ChunkError) -> Self {
        Self::Chunk(error)
    }
}

impl<E> From<FramingError> for Error<E> {
    fn from(error: FramingError) -> Self {
        Self::Framing(error)
    }
}

impl<E: fmt::Display> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stream(error) => error.fmt(f),
            Self::Request(error) => error.fmt(f),
            Self::SmallBuffer => write!(
                f,
                "the buffer is smaller than the head of the request, or than {MIN_BUFFER} bytes"
            ),
            Self::Unusable => f.write_str(
                "the connection takes no further request: read each answer to its end, and \
                 connect anew where the server said that it closes",
            ),
            Self::Closed => f.write_str("the server closed the connection without an answer"),
            Self::CutHead => {
                f.write_str("the server closed the connection within the head of its answer")
            }
            Self::Head(error) => error.fmt(f),
            Self::LongHead { limit } => write!(
                f,
                "the head of the answer is longer than the {limit} bytes that are taken"
            ),
            Self::Interim => write!(
                f,
                "the server sent more than {MAX_INTERIM} interim answers (status 1xx)"
            ),
            Self::Upgrade => f.write_str(
                "the server changes to another protocol (status 101), which nobody asked for",
            ),
            Self::Framing(error) => error.fmt(f),
            Self::Encoded => f.write_str(
                "the body is compressed or otherwise encoded (Content-Encoding), though it was \
                 asked for as it is",
            ),
            Self::Chunk(error) => error.fmt(f),
            Self::TooLong { limit } => write!(
                f,
                "the body is longer than the {limit} bytes that are taken; raise the limit if it \
                 has to be"
            ),
            Self::Short {
                expected: Some(expected),
                had,
            } => write!(
                f,
                "the server closed the connection after {had} of {expected} bytes of the body"
            ),
            Self::Short {
                expected: None,
                had,
            } => write!(
                f,
                "the server closed the connection before the last chunk of the body, after {had} \
                 bytes"
            ),
            Self::Unasked => f.write_str(
                "the server sent more than its answer: what came after that could be taken for \
                 the next one",
            ),
        }
    }
}

impl<E: core::error::Error> core::error::Error for Error<E> {}
