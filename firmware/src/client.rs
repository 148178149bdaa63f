// SPDX-License-Identifier: Apache-2.0

//! The role of a client: what it connects with, and then its task.

use secure_socket::diagnosis::Peer;
use zephyr_backend::Zephyr;

use crate::error::StartError;
use crate::settings::Settings;

pub(crate) fn run(settings: &Settings) -> Result<(), StartError> {
    let job = &settings.job;
    let backend = Zephyr::new(settings.tag(Peer::Client)?).with_earliest(secure_sockets::BUILT);
    let credentials = settings
        .credentials
        .load(settings, Peer::Client, &backend)?;
    log::info!(
        "connecting to {} port {} in mode {} ({})",
        job.host,
        job.port,
        job.mode.number(),
        job.mode,
    );
    let client = secure_sockets::client(&backend, job, credentials)?;
    settings.task.run(&backend, &client, settings)
}
