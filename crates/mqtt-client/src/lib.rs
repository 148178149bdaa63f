// SPDX-License-Identifier: Apache-2.0

#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

extern crate alloc;
#[cfg(any(test, feature = "fuzzing"))]
extern crate std;

mod client;
mod error;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod link;
mod memory;
pub mod outbox;
mod reason;
mod settings;
#[cfg(test)]
mod tests;

pub use client::{Client, Connected, Event, Message, Outgoing, PacketId, Qos, WINDOW};
pub use error::{Error, Silence};
pub use link::{Transport, Uptime};
pub use reason::Reason;
pub use settings::{InvalidSettings, MIN_PACKET, Password, Session, Settings, Will};
