// SPDX-License-Identifier: Apache-2.0

use super::*;
use crate::backend::{Addresses, SignatureError};
use crate::time::UnixTime;
use crate::verify::Crypto;
use crate::x509::SignatureAlgorithm;
use core::cell::RefCell;
use core::net::SocketAddr;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::string::{String, ToString as _};
use std::thread;
use std::time::Instant;
use std::vec;

/// The system's sockets, a byte at a time as the network may bring them.
struct Plain {
    hosts: Vec<SocketAddr>,
    sent: RefCell<Vec<u8>>,
}

impl Crypto for Plain {
    fn sha256(&self, _: &[u8]) -> [u8; 32] {
        [0; 32]
    }

    fn verify_signature(
        &self,
        _: &SignatureAlgorithm,
        _: &[u8],
        _: &[u8],
        _: &[u8],
    ) -> Result<(), SignatureError> {
        Err(SignatureError::Invalid)
    }
}

fn os(error: &std::io::Error) -> OsError {
    use std::io::ErrorKind;
    OsError {
        kind: match error.kind() {
            ErrorKind::ConnectionRefused => OsErrorKind::Refused,
            ErrorKind::WouldBlock | ErrorKind::TimedOut => OsErrorKind::TimedOut,
            _ => OsErrorKind::Reset,
        },
        number: 0,
    }
}

impl Means for Plain {
    fn now(&self) -> Option<UnixTime> {
        unreachable!("nothing here looks at the clock")
    }

    fn pause(&self, _: Duration) {
        unreachable!("nobody is waited for")
    }

    fn random(&self, _: &mut [u8]) -> Result<(), OsError> {
        Ok(())
    }

    fn resolve(&self, _: &str, _: u16) -> Result<Addresses, OsError> {
        Ok(self.hosts.iter().copied().collect())
    }

    fn exchange(
        &self,
        address: SocketAddr,
        request: &[u8],
        limit: usize,
        timeout: Duration,
        complete: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<Vec<u8>, OsError> {
        let end = Instant::now() + timeout;
        let mut stream = TcpStream::connect(address).map_err(|error| os(&error))?;
        stream.write_all(request).map_err(|error| os(&error))?;
        self.sent.borrow_mut().extend_from_slice(request);
        let mut answer = Vec::new();
        while answer.len() <= limit && !complete(&answer) {
            let left = end.saturating_duration_since(Instant::now());
            stream
                .set_read_timeout(Some(left.max(Duration::from_millis(1))))
                .map_err(|error| os(&error))?;
            let mut byte = [0];
            match stream.read(&mut byte) {
                Ok(0) => break,
                Ok(_) => answer.push(byte[0]),
                Err(error) => return Err(os(&error)),
            }
        }
        Ok(answer)
    }
}

/// A server that reads a request and answers with `answer`, then closes.
fn server(answer: Vec<u8>) -> (Plain, HttpUrl, thread::JoinHandle<()>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let thread = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            assert_eq!(stream.read(&mut byte).unwrap(), 1);
            head.push(byte[0]);
        }
        // What is left unread would reset the connection.
        let posted = head.starts_with(b"POST").then_some([0; 8]);
        if let Some(mut body) = posted {
            stream.read_exact(&mut body).unwrap();
        }
        // The client may have heard enough before.
        let _ = stream.write_all(&answer);
    });
    let means = Plain {
        hosts: vec![address],
        sent: RefCell::default(),
    };
    let url = HttpUrl::new(&std::format!("http://ocsp.test:{}/x?y", address.port())).unwrap();
    (means, url, thread)
}

const LIMITS: Limits = Limits {
    bytes: 64,
    timeout: Duration::from_secs(5),
};

/// What comes of an answer.
fn get(answer: impl Into<Vec<u8>>) -> Result<Vec<u8>, FetchError> {
    let (means, url, thread) = server(answer.into());
    let result = request(&means, &url, Method::Get, LIMITS);
    thread.join().unwrap();
    result
}

#[test]
fn a_request_is_one_of_http_1_0_and_says_how_long_it_is() {
    let (means, url, thread) = server(b"HTTP/1.0 200 OK\r\n\r\nbody".to_vec());
    let method = Method::Post {
        content_type: "application/ocsp-request",
        body: b"\0\r\n\r\nraw",
    };
    assert_eq!(request(&means, &url, method, LIMITS), Ok(b"body".to_vec()));
    thread.join().unwrap();
    let port = url.port();
    let expected = std::format!(
        "POST /x?y HTTP/1.0\r\nHost: ocsp.test:{port}\r\nConnection: close\r\nContent-Type: \
         application/ocsp-request\r\nContent-Length: 8\r\n\r\n\0\r\n\r\nraw"
    );
    assert_eq!(String::from_utf8_lossy(&means.sent.borrow()), expected);
    let url = HttpUrl::new("http://[::1]/a").unwrap();
    assert_eq!(
        write(&url, Method::Get),
        b"GET /a HTTP/1.0\r\nHost: [::1]\r\nConnection: close\r\n\r\n"
    );
}

#[test]
fn a_body_is_as_long_as_is_said_or_ends_with_the_connection() {
    for (answer, body) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody", "body"),
        ("HTTP/1.0 200 OK\r\n\r\nbody", "body"),
        ("HTTP/1.0 200\r\ncontent-length: 0\r\n\r\n", ""),
        // What comes after it is no part of it.
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbodymore",
            "body",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\n\r\nbody",
            "body",
        ),
    ] {
        assert_eq!(get(answer), Ok(body.as_bytes().to_vec()), "{answer:?}");
    }
    let full = "HTTP/1.0 200 OK\r\n\r\n".to_string() + &"x".repeat(64);
    assert_eq!(get(full).map(|body| body.len()), Ok(64));
}

#[test]
fn what_will_not_do_is_refused_by_name() {
    use FetchError as Bad;
    let too_large = Bad::TooLarge { limit: 64 };
    let redirect = |status, to: Option<&str>| Bad::Redirect {
        status,
        to: to.map(|to| Box::new(HttpUrl::new(to).unwrap())),
    };
    let head = |fields: &str| std::format!("HTTP/1.1 200 OK\r\n{fields}\r\nbody");
    let long = "X: y\r\n".repeat(MAX_FIELDS + 1);
    for (answer, error) in [
        (String::new(), Bad::Closed),
        ("HTTP/1.0 200 O".into(), Bad::Closed),
        ("HTTP/1.0 200 OK\r\nX: y\r\n".into(), Bad::Closed),
        ("220 mail.test ESMTP\r\n".into(), Bad::NotHttp),
        ("HTTP/2.0 200 OK\r\n\r\n".into(), Bad::NotHttp),
        ("\x15\x03\x01\0\x02\x02\x16".into(), Bad::NotHttp),
        ("HTTP/1.0 2000 OK\r\n\r\n".into(), Bad::NotHttp),
        ("HTTP/1.0 200 OK\r\nX y\r\n\r\n".into(), Bad::NotHttp),
        ("HTTP/1.0 500 Oops\r\n\r\n".into(), Bad::Status(500)),
        ("HTTP/1.0 404 No\r\n\r\n".into(), Bad::Status(404)),
        ("HTTP/1.0 204 Nothing\r\n\r\n".into(), Bad::Status(204)),
        ("HTTP/1.0 304 Same\r\n\r\n".into(), Bad::Status(304)),
        ("HTTP/1.0 100 Continue\r\n\r\n".into(), Bad::Status(100)),
        ("HTTP/1.0 301 Gone\r\n\r\n".into(), redirect(301, None)),
        (
            "HTTP/1.0 302 Found\r\nLocation: http://b.test/x\r\n\r\n".into(),
            redirect(302, Some("http://b.test/x")),
        ),
        (
            "HTTP/1.0 307 Found\r\nLocation: https://b.test/x\r\n\r\n".into(),
            redirect(307, None),
        ),
        (head("Transfer-Encoding: chunked\r\n"), Bad::Encoded),
        (head("Content-Encoding: gzip\r\n"), Bad::Encoded),
        (head("Content-Length: +4\r\n"), Bad::ContentLength),
        (head("Content-Length: -4\r\n"), Bad::ContentLength),
        (head("Content-Length: \r\n"), Bad::ContentLength),
        (head("Content-Length: 4, 4\r\n"), Bad::ContentLength),
        (
            head("Content-Length: 4\r\nContent-Length: 5\r\n"),
            Bad::ContentLength,
        ),
        // Twice is once too often (RFC 9110, section 8.6).
        (
            head("Content-Length: 4\r\nContent-Length: 4\r\n"),
            Bad::ContentLength,
        ),
        (
            head("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"),
            Bad::Encoded,
        ),
        (
            head("Content-Length: 99999999999999999999999999\r\n"),
            Bad::ContentLength,
        ),
        (head("Content-Length: 65\r\n"), too_large.clone()),
        (
            head("Content-Length: 18446744073709551615\r\n"),
            too_large.clone(),
        ),
        (
            head("Content-Length: 5\r\n"),
            Bad::Short {
                expected: 5,
                had: 4,
            },
        ),
        (head("") + &"x".repeat(61), too_large),
        (head(&long), Bad::HeadTooLong),
        (
            head(&std::format!("X: {}\r\n", "y".repeat(MAX_HEAD))),
            Bad::HeadTooLong,
        ),
    ] {
        assert_eq!(get(&*answer), Err(error), "{answer:?}");
    }
}

#[test]
fn what_never_ends_is_given_up() {
    for start in [
        // A head, a field and a body without an end.
        "HTTP/1.0 200 OK\r\n",
        "HTTP/1.0 200 OK\r\nX: ",
        "HTTP/1.0 200 OK\r\n\r\n",
    ] {
        let mut answer = start.as_bytes().to_vec();
        answer.resize(1 << 20, b'x');
        let error = get(answer).unwrap_err();
        let expected = match start.ends_with("\r\n\r\n") {
            true => FetchError::TooLarge { limit: 64 },
            false => FetchError::HeadTooLong,
        };
        assert_eq!(error, expected, "{start:?}");
    }
}

#[test]
fn an_address_that_takes_no_connection_is_not_the_last() {
    let (mut means, url, thread) = server(b"HTTP/1.0 200 OK\r\n\r\nbody".to_vec());
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let nobody = closed.local_addr().unwrap();
    drop(closed);
    means.hosts.insert(0, nobody);
    let body = request(&means, &url, Method::Get, LIMITS);
    assert_eq!(body, Ok(b"body".to_vec()));
    thread.join().unwrap();

    means.hosts = vec![nobody];
    let error = request(&means, &url, Method::Get, LIMITS).unwrap_err();
    assert!(matches!(error, FetchError::Exchange(error) if error.kind == OsErrorKind::Refused));
    means.hosts.clear();
    let error = request(&means, &url, Method::Get, LIMITS).unwrap_err();
    assert!(matches!(error, FetchError::Resolve(_)));
}

#[test]
fn a_server_that_says_nothing_is_final() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let means = Plain {
        hosts: vec![address, address, address],
        sent: RefCell::default(),
    };
    let url = HttpUrl::new("http://ocsp.test/").unwrap();
    let limits = Limits {
        timeout: Duration::from_millis(50),
        ..LIMITS
    };
    let start = Instant::now();
    let error = request(&means, &url, Method::Get, limits).unwrap_err();
    assert!(matches!(error, FetchError::Exchange(error) if error.kind == OsErrorKind::TimedOut));
    assert!(start.elapsed() < Duration::from_millis(140), "asked again");
}

/// Whatever is cut off or changed in an answer, something comes of it.
#[test]
fn no_answer_panics() {
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nServer: x\r\n\r\nbody";
    let read = |bytes: &[u8]| {
        let mut state = Answer::new(64);
        for end in 0..=bytes.len() {
            if state.is_complete(&bytes[..end]) {
                break;
            }
        }
        let _ = state.body(bytes.to_vec());
    };
    for end in 0..answer.len() {
        read(&answer[..end]);
    }
    for place in 0..answer.len() {
        for byte in [0, b'\r', b'\n', b' ', b'9', b':', 0x7F, 0xFF] {
            let mut changed = answer.to_vec();
            changed[place] = byte;
            read(&changed);
        }
    }
}
