// SPDX-License-Identifier: Apache-2.0

//! Publishes a message to an MQTT broker, in mode 3, until the broker says that it has it:
//!
//!     cargo run --example mqtt_publish -- credentials/ec localhost 8883 devices/me hello
//!
//! On a device the backend is `Zephyr`: firmware/src/task/examples.rs.

extern crate alloc;

use alloc::boxed::Box;
use core::error::Error;
use core::time::Duration;

use mqtt_client::{Client, Event, Outgoing, Qos, Settings, Uptime};
use secure_socket::backend::Backend;
use secure_socket::credential::{IdentitySource, Trust};
use secure_socket::{ServerName, client};
use secure_sockets::mqtt::Tls;

/// Publishes with QoS 1. `uptime` is a clock that nobody sets.
pub(crate) fn publish<B: Backend>(
    (backend, uptime): (&B, Uptime),
    (trust, identity): (Trust, IdentitySource),
    (host, port): (&str, u16),
    (topic, text): (&str, &str),
) -> Result<(), Box<dyn Error>> {
    let name = ServerName::new(host)?;
    let builder = client::builder().trust(trust).identity(identity);
    let client = builder.server_name(name).build(backend)?;
    let mut mqtt = Client::new(Settings::new("example"), uptime)?;
    mqtt.connect(Tls(client.connect(host, port)?))?;
    let id = mqtt.publish(Outgoing::new(topic, text.as_bytes()), Qos::AtLeastOnce)?;
    loop {
        match mqtt.poll(Duration::from_secs(10))? {
            Some(Event::Acknowledged(which)) if Some(which) == id => break,
            Some(Event::Rejected(_, reason)) => return Err(alloc::format!("{reason}").into()),
            Some(_) => {}
            None => return Err("the broker did not answer".into()),
        }
    }
    Ok(mqtt.disconnect()?.map_or(Ok(()), |tls| tls.0.close())?)
}

#[cfg(not(target_os = "none"))]
fn main() -> Result<(), Box<dyn Error>> {
    use secure_socket::credential::{CaCertificate, Identity};
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [pki, host, port, topic, text] = &arguments[..] else {
        return Err("give CREDENTIALS-DIRECTORY HOST PORT TOPIC TEXT".into());
    };
    let read = |name| std::fs::read_to_string(std::path::Path::new(pki).join(name));
    let backend = &mbedtls_backend::MbedTls::new()?;
    let ca = CaCertificate::from_pem(&read("ca.pem")?)?.into();
    let us = Identity::from_pem(&read("client.pem")?, &read("client-key.pem")?, backend)?.into();
    let (clock, peer) = (mbedtls_backend::uptime, (host.as_str(), port.parse()?));
    publish((backend, clock), (ca, us), peer, (topic, text))
}
