// SPDX-License-Identifier: Apache-2.0

//! The application: what a device does with its connection, apart from what it runs
//! on. The firmware and the host program are two ways into the same [`run`].
//!
//! ```text
//! Job + Credentials --client()--> Client --run()--> Summary
//!                                   Server --echo()--> the peer of such a client
//! ```

#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod backoff;
mod built;
mod credentials;
mod echo;
mod error;
mod guests;
mod job;
mod keep_on;
mod link;
pub mod mqtt;
mod outlook;
mod posting;
mod reading;
mod run;
mod summary;

pub use backoff::Backoff;
pub use built::BUILT;
pub use credentials::{Credentials, client, server};
pub use echo::{MAX_LINE, echo};
pub use error::{JobError, MissingCredential, RunError, SensorError};
pub use job::{Job, MAX_CONNECTIONS, MAX_MESSAGES, MAX_TEXT};
pub use keep_on::{Failure, Platform, Repeat, keep_on};
pub use link::{Link, NoLink, wait_for_link};
pub use outlook::Outlook;
pub use posting::{MAX_ANSWER, PostEvent, Posting, Posts, post};
pub use reading::{Pack, Quantity, Reading, SENML_JSON};
pub use run::{run, run_duplex, run_with};
pub use summary::Summary;
