// SPDX-License-Identifier: Apache-2.0

//! A small HTTP server that answers for a [`World`]: OCSP by POST to any path,
//! CRLs at `/crl/<id>`, certificates at `/cert/<id>`. It can misbehave.

mod connection;

use crate::Error;
use crate::ocsp::Answers;
use crate::recipe::World;
use serde::Deserialize;
use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

/// How an answer is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Http {
    /// 200, with a Content-Length.
    #[default]
    Plain,
    /// 404 Not Found, with a body of text.
    #[serde(rename = "error-404")]
    Error404,
    /// 500 Internal Server Error, with the right answer as its body.
    #[serde(rename = "error-500")]
    Error500,
    /// 302 to `/moved...` of this responder, where the right answer is.
    Redirect,
    /// The right answer, as HTML.
    WrongType,
    /// In chunks of a few bytes, to a client that speaks HTTP/1.1.
    Chunked,
    /// Without a length: the end of the connection ends it.
    NoLength,
    /// The right answer with zeros after it, 1 MiB in all.
    Oversize,
    /// Two bytes a second, headers too.
    Drip,
    /// Closes after the first half of the body.
    CloseEarly,
    /// Closes without a word.
    Close,
    /// Never answers.
    Silent,
}

/// A request that the responder got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// `POST` or `GET`.
    pub method: String,
    /// `/crl/root`, for one.
    pub path: String,
    /// For OCSP: the `id` of the certificate that was asked for, if known.
    pub certificate: Option<String>,
}

/// The responder. It stops when it is dropped; connections that are open then
/// are cut.
pub struct Responder {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    world: Mutex<Option<Arc<World>>>,
    seen: Mutex<Vec<Seen>>,
    /// CRLs by other names than their own.
    published: Mutex<HashMap<String, String>>,
    stop: AtomicBool,
}

/// What is behind these locks is never left half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Responder {
    /// Starts on 127.0.0.1, at any free port. There is nothing to answer with
    /// before [`Self::serve`].
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when it cannot listen, [`Error::Thread`].
    pub fn start() -> Result<Self, Error> {
        Self::start_on(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
    }

    /// Starts at `address`; port 0 stands for any free one.
    ///
    /// # Errors
    ///
    /// As [`Self::start`].
    pub fn start_on(address: SocketAddr) -> Result<Self, Error> {
        let name = address.to_string();
        let failed = Error::io(Path::new(&name));
        let (listener, address) = match TcpListener::bind(address)
            .and_then(|listener| Ok((listener.local_addr()?, listener)))
        {
            Ok((address, listener)) => (listener, address),
            Err(e) => return Err(failed(e)),
        };
        let shared = Arc::new(Shared::default());
        let thread = thread::Builder::new()
            .name("responder".to_owned())
            .spawn({
                let shared = shared.clone();
                move || accept(&listener, &shared)
            })
            .map_err(|_| Error::Thread)?;
        Ok(Self {
            address,
            shared,
            thread: Some(thread),
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same as a URL without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers for `world` from now on.
    pub fn serve(&self, world: Arc<World>) {
        *lock(&self.shared.world) = Some(world);
    }

    /// Answers `/crl/<path>` with the CRL `id` from now on, in the manner of that one, as
    /// a CA that puts a newer list in the place of another, or a fault that comes up.
    pub fn publish(&self, path: &str, id: &str) {
        lock(&self.shared.published).insert(path.to_owned(), id.to_owned());
    }

    /// All requests so far, in the order they came.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.shared.seen).clone()
    }

    /// How many requests came so far.
    #[must_use]
    pub fn requests(&self) -> usize {
        lock(&self.shared.seen).len()
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        // Wakes `accept`. If this fails it is gone already.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// One thread a connection: a slow one holds up nobody else.
fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut connections: Vec<JoinHandle<()>> = Vec::new();
    for stream in listener.incoming() {
        if shared.stop.load(Ordering::Acquire) {
            break;
        }
        connections.retain(|connection| !connection.is_finished());
        let Ok(stream) = stream else { continue };
        let shared = shared.clone();
        // A client that finds no thread sees its connection closed.
        let thread = thread::Builder::new().spawn(move || connection::run(stream, &shared));
        connections.extend(thread.ok());
    }
    for connection in connections {
        let _ = connection.join();
    }
}

/// What to send, before it is known how well the connection behaves.
struct Reply {
    status: &'static str,
    content_type: &'static str,
    body: Vec<u8>,
    http: Http,
}

impl Reply {
    fn text(status: &'static str, text: &str) -> Self {
        Self {
            status,
            content_type: "text/plain",
            body: format!("{text}\n").into_bytes(),
            http: Http::Plain,
        }
    }

    fn ok(content_type: &'static str, body: Vec<u8>, http: Http) -> Self {
        Self {
            status: "200 OK",
            content_type,
            body,
            http,
        }
    }
}

impl Shared {
    /// Answers a request, and remembers it.
    fn reply(&self, method: &str, path: &str, content_type: &str, body: &[u8]) -> Reply {
        let mut seen = Seen {
            method: method.to_owned(),
            path: path.to_owned(),
            certificate: None,
        };
        let reply = self.look_up(&mut seen, content_type, body);
        lock(&self.seen).push(seen);
        reply
    }

    fn look_up(&self, seen: &mut Seen, content_type: &str, body: &[u8]) -> Reply {
        let Some(world) = lock(&self.world).clone() else {
            return Reply::text("503 Service Unavailable", "nothing to serve yet");
        };
        let moved = seen.path.strip_prefix("/moved");
        let path = moved.unwrap_or(&seen.path);
        let mut reply = if seen.method == "POST" {
            if content_type != "application/ocsp-request" {
                return Reply::text(
                    "415 Unsupported Media Type",
                    "application/ocsp-request, please",
                );
            }
            match Answers(&world).to(body) {
                Ok(response) => {
                    seen.certificate = response.about;
                    Reply::ok("application/ocsp-response", response.body, response.http)
                }
                Err(e) => Reply::text("500 Internal Server Error", &e.to_string()),
            }
        } else if seen.method != "GET" {
            return Reply::text("405 Method Not Allowed", "GET or POST, please");
        } else if let Some(Ok(crl)) = path.strip_prefix("/crl/").map(|path| {
            let published = lock(&self.published).get(path).cloned();
            world.crl(published.as_deref().unwrap_or(path))
        }) {
            let (content_type, body) = if crl.send_pem {
                ("application/x-pem-file", crl.pem.clone().into_bytes())
            } else {
                ("application/pkix-crl", crl.der.clone())
            };
            Reply::ok(content_type, body, crl.http)
        } else if let Some(Ok(c)) = path.strip_prefix("/cert/").map(|id| world.certificate(id)) {
            Reply::ok("application/pkix-cert", c.der.clone(), Http::Plain)
        } else {
            return Reply::text("404 Not Found", "there is nothing here");
        };
        if moved.is_some() {
            reply.http = Http::Plain;
        }
        reply
    }
}
