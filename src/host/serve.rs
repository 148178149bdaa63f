// SPDX-License-Identifier: Apache-2.0

//! `serve`: the peer of a device.

use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use mbedtls_backend::MbedTls;
use secure_socket::diagnosis::Peer;
use secure_socket::resumption::ServerSessions;
use secure_socket::{Error, Incoming, Session};
use secure_sockets::{Job, echo, server};
use serde_json::json;

use super::cli::ServeArgs;
use super::error::HostError;
use super::output::print;
use super::{files, json};

pub(crate) fn serve(args: &ServeArgs, as_json: bool) -> Result<(), HostError> {
    let backend = args.common.policy.backend()?;
    let job = Job {
        versions: args.common.tls,
        suites: args.common.suites.clone(),
        alpn: args.common.alpn.clone(),
        timeouts: args.common.timeouts(),
        guests: args.guests.clone(),
        sessions: args.sessions.map(|count| ServerSessions::new(count.into())),
        ..Job::new(args.common.mode, "", 0)
    };
    let credentials = files::load(&args.common, Peer::Server, &backend)?;
    let server = server(&backend, &job, credentials, args.listen)?;
    let address = server.local_address()?;
    say(
        as_json,
        || json!({ "listening": address.to_string(), "mode": job.mode.name() }),
        || {
            format!(
                "listening on {address}, mode {} ({}), {}",
                job.mode.number(),
                job.mode,
                job.versions
            )
        },
    );

    let places = Places::new(args.at_once);
    thread::scope(|scope| {
        let mut accepted = 0;
        while args.clients.is_none_or(|limit| accepted < limit) {
            // A client waits in the listen queue until there is a place for it.
            places.take();
            match server.accept() {
                Ok(incoming) => {
                    accepted += 1;
                    let places = &places;
                    scope.spawn(move || {
                        serve_one(incoming, as_json);
                        places.give_back();
                    });
                }
                Err(error) => {
                    places.give_back();
                    log::warn!("cannot accept a client: {error}");
                    // Out of file descriptors, most likely: give some back first.
                    thread::sleep(Duration::from_millis(100));
                }
            }
        }
    });
    Ok(())
}

fn serve_one(incoming: Incoming<'_, '_, MbedTls>, as_json: bool) {
    let peer = incoming.peer().to_string();
    let served: Result<(Session, u64), Error> = incoming.handshake().and_then(|stream| {
        let session = stream.session().clone();
        say(
            as_json,
            || json!({ "client": peer, "session": json::session(&session) }),
            || {
                format!(
                    "{peer}: {}, {}{}, it is {}",
                    session.version,
                    session.suite_text(),
                    if session.resumed { ", resumed" } else { "" },
                    session.peer
                )
            },
        );
        echo(stream).map(|bytes| (session, bytes))
    });
    match served {
        Ok((_, bytes)) => say(
            as_json,
            || json!({ "client": peer, "echoed": bytes }),
            || format!("{peer}: closed in order after {bytes} bytes"),
        ),
        Err(error) => say(
            as_json,
            || json!({ "client": peer, "error": error.to_string(), "stage": error.stage() }),
            || format!("{peer}: {error}"),
        ),
    }
}

/// Prints a line at once, whoever reads it.
fn say(as_json: bool, json: impl FnOnce() -> serde_json::Value, text: impl FnOnce() -> String) {
    let line = if as_json { json().to_string() } else { text() };
    // Nobody may be reading any more; the clients are served all the same.
    let _ = print(line);
}

/// So many clients at once.
struct Places {
    free: Mutex<u16>,
    freed: Condvar,
}

impl Places {
    fn new(count: u16) -> Self {
        Self {
            free: Mutex::new(count),
            freed: Condvar::new(),
        }
    }

    fn take(&self) {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = self
            .freed
            .wait_while(free, |free| *free == 0)
            .unwrap_or_else(PoisonError::into_inner);
        *free -= 1;
    }

    fn give_back(&self) {
        *self.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.freed.notify_one();
    }
}
