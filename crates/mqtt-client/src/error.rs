// SPDX-License-Identifier: Apache-2.0

//! What goes wrong between us and a broker.

use alloc::string::String;
use core::fmt;

use crate::reason::Reason;

/// What goes wrong between us and a broker; `E` is the stream's error.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error<E> {
    /// The stream broke.
    Stream(E),
    /// The broker closed the connection without DISCONNECT.
    Ended,
    /// The broker answered CONNECT with a refusal.
    Refused(Reason, Option<String>),
    /// The broker said DISCONNECT.
    Disconnected(Reason, Option<String>),
    /// What the broker sent is no MQTT 5, or more than was allowed
    /// ([`Reason::PACKET_TOO_LARGE`]). The connection was dropped, after a DISCONNECT with
    /// this reason where there still was a way to say one.
    Violation(Reason),
    /// The broker did not do in time what it has to.
    Silent(Silence),
    /// There was no memory for what the broker sent.
    OutOfMemory,
    /// There is no connection.
    NotConnected,
    /// There is a connection already.
    Connected,
    /// So many messages wait for an answer as the broker, or we, can keep apart: send again
    /// once one is acknowledged. The connection goes on.
    WindowFull,
    /// The message is larger than the broker takes. The connection goes on.
    TooLarge,
    /// The broker said that it does not do this. The connection goes on.
    Unsupported(&'static str),
    /// The topic is empty, too long, or has in it what it must not. The connection goes on.
    Topic,
    /// No message with this identifier is in flight. The connection goes on.
    NotInFlight,
}

/// What a broker did not do in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Silence {
    /// Answer CONNECT.
    Connect,
    /// Answer PINGREQ.
    Ping,
    /// Send a packet to its end.
    Packet,
}

impl<E> Error<E> {
    /// Whether the connection goes on.
    #[must_use]
    pub const fn is_harmless(&self) -> bool {
        matches!(
            self,
            Self::WindowFull
                | Self::TooLarge
                | Self::Unsupported(_)
                | Self::Topic
                | Self::NotInFlight
                | Self::Connected
        )
    }
}

impl<E: fmt::Display> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stream(error) => error.fmt(f),
            Self::Ended => f.write_str("the broker closed the connection without a word"),
            Self::Refused(reason, text) => {
                write!(f, "the broker refused the connection: {reason}")?;
                said(text, f)
            }
            Self::Disconnected(reason, text) => {
                write!(f, "the broker ended the connection: {reason}")?;
                said(text, f)
            }
            Self::Violation(Reason::PACKET_TOO_LARGE) => {
                f.write_str("the broker sent a packet larger than was allowed")
            }
            Self::Violation(reason) => write!(f, "what the broker sent is no MQTT 5: {reason}"),
            Self::Silent(Silence::Connect) => {
                f.write_str("the broker did not answer CONNECT in time")
            }
            Self::Silent(Silence::Ping) => {
                f.write_str("the broker did not answer PINGREQ in time: it is taken for gone")
            }
            Self::Silent(Silence::Packet) => {
                f.write_str("the broker stopped in the middle of a packet")
            }
            Self::OutOfMemory => f.write_str("out of memory for what the broker sent"),
            Self::NotConnected => f.write_str("there is no connection to the broker"),
            Self::Connected => f.write_str("there is a connection to the broker already"),
            Self::WindowFull => {
                f.write_str("too many messages wait for the broker's acknowledgement")
            }
            Self::TooLarge => f.write_str("the message is larger than the broker takes"),
            Self::Unsupported(what) => write!(f, "the broker does not support {what}"),
            Self::Topic => f.write_str(
                "the topic is empty, longer than 65535 bytes, or has a NUL or a wildcard where \
                 none may be",
            ),
            Self::NotInFlight => f.write_str("no such message is on its way"),
        }
    }
}

/// What a broker says may be anything: no control characters.
fn said(text: &Option<String>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match text {
        Some(text) => write!(f, ": {}", text.escape_debug()),
        None => Ok(()),
    }
}

impl<E: fmt::Debug + fmt::Display> core::error::Error for Error<E> {}
