// SPDX-License-Identifier: Apache-2.0

//! Answers and URLs that may be anything: [`fuzzing::HTTP`](crate::fuzzing::HTTP).

use alloc::string::ToString;
use alloc::vec::Vec;

use super::{Answer, FetchError, MAX_HEAD, Method, write};
use crate::fuzzing::stands_in;
use crate::revocation::{HttpUrl, MAX_URL};

pub(crate) fn run(data: &[u8]) {
    for limit in [32, 1024] {
        answer(data, limit);
    }
    // A URL may stand in a certificate, or in the answer.
    let mut texts = data.split(|byte| byte.is_ascii_whitespace() || *byte == 0);
    for text in texts.by_ref().take(16) {
        let _ = core::str::from_utf8(text).map(url);
    }
    let _ = core::str::from_utf8(data).map(url);
}

/// What the exchange makes of `data` if the server sends it in pieces of this size.
fn received(data: &[u8], piece: usize, limit: usize) -> (usize, Result<Vec<u8>, FetchError>) {
    let mut answer = Answer::new(limit);
    let mut so_far = Vec::new();
    for piece in data.chunks(piece) {
        so_far.extend_from_slice(piece);
        if answer.is_complete(&so_far) {
            assert!(answer.is_complete(&so_far), "it does not change its mind");
            break;
        }
        assert!(
            so_far.len() <= MAX_HEAD.saturating_add(limit),
            "it wants more than it may have"
        );
    }
    (so_far.len(), answer.body(so_far))
}

fn answer(data: &[u8], limit: usize) {
    let (_, whole) = received(data, usize::MAX, limit);
    let (length, in_bytes) = received(data, 1, limit);
    match (&whole, &in_bytes) {
        // However it comes, the same body, and no more is waited for than there is.
        (Ok(body), Ok(same)) => assert_eq!(body, same),
        // Something was wrong before the end, and was found there.
        (Err(_), Err(error)) => {
            let _ = error.to_string();
        }
        _ => panic!("{whole:?} in one piece, {in_bytes:?} after {length} bytes"),
    }
    let Ok(body) = whole else { return };
    assert!(body.len() <= limit, "{} bytes", body.len());
    assert!(stands_in(&body, data), "nothing is made up");
    // Empty lines may come before (RFC 9112, section 2.2).
    let mut lines = data.split(|byte| *byte == b'\n');
    let first = lines.find(|line| !matches!(line, [] | [b'\r']));
    let is_http = first.is_some_and(|line| line.starts_with(b"HTTP/1."));
    assert!(is_http, "what is no HTTP was taken");
}

/// A URL that is taken is written and read as it is, and ends no line of a request.
fn url(text: &str) {
    let read = HttpUrl::new(text);
    assert_eq!(read, HttpUrl::new(text), "read twice");
    let Ok(url) = read else { return };
    assert!(text.len() <= MAX_URL);
    assert!(url.port() > 0 && url.target().starts_with('/'));
    assert_eq!(HttpUrl::new(&url.to_string()).as_ref(), Ok(&url), "{url}");
    for (method, name, fields) in [
        (Method::Get, "GET", 2),
        (
            Method::Post {
                content_type: "a/b",
                body: b"\r\n\r\nGET / HTTP/1.0\r\n\r\n",
            },
            "POST",
            4,
        ),
    ] {
        let message = write(&url, method);
        let mut room = [httparse::EMPTY_HEADER; 8];
        let mut request = httparse::Request::new(&mut room);
        let status = request.parse(&message).expect("what we send is HTTP");
        assert!(status.is_complete());
        assert_eq!(request.method, Some(name));
        assert_eq!(request.path, Some(url.target()));
        assert_eq!(request.version, Some(0));
        assert_eq!(request.headers.len(), fields, "{url}");
        assert_eq!(request.headers[0].value, url.authority().as_bytes());
    }
}
