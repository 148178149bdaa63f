// SPDX-License-Identifier: Apache-2.0

//! Posts readings of the sensor to an HTTPS server.

use alloc::format;

use secure_socket::Client;
use secure_socket::backend::Backend as _;
use secure_sockets::Pack;
use zephyr::printkln;
use zephyr_backend::Zephyr;

use crate::error::StartError;
use crate::sensor::Sensor;
use crate::settings::Settings;

/// `job.messages` samples on each of `job.connections` connections.
// Apart: an image may have other tasks, and their stack is not to come on top.
#[inline(never)]
pub(crate) fn run(
    backend: &Zephyr,
    client: &Client<'_, Zephyr>,
    settings: &Settings,
    sensor: &mut Sensor,
) -> Result<(), StartError> {
    let posts = secure_sockets::post(
        client,
        &settings.job,
        &settings.posting,
        &mut |_| Ok(format!("{}", Pack(&sensor.sample(backend)?))),
        &mut |time| backend.pause(time),
        &mut |event| printkln!("{event}"),
    )?;
    printkln!("{posts}");
    Ok(())
}
