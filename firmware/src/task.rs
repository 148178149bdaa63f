// SPDX-License-Identifier: Apache-2.0

//! What a client does: `SECURE_SOCKETS_JOB` in Kconfig, or `--job`.
//!
//! Each has a module of its own, with `run()`. Only what was chosen is compiled.

#[cfg(all(CONFIG_SECURE_SOCKETS_ALL_MODES, CONFIG_SECURE_SOCKETS_WITH_SERVER))]
mod duplex;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_ECHO)]
mod echo;
#[cfg(CONFIG_SECURE_SOCKETS_EXAMPLES)]
mod examples;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_HTTPS)]
mod https;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_MQTT)]
mod mqtt;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_READINGS)]
mod readings;

#[cfg(CONFIG_SECURE_SOCKETS_EXAMPLES)]
pub(crate) use examples::Example;
use secure_socket::Client;
use zephyr_backend::Zephyr;

use crate::error::StartError;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_SENSOR)]
use crate::sensor::Sensor;
use crate::settings::Settings;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_MQTT)]
pub(crate) use mqtt::Mqtt;

/// What a client does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    /// Sends messages, and gets each back.
    #[cfg(CONFIG_SECURE_SOCKETS_WITH_ECHO)]
    Echo,
    /// Sends readings of the sensor, and gets each back.
    #[cfg(CONFIG_SECURE_SOCKETS_WITH_READINGS)]
    Readings,
    /// Posts them to a web server.
    #[cfg(CONFIG_SECURE_SOCKETS_WITH_HTTPS)]
    Https,
    /// Sends messages on one thread and gets them back on another. For tests.
    #[cfg(all(CONFIG_SECURE_SOCKETS_ALL_MODES, CONFIG_SECURE_SOCKETS_WITH_SERVER))]
    Duplex,
    /// One of the examples, which make a client of their own.
    #[cfg(CONFIG_SECURE_SOCKETS_EXAMPLES)]
    Example(Example),
    /// Publishes readings of the sensor to a broker, and takes commands.
    #[cfg(CONFIG_SECURE_SOCKETS_WITH_MQTT)]
    Mqtt,
}

/// What lasts from one time that a task is done to the next.
#[derive(Default)]
pub(crate) struct Lasting {
    #[cfg(CONFIG_SECURE_SOCKETS_WITH_SENSOR)]
    sensor: Sensor,
}

/// The one that was chosen in Kconfig.
#[cfg(CONFIG_SECURE_SOCKETS_JOB_ECHO)]
pub(crate) const TASK: Task = Task::Echo;
#[cfg(CONFIG_SECURE_SOCKETS_JOB_READINGS)]
pub(crate) const TASK: Task = Task::Readings;
#[cfg(CONFIG_SECURE_SOCKETS_JOB_HTTPS)]
pub(crate) const TASK: Task = Task::Https;
#[cfg(CONFIG_SECURE_SOCKETS_JOB_MQTT)]
pub(crate) const TASK: Task = Task::Mqtt;

#[cfg(not(any(
    CONFIG_SECURE_SOCKETS_JOB_ECHO,
    CONFIG_SECURE_SOCKETS_JOB_HTTPS,
    CONFIG_SECURE_SOCKETS_JOB_MQTT,
    CONFIG_SECURE_SOCKETS_JOB_READINGS,
)))]
compile_error!("no job is chosen in Kconfig (SECURE_SOCKETS_JOB)");

impl Task {
    /// The one of this name, if the image has it.
    #[cfg(CONFIG_SECURE_SOCKETS_HOSTED)]
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        match name {
            #[cfg(CONFIG_SECURE_SOCKETS_WITH_ECHO)]
            "echo" => Some(Self::Echo),
            #[cfg(CONFIG_SECURE_SOCKETS_WITH_READINGS)]
            "readings" => Some(Self::Readings),
            #[cfg(CONFIG_SECURE_SOCKETS_WITH_HTTPS)]
            "https" => Some(Self::Https),
            #[cfg(all(CONFIG_SECURE_SOCKETS_ALL_MODES, CONFIG_SECURE_SOCKETS_WITH_SERVER))]
            "duplex" => Some(Self::Duplex),
            #[cfg(CONFIG_SECURE_SOCKETS_WITH_MQTT)]
            "mqtt" => Some(Self::Mqtt),
            #[cfg(CONFIG_SECURE_SOCKETS_EXAMPLES)]
            name => Example::of_name(name).map(Self::Example),
            #[cfg(not(CONFIG_SECURE_SOCKETS_EXAMPLES))]
            _ => None,
        }
    }

    /// Does it, once.
    #[cfg_attr(not(CONFIG_SECURE_SOCKETS_WITH_SENSOR), allow(unused_variables))]
    pub(crate) fn run(
        self,
        backend: &Zephyr,
        client: &Client<'_, Zephyr>,
        settings: &Settings,
        lasting: &mut Lasting,
    ) -> Result<(), StartError> {
        match self {
            #[cfg(CONFIG_SECURE_SOCKETS_WITH_ECHO)]
            Self::Echo => echo::run(client, &settings.job),
            #[cfg(CONFIG_SECURE_SOCKETS_WITH_READINGS)]
            Self::Readings => readings::run(backend, client, &settings.job, &mut lasting.sensor),
            #[cfg(CONFIG_SECURE_SOCKETS_WITH_HTTPS)]
            Self::Https => https::run(backend, client, settings, &mut lasting.sensor),
            #[cfg(all(CONFIG_SECURE_SOCKETS_ALL_MODES, CONFIG_SECURE_SOCKETS_WITH_SERVER))]
            Self::Duplex => duplex::run(client, &settings.job),
            #[cfg(CONFIG_SECURE_SOCKETS_EXAMPLES)]
            // It needs no client of ours: the role has run it.
            Self::Example(_) => Ok(()),
            #[cfg(CONFIG_SECURE_SOCKETS_WITH_MQTT)]
            Self::Mqtt => mqtt::run(backend, client, settings, &mut lasting.sensor),
        }
    }
}
