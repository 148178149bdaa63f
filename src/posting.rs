// SPDX-License-Identifier: Apache-2.0

//! Posts messages to an HTTPS server.

use alloc::string::{String, ToString as _};
use alloc::vec;
use core::fmt;
use core::time::Duration;

use http_client::{Authority, Connection, InvalidRequest, Request, Response, Scheme};
use secure_socket::backend::{Backend, OsErrorKind};
use secure_socket::error::IoError;
use secure_socket::{Client, Error, Session, Stream};

use crate::error::RunError;
use crate::job::Job;
use crate::reading::SENML_JSON;

/// The longest head of an answer is 256 bytes less.
const BUFFER: usize = 2048;
/// The longest body of an answer that is read to its end, in bytes, so that its connection can
/// be kept. What it says is for nobody to read.
pub const MAX_ANSWER: usize = 1024;

/// Where to post, and how often.
#[derive(Clone, Debug)]
pub struct Posting {
    /// The path on the server, which starts with a slash.
    pub path: String,
    /// How long to wait from one post to the next.
    pub interval: Duration,
}

impl Posting {
    /// Refuses a path that cannot be asked for.
    ///
    /// # Errors
    ///
    /// [`InvalidRequest`] says what is wrong with it.
    pub fn check(&self) -> Result<(), InvalidRequest> {
        Request::get(&self.path).check()
    }
}

/// What happens meanwhile. Shown as a line without its end.
#[derive(Debug)]
#[non_exhaustive]
pub enum PostEvent<'a> {
    /// There is a connection.
    Connected(&'a Session),
    /// The server had closed a connection that was kept: a message is sent again.
    Again {
        /// Which one, counted from 1.
        message: u16,
    },
    /// The server answered.
    Answered {
        /// Which message, counted from 1.
        message: u16,
        /// How many there are to be.
        of: u16,
        /// With what; 2xx is success.
        status: u16,
        /// How long the message is, in bytes.
        bytes: usize,
    },
}

/// What became of all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Posts {
    /// How many the server took.
    pub taken: u32,
    /// How many it did not take.
    pub refused: u32,
    /// The status of the last of those.
    pub refusal: Option<u16>,
    /// How many connections it took.
    pub connections: u32,
    /// How many of them resumed a session.
    pub resumed: u32,
}

/// Posts the messages of `message`, which gets the number of each from 1: `job.messages` on
/// each of `job.connections` connections, one after the other. A connection that the server
/// does not keep open is made anew.
///
/// A message that was sent when the server had closed the connection, so that nothing came
/// in answer, is sent again, once, on a new one. The server may have had it before; what
/// tells a reader so is the `seq` of a [`Reading`](crate::Reading). An answer that is cut is
/// an error; one whose body is longer than [`MAX_ANSWER`] counts by its status.
///
/// # Errors
///
/// [`RunError`], also of `message`; what cannot be asked for is found before anything is
/// connected. [`RunError::Refused`] if the server did not take some of
/// them; the others were posted all the same.
pub fn post<B: Backend>(
    client: &Client<'_, B>,
    job: &Job,
    posting: &Posting,
    message: &mut dyn FnMut(u16) -> Result<String, RunError>,
    pause: &mut dyn FnMut(Duration),
    tell: &mut dyn FnMut(&PostEvent<'_>),
) -> Result<Posts, RunError> {
    job.check()?;
    posting.check().map_err(HttpError::from)?;
    let host = authority(job);
    let mut buffer = vec![0; BUFFER];
    let mut posts = Posts::default();
    for round in 0..job.connections {
        if round > 0 {
            pause(posting.interval);
        }
        let mut pending = None;
        let mut number = 1;
        while number <= job.messages {
            let stream = client.connect(&job.host, job.port)?;
            posts.connections += 1;
            posts.resumed += u32::from(stream.session().resumed);
            tell(&PostEvent::Connected(stream.session()));
            let mut connection = Connection::new(stream, &host, &mut buffer);
            let mut is_fresh = true;
            while number <= job.messages && connection.is_usable() {
                if !is_fresh {
                    pause(posting.interval);
                }
                let body = match pending.take() {
                    Some(body) => body,
                    None => message(number)?,
                };
                let request = Request::post(&posting.path, SENML_JSON, body.as_bytes());
                let status = match connection.send(&request) {
                    Ok(answer) => finish(answer)?,
                    Err(error) => {
                        if is_fresh || !is_stale(&error) || connection.has_begun() {
                            return Err(error.into());
                        }
                        tell(&PostEvent::Again { message: number });
                        pending = Some(body);
                        break;
                    }
                };
                tell(&PostEvent::Answered {
                    message: number,
                    of: job.messages,
                    status,
                    bytes: body.len(),
                });
                posts.count(status);
                number += 1;
                is_fresh = false;
            }
            // Every answer is there: how the server takes our word does not matter any more.
            let _ = connection.into_stream().close();
            if number <= job.messages && pending.is_none() {
                pause(posting.interval);
            }
        }
    }
    match posts.refusal {
        Some(status) => Err(RunError::Refused {
            refused: posts.refused,
            of: posts.refused + posts.taken,
            status,
        }),
        None => Ok(posts),
    }
}

type HttpError = http_client::Error<Error>;

/// The status of an answer, which is read to its end, but for one that is too long: no other
/// request comes after it on its connection.
// Apart: its room is not to be on the stack during handshakes.
#[inline(never)]
fn finish<C: secure_socket::backend::Connection>(
    mut answer: Response<'_, '_, Stream<C>>,
) -> Result<u16, HttpError> {
    match answer.read_all(&mut [0; MAX_ANSWER]) {
        Ok(_) | Err(HttpError::TooLong { .. }) => Ok(answer.status()),
        Err(error) => Err(error),
    }
}

/// Whether the server may have closed the connection before it heard of a request, as it may
/// at any time between two (RFC 9112, section 9.5).
fn is_stale(error: &HttpError) -> bool {
    match error {
        HttpError::Closed => true,
        HttpError::Stream(Error::Io(IoError::Closed | IoError::Truncated | IoError::EndUntold)) => {
            true
        }
        HttpError::Stream(Error::Io(IoError::Os(error))) => error.kind == OsErrorKind::Reset,
        _ => false,
    }
}

/// What the Host field has: the name that the server must prove, if it was given one.
fn authority(job: &Job) -> String {
    let name = match &job.server_name {
        Some(name) => name.to_text(),
        None => job.host.clone(),
    };
    Authority::new(Scheme::Https, &name, job.port).to_string()
}

impl Posts {
    const fn count(&mut self, status: u16) {
        if matches!(status, 200..=299) {
            self.taken += 1;
        } else {
            self.refused += 1;
            self.refusal = Some(status);
        }
    }
}

impl fmt::Display for PostEvent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connected(session) => write!(
                f,
                "connected to {} by {}, {}{}",
                session.peer,
                session.version,
                session.suite_text(),
                if session.resumed {
                    ", resumed"
                } else {
                    ", not resumed"
                }
            ),
            Self::Again { message } => write!(
                f,
                "the server had closed the connection: message {message} is sent again"
            ),
            Self::Answered {
                message,
                of,
                status,
                bytes,
            } => write!(
                f,
                "message {message} of {of}, {bytes} bytes: status {status}{}",
                match status {
                    200..=299 => ", taken",
                    _ => ", NOT taken",
                }
            ),
        }
    }
}

impl fmt::Display for Posts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} messages posted and taken, on {} connections, of which {} resumed a session",
            self.taken, self.connections, self.resumed
        )
    }
}
