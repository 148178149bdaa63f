// SPDX-License-Identifier: Apache-2.0

//! What happens while a device publishes.

use core::fmt;
use core::time::Duration;

use mqtt_client::outbox::Counts;
use secure_socket::{Error, Session};

use crate::error::RunError;
use crate::mqtt::{Command, CommandError};

/// Something that happened. Shown as one line.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Note<'a> {
    /// There is a connection to the broker.
    Connected {
        /// What the TLS handshake agreed on, and whether it resumed a session of TLS.
        session: &'a Session,
        /// The broker has our session of MQTT.
        kept: bool,
        /// How many messages wait in the queue.
        waiting: usize,
    },
    /// There is none any more, or none was to be had.
    Lost {
        /// Why.
        error: &'a RunError,
        /// When there is another attempt.
        wait: Duration,
    },
    /// The broker would not have us subscribe to our commands.
    NoCommands(mqtt_client::Reason),
    /// A command came.
    Command(Result<Command, CommandError>),
    /// A reading was dropped, since the queue is full: the first of a row.
    Full,
    /// The broker will not take a message, which is given up.
    Rejected(mqtt_client::Reason),
    /// The broker cannot take a message, which is given up.
    Impossible(&'a mqtt_client::Error<Error>),
}

impl fmt::Display for Note<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connected {
                session,
                kept,
                waiting,
            } => write!(
                f,
                "connected to the broker: mode {} ({}), {}, {} in {} ms; MQTT session {}; \
                 {waiting} messages wait",
                session.mode.number(),
                session.mode,
                session.version,
                match session.resumed {
                    true => "TLS session resumed",
                    false => "full TLS handshake",
                },
                session.duration.as_millis(),
                match kept {
                    true => "kept",
                    false => "new",
                },
            ),
            Self::Lost { error, wait } => write!(
                f,
                "no connection to the broker: {error}; next attempt in {} ms",
                wait.as_millis()
            ),
            Self::NoCommands(reason) => {
                write!(
                    f,
                    "the broker refused the subscription to commands: {reason}"
                )
            }
            Self::Command(Ok(Command::Interval(interval))) => {
                write!(f, "command: a reading every {} ms", interval.as_millis())
            }
            Self::Command(Ok(Command::Report)) => f.write_str("command: report"),
            Self::Command(Err(error)) => write!(f, "command refused: {error}"),
            Self::Full => f.write_str("the queue is full: readings are dropped"),
            Self::Rejected(reason) => write!(f, "the broker refused a message: {reason}"),
            Self::Impossible(error) => write!(f, "a message cannot be sent: {error}"),
        }
    }
}

/// What a device's publishing came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MqttSummary {
    /// Readings taken.
    pub readings: u32,
    /// What became of the messages.
    pub counts: Counts,
    /// Connections made.
    pub connections: u32,
    /// Of these, how many resumed a session of TLS.
    pub resumed: u32,
    /// And for how many the broker had kept the session of MQTT.
    pub kept: u32,
    /// Commands carried out.
    pub commands: u32,
}

/// One line.
impl fmt::Display for MqttSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = &self.counts;
        write!(
            f,
            "{} readings: {} delivered, {} dropped, {} refused; {} sent again, {} sent anew; \
             {} connections, {} with a TLS session resumed, {} with an MQTT session kept; \
             {} commands",
            self.readings,
            counts.delivered,
            counts.dropped,
            counts.rejected,
            counts.again,
            counts.anew,
            self.connections,
            self.resumed,
            self.kept,
            self.commands,
        )
    }
}
