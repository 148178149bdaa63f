// SPDX-License-Identifier: Apache-2.0

//! The firmware: what Kconfig says, run over Zephyr's secure sockets.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod credentials;
mod error;
mod kconfig;
#[cfg(CONFIG_ARCH_POSIX)]
mod native;
mod settings;

use secure_socket::credential::SecTag;
use secure_sockets::Summary;
use zephyr::printkln;
use zephyr_backend::Zephyr;

use crate::error::StartError;

zephyr_backend::entry!(main);

fn main() {
    let result = run();
    match &result {
        Ok(summary) => printkln!("{summary}"),
        Err(error) => printkln!("error: {error}"),
    }
    #[cfg(CONFIG_ARCH_POSIX)]
    zephyr_backend::native::exit(result.is_err().into());
}

fn run() -> Result<Summary, StartError> {
    let settings = settings::Settings::read()?;
    let backend = Zephyr::new(SecTag::new(kconfig::SEC_TAG)?);
    settings.clock.set(&backend)?;
    let credentials = settings.credentials.load(settings.job.mode, &backend)?;
    log::info!(
        "connecting to {} port {} in mode {} ({})",
        settings.job.host,
        settings.job.port,
        settings.job.mode.number(),
        settings.job.mode,
    );
    let client = secure_sockets::client(&backend, &settings.job, credentials)?;
    Ok(secure_sockets::run(&client, &settings.job, None)?)
}
