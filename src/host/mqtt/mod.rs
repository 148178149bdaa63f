// SPDX-License-Identifier: Apache-2.0

//! `mqtt`: publishes to a broker, subscribes, or is a device that does both.

mod args;
mod device;
mod publish;
mod sensor;
mod subscribe;

use mbedtls_backend::{MbedTls, uptime};
use mqtt_client::{Client, Settings};
use secure_socket::backend::Backend;
use secure_socket::diagnosis::Peer;
use secure_sockets::mqtt::{MqttJobError, Tls};
use secure_sockets::{Job, RunError};

pub(crate) use args::{MqttArgs, MqttCommand};

use super::error::HostError;
use super::files;
use args::BrokerArgs;

pub(crate) fn mqtt(args: &MqttArgs, as_json: bool) -> Result<(), HostError> {
    match &args.command {
        MqttCommand::Publish(args) => publish::publish(args, as_json),
        MqttCommand::Subscribe(args) => subscribe::subscribe(args, as_json),
        MqttCommand::Device(args) => device::device(args, as_json),
    }
}

type Broker = Client<Tls<<MbedTls as Backend>::Connection>>;

/// A connection to the broker.
fn connected(args: &BrokerArgs, settings: Settings) -> Result<Broker, HostError> {
    let backend = args.common.policy.backend()?;
    let job = job(args);
    let credentials = files::load(&args.common, Peer::Client, &backend)?;
    let client = secure_sockets::client(&backend, &job, credentials)?;
    let mut broker = Client::new(settings, uptime)
        .map_err(|error| HostError::Run(RunError::MqttJob(MqttJobError::Settings(error))))?;
    let stream = client.connect(&job.host, job.port)?;
    broker.connect(Tls(stream)).map_err(failed)?;
    Ok(broker)
}

fn job(args: &BrokerArgs) -> Job {
    let common = &args.common;
    Job {
        server_name: args.server_name.clone(),
        versions: common.tls,
        suites: common.suites.clone(),
        alpn: common.alpn.clone(),
        timeouts: common.timeouts(),
        ..Job::new(common.mode, &*args.peer.name, args.peer.port)
    }
}

fn failed(error: mqtt_client::Error<secure_socket::Error>) -> HostError {
    HostError::Run(error.into())
}

/// Leaves in order.
fn leave(mut broker: Broker) -> Result<(), HostError> {
    if let Some(Tls(stream)) = broker.disconnect().map_err(failed)? {
        stream.close()?;
    }
    Ok(())
}
