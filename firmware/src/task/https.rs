// SPDX-License-Identifier: Apache-2.0

//! Posts readings of the sensor to an HTTPS server.

use alloc::format;

use secure_socket::Client;
use secure_socket::backend::Backend as _;
use secure_sockets::{Job, Pack, Posting};
use zephyr::printkln;
use zephyr_backend::Zephyr;

use crate::error::StartError;
use crate::sensor::Sensor;

/// `job.messages` samples on each of `job.connections` connections.
// Apart: an image may have other tasks, and their stack is not to come on top.
#[inline(never)]
pub(crate) fn run(
    backend: &Zephyr,
    client: &Client<'_, Zephyr>,
    job: &Job,
    posting: &Posting,
) -> Result<(), StartError> {
    let mut sensor = Sensor::new();
    let posts = secure_sockets::post(
        client,
        job,
        posting,
        &mut |_| Ok(format!("{}", Pack(&sensor.sample(backend)?))),
        &mut |time| backend.pause(time),
        &mut |event| printkln!("{event}"),
    )?;
    printkln!("{posts}");
    Ok(())
}
