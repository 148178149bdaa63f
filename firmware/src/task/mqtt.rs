// SPDX-License-Identifier: Apache-2.0

//! Publishes readings of the sensor to an MQTT broker, and takes commands.

use alloc::format;
use alloc::string::String;
use core::time::Duration;

use mqtt_client::outbox::WhenFull;
use mqtt_client::{Session, Settings as Broker};
use secure_socket::Client;
use secure_sockets::Pack;
use secure_sockets::mqtt::{Device, MqttJob, run as publish};
use zephyr::printkln;
use zephyr_backend::{Zephyr, memory, uptime};

use crate::error::StartError;
use crate::kconfig;
use crate::sensor::Sensor;
use crate::settings::Settings;

/// What of it can be chosen when the device starts, where it runs on a computer.
pub(crate) struct Mqtt {
    pub(crate) name: String,
    pub(crate) interval: u32,
    /// 0: until the device is switched off.
    pub(crate) readings: u32,
    pub(crate) keep_alive: u16,
    pub(crate) session: u32,
    pub(crate) queue: u16,
    pub(crate) when_full: WhenFull,
    pub(crate) first_wait: u32,
    pub(crate) longest_wait: u32,
    /// 0: never gives up.
    pub(crate) attempts: u32,
}

/// What was chosen in Kconfig.
const WHEN_FULL: WhenFull = if cfg!(CONFIG_SECURE_SOCKETS_MQTT_STOP) {
    WhenFull::Stop
} else if cfg!(CONFIG_SECURE_SOCKETS_MQTT_DROP_NEWEST) {
    WhenFull::DropNewest
} else {
    WhenFull::DropOldest
};

impl Mqtt {
    pub(crate) fn from_kconfig() -> Self {
        // Kconfig's `range` holds them to 16 bits.
        let short = |value: u32| u16::try_from(value).unwrap_or(u16::MAX);
        Self {
            name: kconfig::MQTT_NAME.into(),
            interval: kconfig::INTERVAL_MS,
            readings: kconfig::MQTT_READINGS,
            keep_alive: short(kconfig::MQTT_KEEP_ALIVE_S),
            session: kconfig::MQTT_SESSION_S,
            queue: short(kconfig::MQTT_QUEUE),
            when_full: WHEN_FULL,
            first_wait: kconfig::MQTT_FIRST_WAIT_MS,
            longest_wait: kconfig::MQTT_LONGEST_WAIT_MS,
            attempts: kconfig::MQTT_ATTEMPTS,
        }
    }

    fn job(&self) -> MqttJob {
        let milliseconds = |count: u32| Duration::from_millis(count.into());
        MqttJob {
            settings: Broker {
                keep_alive: self.keep_alive,
                session: match self.session {
                    0 => Session::Clean,
                    seconds => Session::Kept(Duration::from_secs(seconds.into())),
                },
                max_packet: kconfig::MQTT_MAX_PACKET,
                ..Broker::new(&*self.name)
            },
            interval: milliseconds(self.interval),
            readings: (self.readings > 0).then_some(self.readings),
            queue: self.queue,
            when_full: self.when_full,
            first_wait: milliseconds(self.first_wait),
            longest_wait: milliseconds(self.longest_wait),
            attempts: (self.attempts > 0).then_some(self.attempts),
            ..MqttJob::new(&self.name)
        }
    }
}

/// Publishes until all that was asked for is with the broker.
// Apart: an image may have other tasks, and their stack is not to come on top.
#[inline(never)]
pub(crate) fn run(
    backend: &Zephyr,
    client: &Client<'_, Zephyr>,
    settings: &Settings,
    sensor: &mut Sensor,
) -> Result<(), StartError> {
    printkln!("memory at the start: {}", memory_in_use());
    let device = Device {
        uptime,
        reading: &mut || Ok(format!("{}", Pack(&sensor.sample(backend)?))),
        note: &mut |note| printkln!("{note}"),
    };
    let summary = publish(backend, client, &settings.job, settings.mqtt.job(), device)?;
    printkln!("{summary}");
    printkln!("memory at the end: {}", memory_in_use());
    Ok(())
}

fn memory_in_use() -> String {
    let shown = |bytes: Option<u64>| match bytes {
        Some(bytes) => format!("{bytes} bytes"),
        None => "not measured".into(),
    };
    format!(
        "TLS heap {}, C heap {}",
        shown(memory::tls()),
        shown(memory::c())
    )
}
