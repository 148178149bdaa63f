// SPDX-License-Identifier: Apache-2.0

//! The role of a client: what it connects with, and then its task, once or again and again.

use secure_socket::Client;
use secure_socket::diagnosis::Peer;
use zephyr_backend::Zephyr;

use crate::error::StartError;
#[cfg(CONFIG_SECURE_SOCKETS_REPEAT)]
use crate::link::Device;
use crate::settings::Settings;
use crate::task::Lasting;
#[cfg(CONFIG_SECURE_SOCKETS_EXAMPLES)]
use crate::task::Task;

pub(crate) fn run(settings: &Settings) -> Result<(), StartError> {
    let job = &settings.job;
    let backend = Zephyr::new(settings.tag(Peer::Client)?).with_earliest(secure_sockets::BUILT);
    #[cfg(all(CONFIG_SECURE_SOCKETS_EXAMPLES, CONFIG_SECURE_SOCKETS_TLS_OFFLOADED))]
    if matches!(settings.task, Task::Example(_)) {
        crate::go_online(settings)?;
    }
    #[cfg(CONFIG_SECURE_SOCKETS_EXAMPLES)]
    if let Task::Example(example) = settings.task {
        return example.run(&backend, settings);
    }
    let client = prepare(settings, &backend)?;
    #[cfg(CONFIG_SECURE_SOCKETS_TLS_OFFLOADED)]
    crate::go_online(settings)?;
    log::info!(
        "connecting to {} port {} in mode {} ({})",
        job.host,
        job.port,
        job.mode.number(),
        job.mode,
    );
    let mut lasting = Lasting::default();
    let mut once = || settings.task.run(&backend, &client, settings, &mut lasting);
    #[cfg(CONFIG_SECURE_SOCKETS_REPEAT)]
    if let Some(repeat) = &settings.repeat {
        let end = secure_sockets::keep_on(&Device, repeat, settings.link_limit, once);
        return Err(end);
    }
    once()
}

// Apart: what it has on the stack is not to be there during handshakes.
#[inline(never)]
fn prepare<'b>(settings: &Settings, backend: &'b Zephyr) -> Result<Client<'b, Zephyr>, StartError> {
    let credentials = settings.credentials.load(settings, Peer::Client, backend)?;
    Ok(secure_sockets::client(backend, &settings.job, credentials)?)
}
