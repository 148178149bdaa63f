// SPDX-License-Identifier: Apache-2.0

//! The role of a client: the main job.

use secure_socket::diagnosis::Peer;
use zephyr::printkln;
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
    for _ in 0..job.connections {
        let summary = secure_sockets::run(&client, job, None)?;
        printkln!("{summary}");
    }
    Ok(())
}
