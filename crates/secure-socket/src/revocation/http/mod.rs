// SPDX-License-Identifier: Apache-2.0

//! One HTTP request and its answer, for documents that are signed themselves.
//!
//! HTTP/1.0 (RFC 1945), so that no server may answer in chunks; the answer's head is
//! read by `http-client`. Nothing that a server sends makes this wait longer, or keep
//! more, than its [`Limits`] say.

#[cfg(any(test, feature = "fuzzing"))]
pub(super) mod fuzz;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

pub use http_client::MAX_FIELDS;
use http_client::{Framing, FramingError, HeadError};

use super::HttpUrl;
use crate::backend::{OsError, OsErrorKind};
use crate::verify::Means;

/// The longest head of an answer, in bytes.
pub const MAX_HEAD: usize = 4096;

/// What is asked for.
#[derive(Clone, Copy)]
pub(crate) enum Method<'a> {
    /// What is there.
    Get,
    /// The answer to this.
    Post {
        content_type: &'static str,
        body: &'a [u8],
    },
}

/// How long a document may be, and how long it may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest document that is taken, in bytes; what is held in memory is at most
    /// this and [`MAX_HEAD`].
    pub bytes: usize,
    /// From the attempt to connect to the last byte of the answer. Looking up the
    /// host's address takes as long as the platform's resolver does.
    pub timeout: Duration,
}

/// Why a document could not be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FetchError {
    /// The host has no address.
    Resolve(OsError),
    /// There is no connection, it broke, or the time was up.
    Exchange(OsError),
    /// The server closed the connection before the head of its answer was over.
    Closed,
    /// What the server answered is no HTTP.
    NotHttp,
    /// The head of the answer is longer than [`MAX_HEAD`] bytes or has more than
    /// [`MAX_FIELDS`] fields.
    HeadTooLong,
    /// The document is elsewhere. Nobody is followed: where a device connects to is for
    /// its configuration to say, and for the certificate that a CA signed.
    Redirect {
        /// The status.
        status: u16,
        /// Where it is, if that can be fetched from.
        to: Option<Box<HttpUrl>>,
    },
    /// The server has no document for us: any status but 200.
    Status(u16),
    /// The body is encoded (Transfer-Encoding or Content-Encoding), though nobody said
    /// that we can read it.
    Encoded,
    /// The answer gives its length as no number, or as two.
    ContentLength,
    /// The body is longer than is taken.
    TooLarge {
        /// What is taken, in bytes.
        limit: usize,
    },
    /// The server closed the connection before the body was over.
    Short {
        /// The length that the answer gave, in bytes.
        expected: usize,
        /// What was received.
        had: usize,
    },
}

/// Asks for what `url` says and returns the body of the answer.
///
/// The host's addresses are tried in turn until one takes the connection; whatever
/// happens after that is final. [`Limits::timeout`] is for one address, and those that
/// do not take a connection say so at once as a rule.
pub(crate) fn request(
    means: &dyn Means,
    url: &HttpUrl,
    method: Method<'_>,
    limits: Limits,
) -> Result<Vec<u8>, FetchError> {
    let message = write(url, method);
    let addresses = means
        .resolve(&url.host(), url.port())
        .map_err(FetchError::Resolve)?;
    let mut failed = FetchError::Resolve(OsError {
        kind: OsErrorKind::NotFound,
        number: 0,
    });
    for address in addresses {
        log::debug!("asking {url} at {address}");
        let mut answer = Answer::new(limits.bytes);
        // A byte more than the longest answer that is taken, so that a longer one
        // is told from one that ends there.
        let most = MAX_HEAD.saturating_add(limits.bytes);
        let received = means.exchange(address, &message, most, limits.timeout, &mut |so_far| {
            answer.is_complete(so_far)
        });
        match received {
            Ok(received) => return answer.body(received),
            Err(error) => {
                failed = FetchError::Exchange(error);
                if !matches!(error.kind, OsErrorKind::Refused | OsErrorKind::Unreachable) {
                    break;
                }
            }
        }
    }
    Err(failed)
}

/// The request. Nothing in it comes from elsewhere than a [`HttpUrl`], which has no byte
/// that ends a line, the program, and the body behind its length.
fn write(url: &HttpUrl, method: Method<'_>) -> Vec<u8> {
    let (name, target, host) = (method.name(), url.target(), url.authority());
    let mut head =
        alloc::format!("{name} {target} HTTP/1.0\r\nHost: {host}\r\nConnection: close\r\n");
    let body = match method {
        Method::Get => &[][..],
        Method::Post { content_type, body } => {
            let length = body.len();
            head.push_str(&alloc::format!(
                "Content-Type: {content_type}\r\nContent-Length: {length}\r\n"
            ));
            body
        }
    };
    head.push_str("\r\n");
    let mut message = head.into_bytes();
    message.extend_from_slice(body);
    message
}

impl Method<'_> {
    const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post { .. } => "POST",
        }
    }
}

/// What the head of an answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Head {
    /// Where the body begins.
    length: usize,
    /// How long the body is, if it says so.
    body: Option<usize>,
}

/// An answer as it comes in.
struct Answer {
    /// The longest body that is taken.
    limit: usize,
    /// What is known of the head: nothing yet, what it says, or that it will not do.
    head: Option<Result<Head, FetchError>>,
}

impl Answer {
    const fn new(limit: usize) -> Self {
        Self { limit, head: None }
    }

    /// Whether nothing more needs to be received.
    fn is_complete(&mut self, so_far: &[u8]) -> bool {
        if self.head.is_none() {
            self.head = self.read_head(so_far);
        }
        match &self.head {
            None => false,
            Some(Err(_)) => true,
            Some(Ok(Head { body: None, length })) => {
                so_far.len().saturating_sub(*length) > self.limit
            }
            Some(Ok(Head {
                body: Some(body),
                length,
            })) => so_far.len().saturating_sub(*length) >= *body,
        }
    }

    /// `None` if the head is not over yet.
    fn read_head(&self, so_far: &[u8]) -> Option<Result<Head, FetchError>> {
        match read_head(so_far) {
            Ok(None) if so_far.len() > MAX_HEAD => Some(Err(FetchError::HeadTooLong)),
            Ok(None) => None,
            Ok(Some(head)) if head.length > MAX_HEAD => Some(Err(FetchError::HeadTooLong)),
            Ok(Some(Head {
                body: Some(body), ..
            })) if body > self.limit => Some(Err(FetchError::TooLarge { limit: self.limit })),
            Ok(Some(head)) => Some(Ok(head)),
            Err(error) => Some(Err(error)),
        }
    }

    /// The body of what was received in the end.
    fn body(mut self, mut received: Vec<u8>) -> Result<Vec<u8>, FetchError> {
        // The last of it may not have been looked at.
        self.is_complete(&received);
        let head = self.head.unwrap_or(Err(FetchError::Closed))?;
        let had = received.len().saturating_sub(head.length);
        let length = match head.body {
            Some(expected) if had < expected => {
                return Err(FetchError::Short { expected, had });
            }
            // What comes after the body is no part of it (RFC 9112, section 6.3).
            Some(expected) => expected,
            None if had > self.limit => {
                return Err(FetchError::TooLarge { limit: self.limit });
            }
            None => had,
        };
        received.drain(..head.length.min(received.len()));
        received.truncate(length);
        Ok(received)
    }
}

/// `None` if the head is not over yet.
fn read_head(so_far: &[u8]) -> Result<Option<Head>, FetchError> {
    let head = match http_client::Head::read(so_far) {
        Ok(None) => return Ok(None),
        Ok(Some(head)) => head,
        Err(HeadError::TooManyFields) => return Err(FetchError::HeadTooLong),
        Err(_) => return Err(FetchError::NotHttp),
    };
    match head.status {
        200 => {}
        // RFC 9110, section 15.4; 304 is no redirect.
        status @ (300..=303 | 305..=399) => {
            return Err(FetchError::Redirect {
                status,
                to: http_client::field(so_far, "Location")
                    .and_then(|to| core::str::from_utf8(to).ok())
                    .and_then(|to| HttpUrl::new(to).ok())
                    .map(Box::new),
            });
        }
        status => return Err(FetchError::Status(status)),
    }
    let body = match head.framing {
        _ if head.is_encoded => return Err(FetchError::Encoded),
        Ok(Framing::Length(length)) => Some(usize::try_from(length).unwrap_or(usize::MAX)),
        Ok(Framing::UntilClose) => None,
        Err(FramingError::Length | FramingError::TwoLengths) => {
            return Err(FetchError::ContentLength);
        }
        Ok(Framing::Chunked) | Err(_) => return Err(FetchError::Encoded),
    };
    let length = head.length;
    Ok(Some(Head { length, body }))
}

impl FetchError {
    /// Whether there was no answer, as against one that will not do. A body that was
    /// cut short is none.
    pub(crate) const fn is_absence(&self) -> bool {
        match self {
            Self::Resolve(_) | Self::Exchange(_) | Self::Closed | Self::Short { .. } => true,
            // Request Timeout, Too Many Requests, and what is the server's own fault.
            Self::Status(status) => matches!(status, 408 | 429 | 500..=599),
            _ => false,
        }
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resolve(error) => write!(f, "its host has no address: {error}"),
            Self::Exchange(error) => error.fmt(f),
            Self::Closed => f.write_str("the server closed the connection without an answer"),
            Self::NotHttp => f.write_str("what the server answered is no HTTP"),
            Self::HeadTooLong => write!(
                f,
                "the head of the answer is longer than {MAX_HEAD} bytes or {MAX_FIELDS} fields"
            ),
            Self::Redirect { status, to } => {
                write!(f, "the server redirects elsewhere (status {status})")?;
                match to {
                    Some(to) => write!(f, ": if that is right, configure {to}"),
                    None => f.write_str(", and redirects are not followed"),
                }
            }
            Self::Status(status) => {
                let what = match status {
                    404 | 410 => ": there is nothing by this URL",
                    500..=599 => ": it has a fault, or no time",
                    _ => "",
                };
                write!(f, "the server answered with status {status}{what}")
            }
            Self::Encoded => f.write_str(
                "the answer is encoded, in chunks or compressed, though HTTP/1.0 was asked for",
            ),
            Self::ContentLength => {
                f.write_str("the answer gives its length as no number, or as two")
            }
            Self::TooLarge { limit } => write!(
                f,
                "the answer is longer than the {limit} bytes that are taken; raise the limit if \
                 it has to be"
            ),
            Self::Short { expected, had } => write!(
                f,
                "the server closed the connection after {had} of {expected} bytes"
            ),
        }
    }
}

impl core::error::Error for FetchError {}

#[cfg(test)]
mod tests;
