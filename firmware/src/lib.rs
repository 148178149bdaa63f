// SPDX-License-Identifier: Apache-2.0

//! The firmware: what Kconfig says, run over Zephyr's secure sockets.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

#[cfg(CONFIG_SECURE_SOCKETS_WITH_CLIENT)]
mod client;
mod clock;
mod credentials;
mod error;
#[cfg(CONFIG_SECURE_SOCKETS_HOSTED)]
mod hosted;
#[cfg(not(CONFIG_SECURE_SOCKETS_CREDENTIALS_STORED))]
mod image;
mod kconfig;
mod link;
#[cfg(CONFIG_SECURE_SOCKETS_CHECKS_CERTIFICATES)]
mod policy;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_SENSOR)]
mod sensor;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_SERVER)]
mod server;
mod settings;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_CLIENT)]
mod task;

use zephyr::printkln;

use crate::error::StartError;
use crate::settings::{Role, Settings};

zephyr_backend::entry!(main);

fn main() {
    let result = run();
    if let Err(error) = &result {
        printkln!("error: {error}");
    }
    #[cfg(CONFIG_SECURE_SOCKETS_MEASURE_MEMORY)]
    zephyr_backend::measure::print();
    #[cfg(CONFIG_SECURE_SOCKETS_HOSTED)]
    zephyr_backend::hosted::exit(result.is_err().into());
}

fn run() -> Result<(), StartError> {
    if cfg!(any(
        CONFIG_FAKE_ENTROPY_NATIVE_SIM,
        CONFIG_TIMER_RANDOM_GENERATOR,
        CONFIG_TEST_CSPRNG_GENERATOR
    )) {
        log::warn!(
            "INSECURE: random numbers come from a generator for tests here: they can be guessed, \
             and with them every key that is made"
        );
    }
    let settings = Settings::read()?;
    // A modem takes credentials only before: the client sees to it once it has them.
    #[cfg(not(CONFIG_SECURE_SOCKETS_TLS_OFFLOADED))]
    go_online(&settings)?;
    match settings.role {
        #[cfg(CONFIG_SECURE_SOCKETS_WITH_CLIENT)]
        Role::Client => client::run(&settings),
        #[cfg(CONFIG_SECURE_SOCKETS_WITH_SERVER)]
        Role::Server => server::run(&settings, || Ok(())),
        #[cfg(all(CONFIG_SECURE_SOCKETS_WITH_CLIENT, CONFIG_SECURE_SOCKETS_WITH_SERVER))]
        Role::Both => server::run(&settings, || client::run(&settings)),
    }
}

/// Has the link, and the time where it is needed.
fn go_online(settings: &Settings) -> Result<(), StartError> {
    link::bring_up(settings)?;
    settings
        .clock
        .set(clock::is_needed(settings.role, settings.job.mode))
}
