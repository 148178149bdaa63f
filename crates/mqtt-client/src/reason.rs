// SPDX-License-Identifier: Apache-2.0

//! Why a broker refuses (MQTT 5, section 2.4).

use core::fmt;

use rust_mqtt::types::ReasonCode;

/// A reason code of MQTT 5 (section 2.4); those from 0x80 on are failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Reason(u8);

impl Reason {
    /// A packet that cannot be read.
    pub const MALFORMED_PACKET: Self = Self(0x81);
    /// A packet that may not come, or not now.
    pub const PROTOCOL_ERROR: Self = Self(0x82);
    /// Another client has connected under our name.
    pub const SESSION_TAKEN_OVER: Self = Self(0x8e);
    /// What was sent is larger than the other side takes.
    pub const PACKET_TOO_LARGE: Self = Self(0x95);

    /// The reason with this number.
    #[must_use]
    pub const fn new(code: u8) -> Self {
        Self(code)
    }

    /// Its number.
    #[must_use]
    pub const fn code(self) -> u8 {
        self.0
    }

    /// What it says, in the words of the standard.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.0 {
            0x00 => "success",
            0x01 => "granted QoS 1",
            0x02 => "granted QoS 2",
            0x04 => "disconnected with the last will",
            0x10 => "no subscriber",
            0x11 => "no such subscription",
            0x80 => "unspecified error",
            0x81 => "malformed packet",
            0x82 => "protocol error",
            0x83 => "implementation specific error",
            0x84 => "unsupported protocol version",
            0x85 => "client identifier not valid",
            0x86 => "bad user name or password",
            0x87 => "not authorized",
            0x88 => "server unavailable",
            0x89 => "server busy",
            0x8a => "banned",
            0x8b => "server shutting down",
            0x8c => "bad authentication method",
            0x8d => "keep alive timeout",
            0x8e => "session taken over",
            0x8f => "topic filter invalid",
            0x90 => "topic name invalid",
            0x91 => "packet identifier in use",
            0x92 => "packet identifier not found",
            0x93 => "receive maximum exceeded",
            0x94 => "topic alias invalid",
            0x95 => "packet too large",
            0x96 => "message rate too high",
            0x97 => "quota exceeded",
            0x98 => "administrative action",
            0x99 => "payload format invalid",
            0x9a => "retain not supported",
            0x9b => "QoS not supported",
            0x9c => "use another server",
            0x9d => "server moved",
            0x9e => "shared subscriptions not supported",
            0x9f => "connection rate exceeded",
            0xa0 => "maximum connect time",
            0xa1 => "subscription identifiers not supported",
            0xa2 => "wildcard subscriptions not supported",
            _ => "unknown reason",
        }
    }
}

impl From<ReasonCode> for Reason {
    fn from(code: ReasonCode) -> Self {
        Self(code.value())
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (reason 0x{:02x})", self.name(), self.0)
    }
}
