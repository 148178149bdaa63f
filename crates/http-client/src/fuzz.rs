// SPDX-License-Identifier: Apache-2.0

//! Answers that may be anything: what `fuzz/` drives.

#![allow(
    clippy::panic,
    clippy::expect_used,
    missing_docs,
    reason = "to panic is how a target speaks"
)]

use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;

use embedded_io::{ErrorKind, ErrorType, Read, Write};

use crate::{Connection, Error, MIN_BUFFER, Method, Redirects, Request, Url};

/// Good answers, to begin with.
pub const SEEDS: &[&[u8]] = &[
    b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbodyHTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\nbody\r\nb\r\n0123456789a\r\n\
      0\r\nX: y\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end",
    b"HTTP/1.0 404 Not Found\r\nContent-Type: text/plain\r\n\r\nnone",
    b"HTTP/1.1 301 Moved\r\nLocation: https://a.test:443/y?z#a\r\nContent-Length: 0\r\n\r\n",
];

/// Gives `data` in pieces of at most `piece` bytes, and keeps nothing of what is sent.
struct Server<'a> {
    data: &'a [u8],
    piece: usize,
}

/// What such a stream fails with: nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Never {}

impl fmt::Display for Never {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl core::error::Error for Never {}

impl embedded_io::Error for Never {
    fn kind(&self) -> ErrorKind {
        match *self {}
    }
}

impl ErrorType for Server<'_> {
    type Error = Never;
}

impl Read for Server<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Never> {
        let length = self.data.len().min(self.piece).min(buffer.len());
        let (now, later) = self.data.split_at(length);
        buffer[..length].copy_from_slice(now);
        self.data = later;
        Ok(length)
    }
}

impl Write for Server<'_> {
    fn write(&mut self, data: &[u8]) -> Result<usize, Never> {
        Ok(data.len())
    }

    fn flush(&mut self) -> Result<(), Never> {
        Ok(())
    }
}

/// The answers to requests on one connection, as far as they go, and what ended them.
fn answers(data: &[u8], method: Method, piece: usize) -> (Vec<(u16, Vec<u8>)>, Error<Never>) {
    let mut buffer = [0; MIN_BUFFER];
    let mut connection = Connection::new(Server { data, piece }, "a.test", &mut buffer);
    let mut answers = Vec::new();
    loop {
        let mut room = [0; 1024];
        let answer = connection
            .send(&Request::new(method, "/"))
            .and_then(|mut response| {
                let status = response.status();
                Ok((status, response.read_all(&mut room)?.to_vec()))
            });
        match answer {
            Ok(answer) => answers.push(answer),
            Err(error) => {
                assert!(!connection.is_usable(), "after {error}");
                return (answers, error);
            }
        }
    }
}

/// Puts `data` to the client as a server's answers.
///
/// # Panics
///
/// If a property does not hold.
pub fn answer(data: &[u8]) {
    for method in [Method::Get, Method::Head] {
        // A byte at a time nothing comes before it is asked for, but for the next answer.
        let (whole, at_once) = answers(data, method, usize::MAX);
        let (bytes, in_bytes) = answers(data, method, 1);
        let _ = (at_once.to_string(), in_bytes.to_string());
        // However it comes, the first answer is the same one, or none.
        assert_eq!(whole.first(), bytes.first(), "{at_once:?} {in_bytes:?}");
        if whole.is_empty() && bytes.is_empty() {
            assert_eq!(at_once, in_bytes);
        }
        for (status, body) in whole.iter().chain(&bytes) {
            assert!((200..1000).contains(status) || *status < 100, "{status}");
            assert!(body.len() <= 1024);
            assert!(method != Method::Head || body.is_empty());
            assert!(!matches!(status, 204 | 304) || body.is_empty());
        }
    }
    // Where an answer may lead.
    let from = Url::new("https://a.test/x").expect("it is one");
    for line in data.split(|byte| *byte == b'\n').take(16) {
        let _ = Redirects::same_host(1)
            .next(&from, Some(line))
            .map(|elsewhere| {
                if let crate::Elsewhere::Url(url) = elsewhere {
                    assert!(url.is_same_origin(&from), "{url}");
                    assert_eq!(Url::new(&url.to_string()).map(|url| url.port()), Ok(443));
                }
            });
    }
}
