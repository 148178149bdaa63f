// SPDX-License-Identifier: Apache-2.0

//! Chains: from a server or a file, and what a device would say about them.

mod bystander;
mod fetch;
mod file;
mod judge;

pub(crate) use fetch::fetch;
pub(crate) use file::read;
pub(crate) use judge::{Verdict, can_trust, judge};

/// A certificate in DER, or what is sent as one.
pub(crate) type Der = Vec<u8>;
