// SPDX-License-Identifier: Apache-2.0

//! What can go wrong with a run, beyond what can with its connection.

use core::fmt;

use secure_socket::{Error, InvalidServerName, Mode};

use crate::job::{MAX_CONNECTIONS, MAX_MESSAGES, MAX_TEXT};
use crate::mqtt::MqttJobError;

/// Why a run failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RunError {
    /// The job cannot be run.
    Job(JobError),
    /// The mode needs a credential that was not given.
    Missing(MissingCredential),
    /// The device cannot publish so.
    MqttJob(MqttJobError),
    /// The connection failed.
    Connection(Error),
    /// There is nothing to send: the sensor has no sample.
    Sensor(SensorError),
    /// The web server gave no answer, or one that will not do.
    Http(http_client::Error<Error>),
    /// The web server did not take some messages.
    Refused {
        /// How many.
        refused: u32,
        /// Of how many.
        of: u32,
        /// The status of its last answer to one of them.
        status: u16,
    },
    /// It failed between us and the broker.
    Mqtt(mqtt_client::Error<Error>),
    /// A reading and its topic have this many bytes, more than a place in the queue.
    ReadingLength(usize),
    /// A message came back as another.
    Echo {
        /// Which one, counted from 1.
        message: u16,
        /// How many messages had come back before.
        returned: u16,
    },
    /// The peer closed the connection, in order, before all messages were back.
    Ended {
        /// How many messages had come back.
        returned: u16,
        /// How many were to.
        wanted: u16,
    },
}

/// What is out of bounds in a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobError {
    /// No host was given.
    NoHost,
    /// The port is 0.
    NoPort,
    /// The number of messages is outside of `1..=MAX_MESSAGES`.
    Messages(u16),
    /// The number of connections is outside of `1..=MAX_CONNECTIONS`.
    Connections(u16),
    /// Sessions are to be resumed in a mode without certificates.
    Resumption(Mode),
    /// The text has this many bytes, more than `MAX_TEXT`.
    TextLength(usize),
    /// The text has a line break or a NUL in it.
    TextLines,
    /// The host cannot serve as the server's name, and no other was given.
    ServerName(InvalidServerName),
}

/// Why there is no sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SensorError {
    /// Its driver says so: an errno of Zephyr's, negative.
    Driver(i32),
    /// It has neither a temperature nor a humidity.
    Nothing,
}

/// A credential that a mode needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingCredential {
    /// The mode.
    pub mode: Mode,
    /// What it needs.
    pub what: &'static str,
}

impl From<Error> for RunError {
    fn from(error: Error) -> Self {
        Self::Connection(error)
    }
}

impl From<http_client::Error<Error>> for RunError {
    fn from(error: http_client::Error<Error>) -> Self {
        match error {
            http_client::Error::Stream(error) => Self::Connection(error),
            error => Self::Http(error),
        }
    }
}

impl From<mqtt_client::Error<Error>> for RunError {
    fn from(error: mqtt_client::Error<Error>) -> Self {
        match error {
            mqtt_client::Error::Stream(error) => Self::Connection(error),
            error => Self::Mqtt(error),
        }
    }
}

impl From<SensorError> for RunError {
    fn from(error: SensorError) -> Self {
        Self::Sensor(error)
    }
}

impl From<JobError> for RunError {
    fn from(error: JobError) -> Self {
        Self::Job(error)
    }
}

impl From<MqttJobError> for RunError {
    fn from(error: MqttJobError) -> Self {
        Self::MqttJob(error)
    }
}

impl From<MissingCredential> for RunError {
    fn from(error: MissingCredential) -> Self {
        Self::Missing(error)
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Job(error) => error.fmt(f),
            Self::Missing(error) => error.fmt(f),
            Self::MqttJob(error) => error.fmt(f),
            Self::Connection(error) => error.fmt(f),
            Self::Sensor(error) => error.fmt(f),
            Self::Http(error) => error.fmt(f),
            Self::Refused {
                refused,
                of,
                status,
            } => write!(
                f,
                "the server did not take {refused} of {of} messages: status {status}"
            ),
            Self::Mqtt(error) => error.fmt(f),
            Self::ReadingLength(length) => write!(
                f,
                "a reading and its topic have {length} bytes, more than a place in the queue"
            ),
            Self::Echo { message, returned } => write!(
                f,
                "message {message} came back as another ({returned} had come back whole): the \
                 peer is no echo server"
            ),
            Self::Ended { returned, wanted } => write!(
                f,
                "the peer closed the connection after {returned} of {wanted} messages"
            ),
        }
    }
}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHost => f.write_str("no peer to connect to was given"),
            Self::NoPort => f.write_str("port 0 cannot be connected to"),
            Self::Messages(count) => {
                write!(
                    f,
                    "{count} messages cannot be sent; it takes 1 to {MAX_MESSAGES}"
                )
            }
            Self::Connections(count) => write!(
                f,
                "{count} connections cannot be made; it takes 1 to {MAX_CONNECTIONS}"
            ),
            Self::Resumption(mode) => write!(
                f,
                "mode {mode} has no session to resume: who the peer is comes from no certificate \
                 there; resume in mode server-auth or mutual"
            ),
            Self::TextLength(length) => {
                write!(
                    f,
                    "the text has {length} bytes; it takes {MAX_TEXT} at most"
                )
            }
            Self::TextLines => f.write_str("the text has a line break or a NUL in it"),
            Self::ServerName(error) => write!(
                f,
                "{error}; give the name that the server's certificate carries"
            ),
        }
    }
}

impl fmt::Display for SensorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Driver(errno) => write!(
                f,
                "the sensor (alias sensor0 of the devicetree) has no sample: error {errno}"
            ),
            Self::Nothing => f.write_str(
                "the sensor (alias sensor0 of the devicetree) measures neither temperature nor \
                 humidity",
            ),
        }
    }
}

impl fmt::Display for MissingCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "mode {} needs {}, and none was given",
            self.mode, self.what
        )
    }
}

impl core::error::Error for RunError {}
impl core::error::Error for JobError {}
impl core::error::Error for SensorError {}
impl core::error::Error for MissingCredential {}
