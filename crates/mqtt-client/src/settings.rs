// SPDX-License-Identifier: Apache-2.0

//! What a client is to the broker.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use rust_mqtt::types::{MqttString, TopicName};
use zeroize::Zeroizing;

/// The smallest limit of a packet: a CONNACK and a short command fit.
pub const MIN_PACKET: u32 = 128;
/// The longest password and the longest message of a last will, in bytes (MQTT 5, section
/// 1.5.6).
const MAX_BINARY: usize = u16::MAX as usize;

/// What a client is to the broker, and what it expects of it.
pub struct Settings {
    /// Who we are, unique for the broker. A session is kept under this name.
    pub client_id: String,
    /// User name, if the broker asks for one.
    pub user: Option<String>,
    /// Password, if the broker asks for one.
    pub password: Option<Password>,
    /// Whether what we subscribed to and what is on its way outlives a connection.
    pub session: Session,
    /// The longest silence of ours, in seconds: a PINGREQ goes out before. The broker takes
    /// us for gone after one and a half times as much, and publishes the last will. 0: no
    /// limit, and a broker that is gone without a word is not noticed.
    pub keep_alive: u16,
    /// What the broker publishes when the connection ends without DISCONNECT.
    pub will: Option<Will>,
    /// The largest packet that is taken from the broker, in bytes, [`MIN_PACKET`] at least.
    /// A larger one ends the connection.
    pub max_packet: u32,
    /// How long the broker may take to answer CONNECT and PINGREQ, and to send a packet to
    /// its end.
    pub patience: Duration,
}

/// Whether the broker keeps our session (MQTT 5, section 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Session {
    /// Each connection starts anew.
    Clean,
    /// Keeps it for so long after a connection has ended, in whole seconds.
    ///
    /// A device that was reset has lost what it had in flight, and takes the broker's half
    /// of the session on: what was queued for it arrives.
    Kept(Duration),
}

/// A message that the broker publishes for a client that is gone.
pub struct Will {
    /// Where.
    pub topic: String,
    /// What.
    pub message: Vec<u8>,
    /// Whether the broker keeps it for later subscribers.
    pub retain: bool,
}

/// A password: it is wiped when dropped, and not printed.
pub struct Password(Zeroizing<Vec<u8>>);

impl Password {
    /// Takes over what is wiped when it is dropped.
    #[must_use]
    pub const fn new(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// What cannot be sent to a broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidSettings {
    /// A text is longer than 65,535 bytes or has a NUL in it.
    Text(&'static str),
    /// The password or the message of the last will is longer than 65,535 bytes.
    TooLong(&'static str),
    /// The topic of the last will is empty, or has a wildcard in it.
    WillTopic,
    /// The client identifier is empty, and no session can be kept under it.
    NoClientId,
    /// The largest packet is less than [`MIN_PACKET`].
    MaxPacket(u32),
}

impl Settings {
    /// Those of a client with this name: a session kept for an hour, a keep-alive of 60
    /// seconds, packets of 4096 bytes, 10 seconds of patience.
    #[must_use]
    pub fn new(client_id: impl Into<String>) -> Self {
        Self {
            client_id: client_id.into(),
            user: None,
            password: None,
            session: Session::Kept(Duration::from_secs(3600)),
            keep_alive: 60,
            will: None,
            max_packet: 4096,
            patience: Duration::from_secs(10),
        }
    }

    pub(crate) fn check(&self) -> Result<(), InvalidSettings> {
        let text = |what, text| match MqttString::from_str(text) {
            Ok(_) => Ok(()),
            Err(_) => Err(InvalidSettings::Text(what)),
        };
        let binary = |what, bytes: &[u8]| match bytes.len() <= MAX_BINARY {
            true => Ok(()),
            false => Err(InvalidSettings::TooLong(what)),
        };
        text("client identifier", &self.client_id)?;
        if self.client_id.is_empty() && self.session != Session::Clean {
            return Err(InvalidSettings::NoClientId);
        }
        if let Some(user) = &self.user {
            text("user name", user)?;
        }
        if let Some(password) = &self.password {
            binary("password", password.bytes())?;
        }
        if let Some(will) = &self.will {
            text("topic of the last will", &will.topic)?;
            binary("message of the last will", &will.message)?;
            if topic(&will.topic).is_none() {
                return Err(InvalidSettings::WillTopic);
            }
        }
        if self.max_packet < MIN_PACKET {
            return Err(InvalidSettings::MaxPacket(self.max_packet));
        }
        Ok(())
    }
}

/// A topic to publish to.
pub(crate) fn topic(text: &str) -> Option<TopicName<'_>> {
    TopicName::new(MqttString::from_str(text).ok()?)
}

impl fmt::Display for InvalidSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(what) => write!(
                f,
                "the {what} cannot be sent: it has a NUL in it, or more than {MAX_BINARY} bytes"
            ),
            Self::TooLong(what) => write!(f, "the {what} has more than {MAX_BINARY} bytes"),
            Self::WillTopic => {
                f.write_str("the topic of the last will is empty or has a wildcard (+, #) in it")
            }
            Self::NoClientId => f.write_str(
                "a session is kept under the client identifier, which is empty: give one, or \
                 start clean",
            ),
            Self::MaxPacket(size) => write!(
                f,
                "packets of {size} bytes at most are too small: {MIN_PACKET} is the least"
            ),
        }
    }
}

impl core::error::Error for InvalidSettings {}
