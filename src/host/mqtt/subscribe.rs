// SPDX-License-Identifier: Apache-2.0

//! `mqtt subscribe`.

use std::time::Duration;

use mqtt_client::{Event, Message};
use serde_json::{Value, json};

use super::args::SubscribeArgs;
use super::{connected, failed, leave};
use crate::host::error::HostError;
use crate::host::output::{hex, print};

pub(super) fn subscribe(args: &SubscribeArgs, as_json: bool) -> Result<(), HostError> {
    let settings = args.client.settings(&args.broker)?;
    let mut broker = connected(&args.broker, settings)?;
    let mut left = args.count;
    // The library tells a few apart at once: one after the other, then.
    let mut topics = args.topics.iter();
    let mut asked = topics.next();
    if let Some(topic) = asked {
        broker.subscribe(topic, args.qos).map_err(failed)?;
    }
    while left != Some(0) {
        match broker.poll(Duration::from_secs(60)).map_err(failed)? {
            Some(Event::Subscribed(_, Err(reason))) => {
                let topic = asked.cloned().unwrap_or_default();
                return Err(HostError::NotSubscribed(topic, reason));
            }
            Some(Event::Subscribed(_, Ok(_))) => {
                log::info!("subscribed to {}", asked.map_or("", String::as_str));
                asked = topics.next();
                if let Some(topic) = asked {
                    broker.subscribe(topic, args.qos).map_err(failed)?;
                } else if as_json {
                    print(json!({ "subscribed": args.topics }))?;
                }
            }
            Some(Event::Message(message)) => {
                if as_json {
                    print(for_machines(&message))?;
                } else {
                    print(format_args!(
                        "{} {}",
                        message.topic.escape_debug(),
                        String::from_utf8_lossy(&message.payload).escape_debug()
                    ))?;
                }
                left = left.map(|left| left - 1);
            }
            _ => {}
        }
    }
    leave(broker)
}

fn for_machines(message: &Message) -> Value {
    let (name, payload) = match std::str::from_utf8(&message.payload) {
        Ok(text) => ("payload", text.to_owned()),
        Err(_) => ("payload_hex", hex(&message.payload)),
    };
    json!({
        "topic": message.topic,
        name: payload,
        "retained": message.retained,
        "duplicate": message.duplicate,
    })
}
