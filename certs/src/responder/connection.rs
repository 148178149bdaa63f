// SPDX-License-Identifier: Apache-2.0

//! One HTTP connection of the responder.

use super::{Http, Reply, Shared};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

/// How often a connection that waits looks whether the responder stops.
const TICK: Duration = Duration::from_millis(50);
/// How long a client may be quiet.
const PATIENCE: Duration = Duration::from_secs(60);
/// A request larger than this is not ours to answer.
const MAX_REQUEST: usize = 64 * 1024;
const OVERSIZE: usize = 1024 * 1024;

struct Request {
    method: String,
    path: String,
    content_type: String,
    http_1_1: bool,
    close: bool,
    body: Vec<u8>,
}

/// Serves requests until the client, the reply or the responder ends it.
pub(super) fn run(mut stream: TcpStream, shared: &Shared) {
    // Errors end the connection; the client sees that, and nobody else cares.
    let _ = stream
        .set_read_timeout(Some(TICK))
        .and_then(|()| stream.set_write_timeout(Some(PATIENCE)))
        .and_then(|()| stream.set_nodelay(true));
    let mut buffer = Vec::new();
    loop {
        let reply = match read_request(&mut stream, shared, &mut buffer) {
            Ok(Some(request)) => {
                let Request {
                    method,
                    path,
                    content_type,
                    ..
                } = &request;
                let reply = shared.reply(method, path, content_type, &request.body);
                (reply, request)
            }
            Ok(None) => break,
            Err(e) if e.kind() == ErrorKind::InvalidData => {
                let _ = stream.write_all(
                    b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                );
                break;
            }
            Err(_) => break,
        };
        let (reply, request) = reply;
        if !send(&mut stream, shared, &reply, &request).unwrap_or(false) {
            break;
        }
    }
    let _ = stream.shutdown(Shutdown::Both);
}

fn bad(what: &'static str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}

/// The next request, or none when the client has gone or the responder stops.
fn read_request(
    stream: &mut TcpStream,
    shared: &Shared,
    buffer: &mut Vec<u8>,
) -> io::Result<Option<Request>> {
    loop {
        if let Some((request, used)) = parse(buffer)? {
            buffer.drain(..used);
            return Ok(Some(request));
        }
        if buffer.len() > MAX_REQUEST {
            return Err(bad("too large"));
        }
        let mut block = [0; 4096];
        match read(stream, shared, &mut block)? {
            0 => return Ok(None),
            n => buffer.extend(block.iter().take(n)),
        }
    }
}

/// Like `TcpStream::read`; 0 also when the responder stops or the client is
/// quiet for too long.
fn read(stream: &mut TcpStream, shared: &Shared, block: &mut [u8]) -> io::Result<usize> {
    let start = Instant::now();
    while !shared.stop.load(Ordering::Acquire) && start.elapsed() < PATIENCE {
        match stream.read(block) {
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
    Ok(0)
}

/// A whole request and how many bytes it takes, if it has all come.
fn parse(buffer: &[u8]) -> io::Result<Option<(Request, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut head = httparse::Request::new(&mut headers);
    let status = head.parse(buffer).map_err(|_| bad("not HTTP"))?;
    let httparse::Status::Complete(head_len) = status else {
        return Ok(None);
    };
    let header = |name: &str| {
        let found = head
            .headers
            .iter()
            .find(|h| h.name.eq_ignore_ascii_case(name));
        found.map(|h| String::from_utf8_lossy(h.value).trim().to_owned())
    };
    if header("transfer-encoding").is_some() {
        return Err(bad("requests in chunks are not for us"));
    }
    let body_len: usize = match header("content-length") {
        Some(len) => len.parse().map_err(|_| bad("Content-Length"))?,
        None => 0,
    };
    if body_len > MAX_REQUEST {
        return Err(bad("too large"));
    }
    let end = head_len + body_len;
    let Some(body) = buffer.get(head_len..end) else {
        return Ok(None);
    };
    let http_1_1 = head.version == Some(1);
    let connection = header("connection")
        .unwrap_or_default()
        .to_ascii_lowercase();
    let request = Request {
        method: head.method.unwrap_or_default().to_owned(),
        path: head.path.unwrap_or_default().to_owned(),
        content_type: header("content-type").unwrap_or_default(),
        http_1_1,
        close: !http_1_1 || connection == "close",
        body: body.to_vec(),
    };
    Ok(Some((request, end)))
}

/// Sends the reply in its manner. Whether the connection stays open.
fn send(
    stream: &mut TcpStream,
    shared: &Shared,
    reply: &Reply,
    request: &Request,
) -> io::Result<bool> {
    let mut status = reply.status;
    let mut content_type = reply.content_type;
    let mut body = reply.body.clone();
    let mut location = String::new();
    match reply.http {
        Http::Silent => {
            // Until the client gives up, or we stop.
            let mut block = [0; 512];
            while read(stream, shared, &mut block)? > 0 {}
            return Ok(false);
        }
        Http::Close => return Ok(false),
        Http::Error404 => {
            (status, content_type) = ("404 Not Found", "text/plain");
            body = b"not found\n".to_vec();
        }
        Http::Error500 => status = "500 Internal Server Error",
        Http::WrongType => content_type = "text/html",
        Http::Oversize => body.resize(OVERSIZE.max(body.len()), 0),
        Http::Redirect => {
            status = "302 Found";
            location = format!(
                "Location: http://{}/moved{}\r\n",
                stream.local_addr()?,
                request.path
            );
            body.clear();
        }
        Http::Plain | Http::Chunked | Http::NoLength | Http::Drip | Http::CloseEarly => {}
    }
    // A client of HTTP/1.0 knows no chunks (RFC 9112, section 7.1).
    let chunked = reply.http == Http::Chunked && request.http_1_1;
    let length = match reply.http {
        _ if chunked => "Transfer-Encoding: chunked\r\n".to_owned(),
        Http::NoLength => String::new(),
        _ => format!("Content-Length: {}\r\n", body.len()),
    };
    let close = request.close || matches!(reply.http, Http::NoLength | Http::CloseEarly);
    let connection = if close { "close" } else { "keep-alive" };
    let version = if request.http_1_1 { "1.1" } else { "1.0" };
    let mut message = format!(
        "HTTP/{version} {status}\r\nContent-Type: {content_type}\r\n{location}{length}\
         Connection: {connection}\r\n\r\n"
    )
    .into_bytes();
    if chunked {
        for chunk in body.chunks(7) {
            message.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
            message.extend(chunk);
            message.extend(b"\r\n");
        }
        message.extend(b"0\r\n\r\n");
    } else if reply.http == Http::CloseEarly {
        message.extend(body.iter().take(body.len() / 2));
    } else {
        message.extend(&body);
    }
    if reply.http == Http::Drip {
        return drip(stream, shared, &message).map(|()| !close);
    }
    stream.write_all(&message)?;
    Ok(!close)
}

fn drip(stream: &mut TcpStream, shared: &Shared, message: &[u8]) -> io::Result<()> {
    for byte in message {
        for _ in 0..10 {
            if shared.stop.load(Ordering::Acquire) {
                return Err(ErrorKind::Interrupted.into());
            }
            thread::sleep(TICK);
        }
        stream.write_all(&[*byte])?;
    }
    Ok(())
}
