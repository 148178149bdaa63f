// SPDX-License-Identifier: Apache-2.0

//! `mqtt device`: what the firmware does, on this computer.

use std::time::Duration;

use mbedtls_backend::uptime;
use mqtt_client::{Session, Settings};
use secure_socket::diagnosis::Peer;
use secure_socket::resumption::ClientSessions;
use secure_sockets::Job;
use secure_sockets::mqtt::{Device, MqttJob, MqttSummary, Note, run};
use serde_json::{Value, json};

use super::args::DeviceArgs;
use super::sensor::Sensor;
use crate::host::error::HostError;
use crate::host::output::print;
use crate::host::{files, json as shown};

pub(super) fn device(args: &DeviceArgs, as_json: bool) -> Result<(), HostError> {
    let common = &args.broker.common;
    let backend = common.policy.backend()?;
    let job = Job {
        resumption: args.resume.then(ClientSessions::new),
        ..super::job(&args.broker)
    };
    let milliseconds = |count: u32| Duration::from_millis(count.into());
    let mqtt = MqttJob {
        settings: Settings {
            session: Session::Kept(Duration::from_secs(args.keep_session.into())),
            ..args.broker.settings(&args.name)?
        },
        interval: milliseconds(args.interval),
        readings: args.readings,
        queue: args.queue,
        when_full: args.when_full.into(),
        first_wait: milliseconds(args.first_wait),
        longest_wait: milliseconds(args.longest_wait),
        attempts: args.attempts,
        ..MqttJob::new(&args.name)
    };
    let credentials = files::load(common, Peer::Client, &backend)?;
    let client = secure_sockets::client(&backend, &job, credentials)?;
    let mut sensor = Sensor::default();
    // That nobody reads ends the program at the end: a device goes on.
    let mut printed = Ok(());
    let mut note = |note: &Note<'_>| {
        printed = match as_json {
            true => print(for_machines(note)),
            false => print(note),
        };
    };
    let device = Device {
        uptime,
        reading: &mut || Ok(sensor.reading(&backend)),
        note: &mut note,
    };
    let summary = run(&backend, &client, &job, mqtt, device)?;
    printed?;
    match as_json {
        true => print(summary_for_machines(&summary)),
        false => print(summary),
    }
}

fn for_machines(note: &Note<'_>) -> Value {
    match note {
        Note::Connected {
            session,
            kept,
            waiting,
        } => json!({
            "connected": shown::session(session),
            "mqtt_session_kept": kept,
            "waiting": waiting,
        }),
        Note::Lost { error, wait } => json!({
            "lost": error.to_string(),
            "wait_ms": wait.as_millis() as u64,
        }),
        other => json!({ "note": other.to_string() }),
    }
}

fn summary_for_machines(summary: &MqttSummary) -> Value {
    json!({
        "readings": summary.readings,
        "delivered": summary.counts.delivered,
        "dropped": summary.counts.dropped,
        "refused": summary.counts.rejected,
        "sent_again": summary.counts.again,
        "sent_anew": summary.counts.anew,
        "connections": summary.connections,
        "tls_sessions_resumed": summary.resumed,
        "mqtt_sessions_kept": summary.kept,
        "commands": summary.commands,
    })
}
