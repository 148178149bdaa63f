// SPDX-License-Identifier: Apache-2.0

//! The main job of a device.

use alloc::string::String;
use alloc::vec;

use secure_socket::backend::{Backend, Connection, HandshakeMessage};
use secure_socket::{Client, Stream};

use crate::error::RunError;
use crate::job::Job;
use crate::summary::Summary;

/// Connects once, sends each message of `job` and gets it back before the next, and
/// closes in order. Shows `trace` the messages of the handshake, where the backend
/// can tell them.
///
/// # Errors
///
/// [`RunError`].
pub fn run<B: Backend>(
    client: &Client<'_, B>,
    job: &Job,
    trace: Option<&mut dyn FnMut(&HandshakeMessage)>,
) -> Result<Summary, RunError> {
    run_with(client, job, trace, &mut |number| Ok(job.message(number)))
}

/// As [`run`], with messages of the caller's: `message` gets the number of each, from 1.
///
/// # Errors
///
/// [`RunError`], also of `message`.
pub fn run_with<B: Backend>(
    client: &Client<'_, B>,
    job: &Job,
    trace: Option<&mut dyn FnMut(&HandshakeMessage)>,
    message: &mut dyn FnMut(u16) -> Result<String, RunError>,
) -> Result<Summary, RunError> {
    job.check()?;
    let stream = match trace {
        Some(trace) => client.connect_traced(&job.host, job.port, trace)?,
        None => client.connect(&job.host, job.port)?,
    };
    exchange(stream, job, message)
}

/// Sends the messages, and closes.
// Apart: what it has on the stack is not to be there during the handshake.
#[inline(never)]
fn exchange<C: Connection>(
    stream: Stream<C>,
    job: &Job,
    message: &mut dyn FnMut(u16) -> Result<String, RunError>,
) -> Result<Summary, RunError> {
    let mut bytes = 0;
    for number in 1..=job.messages {
        let message = message(number)?;
        stream.send_all(message.as_bytes())?;
        read_back(&stream, job, number, message.as_bytes())?;
        bytes += message.len();
        log::debug!("message {number} of {} came back", job.messages);
    }
    let session = stream.session().clone();
    stream.close()?;
    Ok(Summary {
        session,
        messages: job.messages,
        bytes,
    })
}

/// Connects once and sends all messages of `job` while they come back, and closes in order.
///
/// `both` calls what it gets, the first on a thread of its own, and returns when both have
/// returned: what either failed with, or nothing.
///
/// # Errors
///
/// What `both` says, or a [`RunError`].
pub fn run_duplex<B: Backend, E: From<RunError>>(
    client: &Client<'_, B>,
    job: &Job,
    both: impl FnOnce(
        &(dyn Fn() -> Result<(), RunError> + Sync),
        &mut dyn FnMut() -> Result<(), RunError>,
    ) -> Result<(), E>,
) -> Result<Summary, E>
where
    B::Connection: Sync,
{
    job.check().map_err(RunError::from)?;
    let stream = client
        .connect(&job.host, job.port)
        .map_err(RunError::from)?;
    let send = || {
        (1..=job.messages).try_for_each(|number| {
            let sent = stream.send_all(job.message(number).as_bytes());
            sent.map_err(RunError::from)
        })
    };
    let mut bytes = 0;
    let mut receive = || {
        (1..=job.messages).try_for_each(|number| {
            let message = job.message(number);
            bytes += message.len();
            read_back(&stream, job, number, message.as_bytes())
        })
    };
    both(&send, &mut receive)?;
    let session = stream.session().clone();
    stream.close().map_err(RunError::from)?;
    Ok(Summary {
        session,
        messages: job.messages,
        bytes,
    })
}

/// Reads as many bytes as `message` has, which must be `message`.
fn read_back<C: Connection>(
    stream: &Stream<C>,
    job: &Job,
    number: u16,
    message: &[u8],
) -> Result<(), RunError> {
    let mut reply = vec![0; message.len()];
    let mut filled = 0;
    while filled < reply.len() {
        let length = stream.receive(&mut reply[filled..])?;
        if length == 0 {
            return Err(RunError::Ended {
                returned: number - 1,
                wanted: job.messages,
            });
        }
        filled += length;
    }
    if reply != message {
        return Err(RunError::Echo {
            message: number,
            returned: number - 1,
        });
    }
    Ok(())
}
