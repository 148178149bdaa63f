// SPDX-License-Identifier: Apache-2.0

//! `mqtt publish`.

use std::io;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use mqtt_client::{Error, Event, Outgoing, PacketId, Reason};
use serde_json::json;

use super::args::PublishArgs;
use super::{Broker, connected, failed, leave};
use crate::host::error::HostError;
use crate::host::output::print;

/// How long to wait for a line or an answer, before the connection is seen to.
const MOMENT: Duration = Duration::from_secs(1);

pub(super) fn publish(args: &PublishArgs, as_json: bool) -> Result<(), HostError> {
    let settings = args.client.settings(&args.broker)?;
    let mut publisher = Publisher {
        broker: connected(&args.broker, settings)?,
        args,
        unanswered: Vec::new(),
        refused: None,
    };
    let count = if args.messages.is_empty() {
        publisher.publish_lines()?
    } else {
        for message in &args.messages {
            publisher.publish(message.as_bytes())?;
        }
        args.messages.len() as u64
    };
    while !publisher.unanswered.is_empty() {
        publisher.take_answer(MOMENT)?;
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
    /// Publishes each line of standard input, and says how many there were. It may be slow:
    /// another thread waits for it, while this one keeps the connection alive.
    fn publish_lines(&mut self) -> Result<u64, HostError> {
        let (send, lines) = mpsc::sync_channel(1);
        thread::spawn(move || {
            for line in io::stdin().lines() {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        let mut count = 0;
        loop {
            match lines.recv_timeout(MOMENT) {
                Ok(line) => {
                    let line = line.map_err(HostError::file("standard input".as_ref()))?;
                    self.publish(line.as_bytes())?;
                    count += 1;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(count),
            }
            self.take_answer(Duration::ZERO)?;
        }
    }

    fn publish(&mut self, payload: &[u8]) -> Result<(), HostError> {
        let message = Outgoing {
            topic: &self.args.topic,
            payload,
            retain: self.args.retain,
        };
        loop {
            match self.broker.publish(message, self.args.qos) {
                Err(Error::WindowFull) => self.take_answer(MOMENT)?,
                sent => {
                    self.unanswered.extend(sent.map_err(failed)?);
                    return Ok(());
                }
            }
        }
    }

    fn take_answer(&mut self, limit: Duration) -> Result<(), HostError> {
        let id = match self.broker.poll(limit).map_err(failed)? {
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
