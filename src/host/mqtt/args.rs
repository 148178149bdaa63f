// SPDX-License-Identifier: Apache-2.0

//! The command line of `mqtt`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use mqtt_client::outbox::WhenFull;
use mqtt_client::{Password, Qos, Session, Settings, Will};
use secure_socket::ServerName;
use zeroize::Zeroizing;

use crate::host::cli::CommonArgs;
use crate::host::error::HostError;
use crate::host::files;
use crate::host::names::{Host, parse_server_name};

/// Where a password may be, if in no file.
const PASSWORD: &str = "SECURE_SOCKETS_MQTT_PASSWORD";

#[derive(Args)]
pub(crate) struct MqttArgs {
    #[command(subcommand)]
    pub(crate) command: MqttCommand,
}

#[derive(Subcommand)]
pub(crate) enum MqttCommand {
    /// Publishes messages, and waits until the broker has them
    Publish(PublishArgs),
    /// Prints the messages of topics as they come
    Subscribe(SubscribeArgs),
    /// Is a device: publishes readings, takes commands, comes back when the broker does
    Device(DeviceArgs),
}

#[derive(Args)]
pub(crate) struct BrokerArgs {
    /// The broker, as HOST:PORT, or [IPv6]:PORT
    #[arg(value_name = "HOST:PORT", value_parser = Host::parse)]
    pub(crate) peer: Host,
    /// The name that the broker's certificate must carry [default: HOST]
    #[arg(long, value_name = "NAME", value_parser = parse_server_name)]
    pub(crate) server_name: Option<ServerName>,
    /// The name of the user, if the broker asks for one
    #[arg(long)]
    user: Option<String>,
    /// A file with the user's password [default: that in SECURE_SOCKETS_MQTT_PASSWORD, if any]
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
    /// The longest silence of ours, in seconds; 0 for no limit
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    keep_alive: u16,
    /// The largest packet that is taken from the broker, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 65_536)]
    max_packet: u32,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

/// What is said to the broker by those that are no device.
#[derive(Args)]
pub(crate) struct ClientArgs {
    /// Our name, unique for the broker [default: one of its choice]
    #[arg(long, value_name = "NAME")]
    client_id: Option<String>,
    /// Has the broker keep our session for so long after we have gone
    #[arg(long, value_name = "SECONDS", requires = "client_id")]
    keep_session: Option<u32>,
    /// Where the broker publishes our last will, if we vanish without a word
    #[arg(long, value_name = "TOPIC", requires = "will_message")]
    will_topic: Option<String>,
    /// Our last will
    #[arg(long, value_name = "TEXT", requires = "will_topic")]
    will_message: Option<String>,
    /// Has the broker keep it for later subscribers
    #[arg(long, requires = "will_topic")]
    will_retain: bool,
}

#[derive(Args)]
pub(crate) struct PublishArgs {
    #[command(flatten)]
    pub(crate) broker: BrokerArgs,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
    /// Where to publish
    #[arg(long)]
    pub(crate) topic: String,
    /// A message, once for each [default: each line of standard input]
    #[arg(long = "message", value_name = "TEXT")]
    pub(crate) messages: Vec<String>,
    /// How sure it is to arrive: 0 or 1
    #[arg(long, default_value = "1", value_parser = parse_qos)]
    pub(crate) qos: Qos,
    /// Has the broker keep the message for later subscribers
    #[arg(long)]
    pub(crate) retain: bool,
}

#[derive(Args)]
pub(crate) struct SubscribeArgs {
    #[command(flatten)]
    pub(crate) broker: BrokerArgs,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
    /// Topics, with + and # for any; once for each
    #[arg(long = "topic", value_name = "FILTER", required = true)]
    pub(crate) topics: Vec<String>,
    /// How sure messages are to arrive, at most: 0 or 1
    #[arg(long, default_value = "1", value_parser = parse_qos)]
    pub(crate) qos: Qos,
    /// Ends after so many messages; else goes on until stopped
    #[arg(long)]
    pub(crate) count: Option<u64>,
}

#[derive(Args)]
pub(crate) struct DeviceArgs {
    #[command(flatten)]
    pub(crate) broker: BrokerArgs,
    /// The device's name: its topics are devices/NAME/...
    #[arg(long)]
    pub(crate) name: String,
    /// Milliseconds between two readings
    #[arg(long, default_value_t = 10_000)]
    pub(crate) interval: u32,
    /// Ends after so many readings; else goes on until stopped
    #[arg(long)]
    pub(crate) readings: Option<u32>,
    /// How many readings the queue holds while there is no broker
    #[arg(long, default_value_t = 32)]
    pub(crate) queue: u16,
    /// What to do with a reading when it is full
    #[arg(long, value_enum, default_value_t = Full::DropOldest)]
    pub(crate) when_full: Full,
    /// Milliseconds to wait after a first failure to connect, at most
    #[arg(long, default_value_t = 1000)]
    pub(crate) first_wait: u32,
    /// Milliseconds to wait after many
    #[arg(long, default_value_t = 120_000)]
    pub(crate) longest_wait: u32,
    /// Gives up after so many failures in a row; else never
    #[arg(long)]
    pub(crate) attempts: Option<u32>,
    /// Seconds for which the broker is to keep the session of a device that is away
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    pub(crate) keep_session: u32,
    /// Keeps the TLS sessions of earlier connections, and resumes them
    #[arg(long)]
    pub(crate) resume: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Full {
    /// The oldest reading gives way
    DropOldest,
    /// The new one is dropped
    DropNewest,
    /// No new one is taken until there is room
    Stop,
}

impl From<Full> for WhenFull {
    fn from(full: Full) -> Self {
        match full {
            Full::DropOldest => Self::DropOldest,
            Full::DropNewest => Self::DropNewest,
            Full::Stop => Self::Stop,
        }
    }
}

fn parse_qos(text: &str) -> Result<Qos, &'static str> {
    match text {
        "0" => Ok(Qos::AtMostOnce),
        "1" => Ok(Qos::AtLeastOnce),
        _ => Err("use 0 or 1"),
    }
}

impl BrokerArgs {
    /// What `client_id` is to the broker.
    pub(crate) fn settings(&self, client_id: &str) -> Result<Settings, HostError> {
        Ok(Settings {
            user: self.user.clone(),
            password: self.password()?,
            keep_alive: self.keep_alive,
            max_packet: self.max_packet,
            patience: Duration::from_secs(self.common.io_timeout.into()),
            ..Settings::new(client_id)
        })
    }

    fn password(&self) -> Result<Option<Password>, HostError> {
        if self.user.is_none() {
            return Ok(None);
        }
        let mut bytes = match &self.password_file {
            Some(path) => files::read(path)?,
            None => match std::env::var_os(PASSWORD) {
                Some(text) => Zeroizing::new(text.into_encoded_bytes()),
                None => return Ok(None),
            },
        };
        // The line feed that editors put at the end.
        while bytes
            .last()
            .is_some_and(|byte| matches!(byte, b'\n' | b'\r'))
        {
            bytes.pop();
        }
        Ok(Some(Password::new(bytes)))
    }
}

impl ClientArgs {
    pub(crate) fn settings(&self, broker: &BrokerArgs) -> Result<Settings, HostError> {
        let will = self.will_topic.as_ref().zip(self.will_message.as_ref());
        Ok(Settings {
            session: match self.keep_session {
                Some(seconds) => Session::Kept(Duration::from_secs(seconds.into())),
                None => Session::Clean,
            },
            will: will.map(|(topic, message)| Will {
                topic: topic.clone(),
                message: message.clone().into_bytes(),
                retain: self.will_retain,
            }),
            ..broker.settings(self.client_id.as_deref().unwrap_or_default())?
        })
    }
}
