// SPDX-License-Identifier: Apache-2.0

#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod backend;
pub mod builder;
pub mod client;
pub mod config;
pub mod credential;
pub mod dangerous;
pub mod diagnosis;
pub mod error;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod handshake;
mod mode;
mod name;
pub mod policy;
pub mod resumption;
pub mod revocation;
mod room;
pub mod server;
mod session;
mod stream;
mod suite;
pub mod time;
mod verify;
mod version;
pub mod x509;

pub use client::Client;
pub use error::Error;
pub use mode::{Mode, UnknownMode};
pub use name::{InvalidServerName, MAX_DNS_NAME, ServerName};
pub use server::{Admission, Incoming, Server};
pub use session::{AuthenticatedAs, CertificateIdentity, Session};
pub use stream::Stream;
pub use suite::{CipherSuite, CipherSuites, KeyExchange, MAX_CIPHER_SUITES};
pub use time::{Clock, UnixTime};
pub use version::{TlsVersion, Versions};
pub use x509::CertificateFacts;
