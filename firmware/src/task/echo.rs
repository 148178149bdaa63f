// SPDX-License-Identifier: Apache-2.0

//! Sends messages, and gets each back.

use secure_socket::Client;
use secure_sockets::Job;
use zephyr::printkln;
use zephyr_backend::Zephyr;

use crate::error::StartError;

/// `job.connections` times, one connection after the other.
// Apart: an image may have other tasks, and their stack is not to come on top.
#[inline(never)]
pub(crate) fn run(client: &Client<'_, Zephyr>, job: &Job) -> Result<(), StartError> {
    for _ in 0..job.connections {
        let summary = secure_sockets::run(client, job, None)?;
        printkln!("{summary}");
    }
    Ok(())
}
