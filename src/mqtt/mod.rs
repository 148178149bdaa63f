// SPDX-License-Identifier: Apache-2.0

//! A device as a client of an MQTT broker: it publishes readings, and takes commands.
//!
//! ```text
//! PREFIX/readings   what is measured, QoS 1, kept in a queue until the broker has it
//! PREFIX/commands   what is to be done, QoS 1
//! PREFIX/replies    what became of it, QoS 0
//! PREFIX/status     "online", or by the broker "offline" (last will), retained
//! ```

mod command;
mod job;
mod note;
mod run;
#[cfg(all(test, feature = "host"))]
mod tests;
mod tls;

pub use command::{Command, CommandError, MAX_INTERVAL, MIN_INTERVAL};
pub use job::{MAX_QUEUE, MqttJob, MqttJobError};
pub use note::{MqttSummary, Note};
pub use run::{Device, run};
pub use tls::Tls;
