// SPDX-License-Identifier: Apache-2.0

//! Sends readings of the sensor as lines of JSON, and gets each line back.

use alloc::format;

use secure_socket::Client;
use secure_sockets::{Job, Pack};
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
    sensor: &mut Sensor,
) -> Result<(), StartError> {
    for _ in 0..job.connections {
        let summary = secure_sockets::run_with(client, job, None, &mut |_| {
            Ok(format!("{}\n", Pack(&sensor.sample(backend)?)))
        })?;
        printkln!("{summary}");
    }
    Ok(())
}
