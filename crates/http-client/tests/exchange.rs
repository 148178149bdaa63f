// SPDX-License-Identifier: Apache-2.0

//! Requests and answers over a stream that is made of bytes, whole and in pieces.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fmt;

use embedded_io::{ErrorKind, ErrorType, Read, Write};
use http_client::{
    ChunkError, Connection, Error, FramingError, HeadError, InvalidRequest, MAX_CHUNK_LINE,
    MAX_TRAILERS, MIN_BUFFER, Request,
};

/// The stream was cut off, not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cut")
    }
}

impl std::error::Error for Cut {}

impl embedded_io::Error for Cut {
    fn kind(&self) -> ErrorKind {
        ErrorKind::ConnectionReset
    }
}

/// Gives `answers` in pieces of at most `piece` bytes, and then ends or is cut.
struct Script<'a> {
    answers: &'a [u8],
    piece: usize,
    is_cut: bool,
    sent: Vec<Vec<u8>>,
}

impl<'a> Script<'a> {
    fn new(answers: &'a [u8], piece: usize) -> Self {
        Self {
            answers,
            piece,
            is_cut: false,
            sent: Vec::new(),
        }
    }
}

impl ErrorType for Script<'_> {
    type Error = Cut;
}

impl Read for Script<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Cut> {
        let length = self.answers.len().min(self.piece).min(buffer.len());
        if length == 0 && self.is_cut {
            return Err(Cut);
        }
        let (now, later) = self.answers.split_at(length);
        buffer[..length].copy_from_slice(now);
        self.answers = later;
        Ok(length)
    }
}

impl Write for Script<'_> {
    fn write(&mut self, data: &[u8]) -> Result<usize, Cut> {
        self.sent.push(data.to_vec());
        Ok(data.len())
    }

    fn flush(&mut self) -> Result<(), Cut> {
        Ok(())
    }
}

/// Status and body of the answer to a GET, however it comes in.
fn get(answer: &str) -> Result<(u16, String), Error<Cut>> {
    let results: Vec<_> = [1, 2, 3, 7, 64, usize::MAX]
        .map(|piece| {
            let mut buffer = [0; 1024];
            let script = Script::new(answer.as_bytes(), piece);
            let mut connection = Connection::new(script, "a.test", &mut buffer);
            let mut room = [0; 64];
            let mut response = connection.send(&Request::get("/"))?;
            let status = response.status();
            let body = response.read_all(&mut room)?;
            Ok((status, String::from_utf8(body.to_vec()).unwrap()))
        })
        .into();
    assert!(
        results.windows(2).all(|two| two[0] == two[1]),
        "{results:?}"
    );
    results[0].clone()
}

fn body(answer: &str) -> String {
    get(answer).unwrap().1
}

fn refused(answer: &str) -> Error<Cut> {
    let error = get(answer).unwrap_err();
    // It says something, and not the name of a variant.
    assert!(error.to_string().len() > 20 || error == Error::Stream(Cut));
    error
}

#[test]
fn bodies() {
    assert_eq!(
        body("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"),
        "body"
    );
    assert_eq!(body("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), "");
    assert_eq!(body("HTTP/1.0 200 OK\r\n\r\nto the end"), "to the end");
    assert_eq!(
        body("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall"),
        "all"
    );
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (chunks, whole) in [
        ("0\r\n\r\n", ""),
        ("4\r\nbody\r\n0\r\n\r\n", "body"),
        ("1\r\nb\r\n003\r\nody\r\n000\r\n\r\n", "body"),
        ("A;x=y;z\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
        (
            "a \t; x=\"y\"\r\n0123456789\r\n0\r\nX: y\r\nZ: a\r\n\r\n",
            "0123456789",
        ),
        ("6\r\n0\r\n\r\nx\r\n0\r\n\r\n", "0\r\n\r\nx"),
    ] {
        assert_eq!(body(&format!("{chunked}{chunks}")), whole, "{chunks:?}");
    }
}

#[test]
fn what_has_no_body() {
    for status in ["204 No Content", "304 Not Modified"] {
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 5\r\n\r\n");
        assert_eq!(body(&answer), "");
    }
    let mut buffer = [0; 1024];
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: x\r\n\r\n";
    let mut connection = Connection::new(Script::new(answer, 9), "a.test", &mut buffer);
    let request = Request::new(http_client::Method::Head, "/");
    let mut response = connection.send(&request).unwrap();
    assert_eq!(response.field("etag"), Some(&b"x"[..]));
    assert_eq!(response.read(&mut [0; 8]), Ok(0));
    assert!(connection.is_usable());
}

#[test]
fn an_answer_of_failure_is_an_answer() {
    let answer = "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone";
    assert_eq!(get(answer), Ok((404, "none".into())));
    let answer = "HTTP/1.1 301 Moved\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(get(answer), Ok((301, String::new())));
}

#[test]
fn interim_answers_are_passed_over() {
    let last = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx";
    let interim = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
    assert_eq!(
        body(&format!("HTTP/1.1 100 Continue\r\n\r\n{interim}{last}")),
        "x"
    );
    assert_eq!(body(&format!("{}{last}", interim.repeat(8))), "x");
    assert_eq!(
        refused(&format!("{}{last}", interim.repeat(9))),
        Error::Interim
    );
    let upgrade = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n";
    assert_eq!(refused(upgrade), Error::Upgrade);
}

#[test]
fn where_the_end_cannot_be_told() {
    for (fields, error) in [
        ("Content-Length: x", FramingError::Length),
        (
            "Content-Length: 4\r\nContent-Length: 5",
            FramingError::TwoLengths,
        ),
        (
            "Content-Length: 4\r\nContent-Length: 4",
            FramingError::TwoLengths,
        ),
        (
            "Content-Length: 4\r\nTransfer-Encoding: chunked",
            FramingError::LengthAndChunks,
        ),
        ("Transfer-Encoding: gzip, chunked", FramingError::Transfer),
    ] {
        let answer = format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\nbody");
        assert_eq!(refused(&answer), Error::Framing(error), "{fields}");
    }
    let encoded = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx";
    assert_eq!(refused(encoded), Error::Encoded);
}

#[test]
fn chunks_that_are_none() {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let long = "1;".to_owned() + &"x".repeat(MAX_CHUNK_LINE) + "\r\n";
    let trailers = "0\r\n".to_owned() + &"X: y\r\n".repeat(MAX_TRAILERS / 6 + 1) + "\r\n";
    let trailer = "0\r\nX: ".to_owned() + &"y".repeat(MAX_TRAILERS) + "\r\n\r\n";
    for (chunks, error) in [
        ("x\r\n", ChunkError::Size),
        ("-1\r\n", ChunkError::Size),
        (" 1\r\nx\r\n0\r\n\r\n", ChunkError::Size),
        ("0x1\r\nx\r\n0\r\n\r\n", ChunkError::Size),
        ("1 1\r\nx\r\n0\r\n\r\n", ChunkError::Size),
        // Neither of these is a size of 0.
        ("\r\n\r\n", ChunkError::Size),
        (";x\r\n\r\n", ChunkError::Size),
        ("10000000000000000\r\n", ChunkError::Size),
        ("1\nx\r\n0\r\n\r\n", ChunkError::Size),
        // Others end the line at the first of both, and find "0".
        ("1;a\nx\r\n0\r\n\r\n", ChunkError::Size),
        ("1;a\0b\r\nx\r\n0\r\n\r\n", ChunkError::Size),
        ("1\r\nxy\r\n0\r\n\r\n", ChunkError::End),
        ("3\r\nxy\r\n0\r\n\r\n", ChunkError::End),
        ("1\r\nx\n0\r\n\r\n", ChunkError::End),
        ("0\r\nX: y\n\r\n", ChunkError::Trailers),
        (&long, ChunkError::LongLine),
        (&trailers, ChunkError::Trailers),
        (&trailer, ChunkError::Trailers),
    ] {
        assert_eq!(
            refused(&format!("{head}{chunks}")),
            Error::Chunk(error),
            "{chunks:?}"
        );
    }
}

#[test]
fn what_ends_too_early() {
    assert_eq!(refused(""), Error::Closed);
    assert_eq!(refused("HTTP/1.1 200 OK\r\n"), Error::CutHead);
    let (expected, had) = (Some(5), 4);
    assert_eq!(
        refused("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nbody"),
        Error::Short { expected, had },
    );
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let expected = None;
    for (chunks, had) in [
        ("", 0),
        ("4", 0),
        ("4\r", 0),
        ("4\r\nbo", 2),
        ("4\r\nbody", 4),
        ("4\r\nbody\r", 4),
        // No end of the stream is the last chunk.
        ("4\r\nbody\r\n", 4),
        ("4\r\nbody\r\n0\r\n", 4),
        ("4\r\nbody\r\n0\r\nX: y\r\n", 4),
    ] {
        let answer = format!("{head}{chunks}");
        assert_eq!(
            refused(&answer),
            Error::Short { expected, had },
            "{chunks:?}"
        );
    }
}

#[test]
fn a_cut_is_no_end() {
    for answer in [
        "",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\n\r\nto the end",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n",
    ] {
        let mut buffer = [0; 1024];
        let mut script = Script::new(answer.as_bytes(), 5);
        script.is_cut = true;
        let mut connection = Connection::new(script, "a.test", &mut buffer);
        let error = connection
            .send(&Request::get("/"))
            .and_then(|mut response| response.read_all(&mut [0; 64]).map(<[u8]>::len))
            .unwrap_err();
        assert_eq!(error, Error::Stream(Cut), "{answer:?}");
        assert!(!connection.is_usable());
    }
}

#[test]
fn heads_have_a_limit() {
    let padded = |length: usize| {
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nX: {}\r\n\r\nx",
            "y".repeat(length)
        );
        get(&answer).map(|(status, _)| status)
    };
    // 1024 bytes of buffer, less 256.
    let around = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nX: \r\n\r\n".len();
    let limit = 1024 - 256;
    assert_eq!(padded(limit - around), Ok(200));
    assert_eq!(padded(limit - around + 1), Err(Error::LongHead { limit }));
    assert_eq!(padded(10_000), Err(Error::LongHead { limit }));
    let fields = "X: y\r\n".repeat(49);
    assert_eq!(
        refused(&format!("HTTP/1.1 200 OK\r\n{fields}\r\n")),
        Error::Head(HeadError::TooManyFields)
    );
    assert_eq!(refused("SSH-2.0-x\r\n"), Error::Head(HeadError::NotHttp));
}

#[test]
fn bodies_have_the_limit_of_their_room() {
    let long = "x".repeat(65);
    let limit = 64;
    for answer in [
        format!("HTTP/1.1 200 OK\r\nContent-Length: 65\r\n\r\n{long}"),
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n41\r\n{long}\r\n0\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\n\r\n{long}"),
        // Nothing is waited for that is not taken.
        "HTTP/1.1 200 OK\r\nContent-Length: 65\r\n\r\n".to_owned(),
        // Longer than there could be.
        format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{long}",
            u64::MAX
        ),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n".to_owned()
            + &long,
    ] {
        assert_eq!(refused(&answer), Error::TooLong { limit }, "{answer}");
    }
    let fits = "x".repeat(64);
    for answer in [
        format!("HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n{fits}"),
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{fits}\r\n0\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\n\r\n{fits}"),
    ] {
        assert_eq!(body(&answer), fits);
    }
}

#[test]
fn one_request_after_the_other() {
    let answers = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1\
        HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n2\r\n0\r\nX: y\r\n\r\n\
        HTTP/1.1 204 No Content\r\n\r\n\
        HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\n4";
    let mut buffer = [0; 1024];
    // In pieces, so that no answer comes before it was asked for.
    let mut connection = Connection::new(Script::new(answers, 1), "a.test", &mut buffer);
    for expected in ["1", "2", "", "4"] {
        assert!(connection.is_usable());
        let mut response = connection.send(&Request::get("/")).unwrap();
        assert_eq!(response.read_all(&mut [0; 8]), Ok(expected.as_bytes()));
    }
    assert!(!connection.is_usable());
    assert_eq!(
        connection.send(&Request::get("/")).err(),
        Some(Error::Unusable)
    );
    assert_eq!(connection.stream().sent.len(), 4);
}

#[test]
fn whether_anything_came_in_answer() {
    const FIRST: &str = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1";
    for (second, has_begun) in [
        ("", false),
        ("H", true),
        ("HTTP/1.1 103 Early Hints\r\n\r\n", true),
    ] {
        for (is_cut, piece) in [(false, 1), (true, FIRST.len())] {
            let answers = [FIRST, second].concat();
            let mut script = Script::new(answers.as_bytes(), piece);
            script.is_cut = is_cut;
            let mut buffer = [0; 1024];
            let mut connection = Connection::new(script, "a.test", &mut buffer);
            assert!(!connection.has_begun());
            let mut response = connection.send(&Request::get("/")).unwrap();
            assert_eq!(response.read_all(&mut [0; 8]), Ok(&b"1"[..]));
            assert!(connection.has_begun());
            assert!(connection.send(&Request::get("/")).is_err());
            assert_eq!(connection.has_begun(), has_begun, "{second:?}");
        }
    }
}

#[test]
fn an_answer_that_nobody_asked_for() {
    let answers = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1\
        HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged";
    let mut buffer = [0; 1024];
    let mut connection = Connection::new(Script::new(answers, 1024), "a.test", &mut buffer);
    let mut response = connection.send(&Request::get("/")).unwrap();
    assert_eq!(response.read_all(&mut [0; 8]), Ok(&b"1"[..]));
    assert_eq!(
        connection.send(&Request::get("/secret")).err(),
        Some(Error::Unasked)
    );
    assert_eq!(connection.stream().sent.len(), 1, "it was not sent");
    assert!(!connection.is_usable());
}

#[test]
fn an_answer_has_to_be_read_first() {
    let answers = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbodyHTTP/1.1 200 OK\r\n\r\n";
    let mut buffer = [0; 1024];
    let mut connection = Connection::new(Script::new(answers, 1), "a.test", &mut buffer);
    let mut response = connection.send(&Request::get("/")).unwrap();
    assert_eq!(response.read(&mut [0; 3]), Ok(1));
    assert_eq!(
        connection.send(&Request::get("/")).err(),
        Some(Error::Unusable)
    );
}

#[test]
fn what_is_sent() {
    let answer = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n";
    let mut buffer = [0; 1024];
    let mut connection = Connection::new(Script::new(answer, 99), "a.test:8443", &mut buffer);
    let fields = [("User-Agent", "x/1")];
    let request = Request::post("/r?a=b", "application/json", b"{\"v\":1}").with_fields(&fields);
    assert_eq!(connection.send(&request.closing()).unwrap().status(), 201);
    assert!(!connection.is_usable(), "the server was told to close");
    let [sent] = &connection.stream().sent[..] else {
        panic!("a short request goes out in one piece");
    };
    assert_eq!(
        String::from_utf8_lossy(sent),
        "POST /r?a=b HTTP/1.1\r\nHost: a.test:8443\r\nAccept-Encoding: identity\r\n\
         User-Agent: x/1\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: 7\r\n\r\n{\"v\":1}"
    );
}

#[test]
fn a_long_body_is_sent_whole() {
    let answer = b"HTTP/1.1 204 No Content\r\n\r\n";
    let mut buffer = [0; MIN_BUFFER];
    let mut connection = Connection::new(Script::new(answer, 99), "a.test", &mut buffer);
    let long = vec![b'x'; 5000];
    connection
        .send(&Request::post("/", "text/plain", &long))
        .unwrap();
    let sent = connection.stream().sent.concat();
    assert!(sent.ends_with(&[b"Content-Length: 5000\r\n\r\n", &long[..]].concat()));
}

#[test]
fn what_cannot_be_sent() {
    let fields = |name, value| -> &'static [(&'static str, &'static str)] {
        Box::leak(Box::new([(name, value)]))
    };
    for (request, error) in [
        (Request::get(""), InvalidRequest::Target),
        (Request::get("x"), InvalidRequest::Target),
        (Request::get("http://a.test/"), InvalidRequest::Target),
        (Request::get("/ HTTP/1.1\r\nX: y"), InvalidRequest::Target),
        (Request::get("/\r\n"), InvalidRequest::Target),
        (Request::get("/é"), InvalidRequest::Target),
        (
            Request::get("/").with_fields(fields("X", "y\r\nZ: a")),
            InvalidRequest::FieldValue,
        ),
        (
            Request::get("/").with_fields(fields("X Y", "z")),
            InvalidRequest::FieldName,
        ),
        (
            Request::get("/").with_fields(fields("", "z")),
            InvalidRequest::FieldName,
        ),
        (
            Request::get("/").with_fields(fields("content-length", "4")),
            InvalidRequest::OurField,
        ),
        (
            Request::get("/").with_fields(fields("transfer-encoding", "chunked")),
            InvalidRequest::OurField,
        ),
        (
            Request::post("/", "a\r\nX: y", b""),
            InvalidRequest::FieldValue,
        ),
    ] {
        let mut buffer = [0; MIN_BUFFER];
        let mut connection = Connection::new(Script::new(b"", 1), "a.test", &mut buffer);
        assert_eq!(
            connection.send(&request).err(),
            Some(Error::Request(error)),
            "{request:?}"
        );
        assert!(connection.stream().sent.is_empty());
        assert!(connection.is_usable(), "nothing was sent");
    }
    for host in ["", "a b", "a\r\nX: y", "a/b", "u@a"] {
        let mut buffer = [0; MIN_BUFFER];
        let mut connection = Connection::new(Script::new(b"", 1), host, &mut buffer);
        let error = connection.send(&Request::get("/")).err();
        assert_eq!(
            error,
            Some(Error::Request(InvalidRequest::Host)),
            "{host:?}"
        );
    }
    let mut small = [0; MIN_BUFFER - 1];
    let mut connection = Connection::new(Script::new(b"", 1), "a.test", &mut small);
    let error = connection.send(&Request::get("/")).err();
    assert_eq!(error, Some(Error::SmallBuffer));
}
