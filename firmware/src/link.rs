// SPDX-License-Identifier: Apache-2.0

//! The link, and what the core needs of the platform to do a job again.

use core::time::Duration;

use secure_sockets::{Link, wait_for_link};
use zephyr_backend::link;

use crate::error::StartError;
use crate::settings::Settings;

/// The device.
pub(crate) struct Device;

impl Link for Device {
    fn wait(&self, time: Duration) -> bool {
        link::wait(time)
    }

    fn lacks(&self) -> &'static str {
        link::lacks()
    }

    fn connect(&self) {
        link::connect();
    }
}

#[cfg(CONFIG_SECURE_SOCKETS_REPEAT)]
impl secure_sockets::Platform for Device {
    fn sleep(&self, time: Duration) {
        zephyr_backend::sleep(time);
    }

    fn random(&self) -> u32 {
        zephyr_backend::random_u32()
    }
}

/// Has the link brought up, and waits for it.
pub(crate) fn bring_up(settings: &Settings) -> Result<(), StartError> {
    #[cfg(all(CONFIG_SECURE_SOCKETS_HOSTED, CONFIG_SECURE_SOCKETS_LINK))]
    if let Some((after, time)) = settings.link_cut {
        link::cut(after, time);
    }
    link::start();
    wait_for_link(&Device, settings.link_limit)
        .map(|_| ())
        .map_err(StartError::NoLink)
}
