// SPDX-License-Identifier: Apache-2.0

//! The backend of `secure-socket` over Zephyr's secure sockets (`zsock_*`) and TLS
//! credential store (`tls_credential_*`).
//!
//! All that is foreign is in `sys`: the shim in C (`shim/`) gives it types of one
//! layout and the numbers of the C library that the image is linked with. `shim/wraps.c`
//! tells what Zephyr's sockets keep to themselves.
//!
//! With `CONFIG_SECURE_SOCKETS_TLS_OFFLOADED` all of TLS is the platform's, and another, smaller
//! backend (`offloaded`) of the same name takes its place.

#![no_std]

extern crate alloc;

#[cfg(not(CONFIG_SECURE_SOCKETS_TLS_OFFLOADED))]
mod backend;
#[cfg(not(CONFIG_SECURE_SOCKETS_TLS_OFFLOADED))]
mod connection;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_SERVER)]
mod credentials;
mod entry;
#[cfg(CONFIG_SECURE_SOCKETS_HOSTED)]
pub mod hosted;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_SERVER)]
mod library;
pub mod link;
#[cfg(CONFIG_SECURE_SOCKETS_MEASURE_MEMORY)]
pub mod measure;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_MQTT)]
pub mod memory;
#[cfg(CONFIG_SECURE_SOCKETS_TLS_OFFLOADED)]
mod offloaded;
#[cfg(not(CONFIG_SECURE_SOCKETS_TLS_OFFLOADED))]
mod prepared;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_SENSOR)]
pub mod sensor;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_SERVER)]
mod server;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_SNTP)]
pub mod sntp;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_SERVER)]
mod socket;
#[cfg(not(CONFIG_SECURE_SOCKETS_TLS_OFFLOADED))]
mod store;
#[cfg(not(CONFIG_SECURE_SOCKETS_TLS_OFFLOADED))]
mod stored;
// What is offloaded needs less of it.
#[cfg_attr(CONFIG_SECURE_SOCKETS_TLS_OFFLOADED, allow(dead_code))]
mod sys;
mod system;
#[cfg(not(CONFIG_SECURE_SOCKETS_TLS_OFFLOADED))]
mod tcp;
#[cfg(CONFIG_SECURE_SOCKETS_SNTP_AGAIN)]
pub mod timekeeper;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_SERVER)]
pub mod workers;

#[cfg(not(CONFIG_SECURE_SOCKETS_TLS_OFFLOADED))]
pub use backend::Zephyr;
#[cfg(not(CONFIG_SECURE_SOCKETS_TLS_OFFLOADED))]
pub use connection::ZephyrConnection;
#[doc(hidden)]
pub use entry::run;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_SERVER)]
pub use library::{Heap, heap};
#[cfg(CONFIG_SECURE_SOCKETS_TLS_OFFLOADED)]
pub use offloaded::{Prepared, Zephyr, ZephyrConnection, provision};
#[cfg(not(CONFIG_SECURE_SOCKETS_TLS_OFFLOADED))]
pub use prepared::Prepared;
#[cfg(CONFIG_SECURE_SOCKETS_WITH_SERVER)]
pub use server::{Listener, ServedConnection};
#[cfg(CONFIG_SECURE_SOCKETS_WITH_SERVER)]
pub use socket::{Socket, Tcp};
#[cfg(not(CONFIG_SECURE_SOCKETS_TLS_OFFLOADED))]
pub use store::provision;
pub use system::{NoClock, random_u32, set_clock, sleep};

/// The time since the system started.
#[must_use]
pub fn uptime() -> core::time::Duration {
    core::time::Duration::from_millis(u64::try_from(sys::ss_uptime()).unwrap_or(0))
}
