// SPDX-License-Identifier: Apache-2.0

//! `mqtt publish`.

use std::io;
use std::time::Duration;

use mqtt_client::{Error, Event, Outgoing, PacketId, Reason};
use serde_json::json;

use super::args::PublishArgs;
use super::{Broker, connected, failed, leave};
use crate::host::error::HostError;
use crate::host::output::print;

pub(super) fn publish(args: &PublishArgs, as_json: bool) -> Result<(), HostError> {
    let settings = args.client.settings(&args.broker)?;
    let mut publisher = Publisher {
        broker: connected(&args.broker, settings)?,
        args,
        unanswered: Vec::new(),
        refused: None,
    };
    let mut count = 0_u64;
    let mut publish = |message: &[u8]| {
        count += 1;
        publisher.publish(message)
    };
    if args.messages.is_empty() {
        for line in io::stdin().lines() {
            let line = line.map_err(HostError::file("standard input".as_ref()))?;
            publish(line.as_bytes())?;
        }
    } else {
        for message in &args.messages {
            publish(message.as_bytes())?;
        }
    }
    while !publisher.unanswered.is_empty() {
        publisher.take_answer()?;
    }
    let left = leave(publisher.broker);
    if let Some(reason) = publisher.refused {
        // A broker may hang up after it has said so.
        return Err(HostError::NotPublished(reason));
    }
    left?;
    if as_json {
        print(json!({ "published": count }))
    } else {
        print(format_args!("{count} messages published"))
    }
}

struct Publisher<'a> {
    broker: Broker,
    args: &'a PublishArgs,
    /// The messages that the broker has yet to answer.
    unanswered: Vec<PacketId>,
    /// Why it would not take one, the last.
    refused: Option<Reason>,
}

impl Publisher<'_> {
    fn publish(&mut self, payload: &[u8]) -> Result<(), HostError> {
        let message = Outgoing {
            topic: &self.args.topic,
            payload,
            retain: self.args.retain,
        };
        loop {
            match self.broker.publish(message, self.args.qos) {
                Err(Error::WindowFull) => self.take_answer()?,
                sent => {
                    self.unanswered.extend(sent.map_err(failed)?);
                    return Ok(());
                }
            }
        }
    }

    fn take_answer(&mut self) -> Result<(), HostError> {
        let id = match self.broker.poll(Duration::from_secs(1)).map_err(failed)? {
            Some(Event::Acknowledged(id)) => id,
            Some(Event::Rejected(id, reason)) => {
                self.refused = Some(reason);
                id
            }
            _ => return Ok(()),
        };
        self.unanswered.retain(|unanswered| *unanswered != id);
        Ok(())
    }
}
