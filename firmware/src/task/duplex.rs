// SPDX-License-Identifier: Apache-2.0

//! Sends messages on one thread and gets them back on another, which is one of those that a
//! server would have.

use alloc::format;

use secure_socket::Client;
use secure_sockets::{Job, run_duplex};
use zephyr::printkln;
use zephyr_backend::{Zephyr, workers};

use crate::error::StartError;

// Apart: an image may have other tasks, and their stack is not to come on top.
#[inline(never)]
pub(crate) fn run(client: &Client<'_, Zephyr>, job: &Job) -> Result<(), StartError> {
    let summary = run_duplex(client, job, |send, receive| {
        let mut received = Ok(());
        let sent = workers::beside(send, || received = receive())
            .map_err(|error| StartError::Setting(format!("--job=duplex: {error}")))?;
        sent.and(received).map_err(StartError::from)
    })?;
    printkln!("{summary}");
    Ok(())
}
