// SPDX-License-Identifier: Apache-2.0

//! The host program: the application of the firmware on a Linux computer, the peer
//! that a device talks to, and the tool that makes test credentials.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod host;

use std::process::ExitCode;

fn main() -> ExitCode {
    host::main()
}
