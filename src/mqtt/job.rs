// SPDX-License-Identifier: Apache-2.0

//! What a device is to publish.

use alloc::string::String;
use core::fmt;
use core::time::Duration;

use mqtt_client::outbox::WhenFull;
use mqtt_client::{InvalidSettings, Settings, Will};

/// The most messages that a queue in RAM holds.
pub const MAX_QUEUE: u16 = 4096;

/// What a device is to publish, and as whom.
pub struct MqttJob {
    /// What it is to the broker. The last will is set by [`MqttJob::new`].
    pub settings: Settings,
    /// What its topics begin with.
    pub prefix: String,
    /// The time between two readings; 0 is as fast as there is room for them.
    pub interval: Duration,
    /// How many readings to publish; `None`: until it is switched off.
    pub readings: Option<u32>,
    /// How many messages the queue holds: `2..=`[`MAX_QUEUE`].
    pub queue: u16,
    /// What to do with a reading for which the queue has no room.
    pub when_full: WhenFull,
    /// How long to wait after a first failure to connect, at most.
    pub first_wait: Duration,
    /// How long to wait after many.
    pub longest_wait: Duration,
    /// After how many failures in a row to give up; `None`: never. A connection that breaks
    /// is one as well, but for the row it begins anew if a reading was delivered over it, or
    /// it lasted as long as the longest wait.
    pub attempts: Option<u32>,
}

/// What is out of bounds in such a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MqttJobError {
    /// What the broker is to be told cannot be.
    Settings(InvalidSettings),
    /// What the topics begin with is empty, longer than 100 bytes, or has a wildcard or a
    /// NUL in it.
    Prefix,
    /// The queue is outside of `2..=MAX_QUEUE`.
    Queue(u16),
    /// There is no memory for the queue.
    Memory(u16),
}

/// The longest prefix of topics: readings have to fit a place in the queue.
const MAX_PREFIX: usize = 100;

impl MqttJob {
    /// A device with this name, which publishes under `devices/NAME`: a reading every ten
    /// seconds, a queue of 32 of which the oldest give way, and waits of 1 second to 2
    /// minutes.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            settings: Settings::new(name),
            prefix: alloc::format!("devices/{name}"),
            interval: Duration::from_secs(10),
            readings: None,
            queue: 32,
            when_full: WhenFull::DropOldest,
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(120),
            attempts: None,
        }
    }

    /// The topic of this name.
    pub(crate) fn topic(&self, name: &str) -> String {
        alloc::format!("{}/{name}", self.prefix)
    }

    /// The last will: that the device is gone.
    pub(crate) fn will(&self) -> Will {
        Will {
            topic: self.topic("status"),
            message: b"offline".to_vec(),
            retain: true,
        }
    }

    /// Refuses what cannot be run.
    ///
    /// # Errors
    ///
    /// [`MqttJobError`].
    pub fn check(&self) -> Result<(), MqttJobError> {
        let prefix = &self.prefix;
        if prefix.is_empty() || prefix.len() > MAX_PREFIX || prefix.contains(['+', '#', '\0']) {
            return Err(MqttJobError::Prefix);
        }
        if !(2..=MAX_QUEUE).contains(&self.queue) {
            return Err(MqttJobError::Queue(self.queue));
        }
        Ok(())
    }
}

impl From<InvalidSettings> for MqttJobError {
    fn from(error: InvalidSettings) -> Self {
        Self::Settings(error)
    }
}

impl fmt::Display for MqttJobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings(error) => error.fmt(f),
            Self::Prefix => write!(
                f,
                "topics cannot begin so: give 1 to {MAX_PREFIX} bytes with no wildcard (+, #) in \
                 them"
            ),
            Self::Queue(size) => write!(
                f,
                "a queue of {size} messages cannot be made; it takes 2 to {MAX_QUEUE}"
            ),
            Self::Memory(size) => {
                write!(f, "there is no memory for a queue of {size} messages")
            }
        }
    }
}

impl core::error::Error for MqttJobError {}
