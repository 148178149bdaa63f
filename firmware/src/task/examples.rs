// SPDX-License-Identifier: Apache-2.0

//! The examples of `examples/` on a device, with what they need from the settings.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec;

use secure_socket::Mode;
use secure_socket::diagnosis::Peer;
use secure_sockets::{MissingCredential, RunError};
use zephyr::printkln;
use zephyr_backend::Zephyr;

use crate::error::StartError;
use crate::settings::Settings;

#[path = "../../../examples/https_get.rs"]
mod https_get;
#[path = "../../../examples/mqtt_publish.rs"]
mod mqtt_publish;
#[path = "../../../examples/raw_echo.rs"]
mod raw_echo;

/// One of them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Example {
    HttpsGet,
    MqttPublish,
    RawEcho,
}

impl Example {
    /// The one of this name.
    #[cfg(CONFIG_SECURE_SOCKETS_HOSTED)]
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        match name {
            "example-https-get" => Some(Self::HttpsGet),
            "example-mqtt-publish" => Some(Self::MqttPublish),
            "example-raw-echo" => Some(Self::RawEcho),
            _ => None,
        }
    }

    // Apart: an image may have other tasks, and their stack is not to come on top.
    #[inline(never)]
    pub(crate) fn run(self, backend: &Zephyr, settings: &Settings) -> Result<(), StartError> {
        let credentials = settings.credentials.load(settings, Peer::Client, backend)?;
        let job = &settings.job;
        let peer = (job.host.as_str(), job.port);
        let failed = |error: alloc::boxed::Box<dyn core::error::Error>| {
            StartError::Setting(error.to_string())
        };
        match self {
            Self::HttpsGet => {
                let trust = need(credentials.trust, job.mode, "a CA certificate to trust")?;
                let (path, mut body) = (&settings.posting.path, vec![0; 1024]);
                let length =
                    https_get::get(backend, trust, peer, path, &mut body).map_err(failed)?;
                let text = String::from_utf8_lossy(body.get(..length).unwrap_or_default());
                printkln!("{length} bytes: {text}");
            }
            Self::MqttPublish => {
                let trust = need(credentials.trust, job.mode, "a CA certificate to trust")?;
                let identity = need(credentials.identity, job.mode, "a certificate")?;
                let topic = format!("devices/{}/example", settings.mqtt.name);
                let clock = zephyr_backend::uptime;
                let message = (topic.as_str(), job.text.as_str());
                mqtt_publish::publish((backend, clock), (trust, identity), peer, message)
                    .map_err(failed)?;
                printkln!("the broker has it");
            }
            Self::RawEcho => {
                let psk = need(credentials.psk, job.mode, "a pre-shared key")?;
                let text = job.text.as_bytes();
                let came_back = raw_echo::echo(backend, psk, peer, text).map_err(failed)?;
                printkln!("came back: {came_back}");
            }
        }
        Ok(())
    }
}

fn need<T>(credential: Option<T>, mode: Mode, what: &'static str) -> Result<T, StartError> {
    let missing = RunError::Missing(MissingCredential { mode, what });
    credential.ok_or(StartError::Run(missing))
}
