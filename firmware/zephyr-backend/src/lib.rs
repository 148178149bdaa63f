// SPDX-License-Identifier: Apache-2.0

//! The backend of `secure-socket` over Zephyr's secure sockets (`zsock_*`) and TLS
//! credential store (`tls_credential_*`).
//!
//! All that is foreign is in `sys`: the shim in C (`shim/`) gives it types of one
//! layout and the numbers of the C library that the image is linked with. `shim/wraps.c`
//! tells what Zephyr's sockets keep to themselves.

#![no_std]

extern crate alloc;

mod backend;
mod connection;
mod entry;
pub mod native;
mod prepared;
mod sys;
mod tcp;

pub use backend::{ClockError, Zephyr};
pub use connection::ZephyrConnection;
#[doc(hidden)]
pub use entry::run;
pub use prepared::Prepared;
