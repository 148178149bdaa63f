// SPDX-License-Identifier: Apache-2.0

#![doc = include_str!("../README.md")]
//!
//! # Threads
//!
//! Mbed TLS is built without `MBEDTLS_THREADING_C` on either side. Its PSA key slots,
//! and the keys and CA certificates that a configuration shares between connections,
//! are then written to by every handshake. [`Library`] lets one thread in at a time;
//! whatever touches them goes through it.
#![no_std]
// A firmware that leaves TLS to a modem has no Mbed TLS to bind.
#![cfg(not(mbedtls_absent))]

extern crate alloc;

#[cfg(not(any(target_os = "none", firmware_lints)))]
use mbedtls_rs_sys as sys;
#[cfg(any(target_os = "none", firmware_lints))]
use zephyr_mbedtls_sys as sys;

mod alpn;
mod authenticate;
#[cfg(mbedtls_x509)]
mod certificates;
mod config;
mod connection;
mod handle;
mod handshake;
#[cfg(mbedtls_x509)]
mod key;
mod ladder;
mod library;
mod material;
mod mend;
mod resume;
mod session;
#[cfg(not(any(target_os = "none", firmware_lints)))]
mod signature;
mod system;
mod transport;
mod verify;

#[cfg(mbedtls_x509)]
pub use certificates::Certificates;
pub use config::Config;
pub use connection::TlsConnection;
pub use handshake::{Limits, handshake};
#[cfg(mbedtls_x509)]
pub use key::PrivateKey;
pub use library::{Library, Platform, Random, StartError};
pub use material::Material;
pub use session::{Progress, Session, Step, Wait};
#[cfg(not(any(target_os = "none", firmware_lints)))]
pub use signature::verify_signature;
pub use system::{Deadline, Interest, Mutex, Readiness, System};
pub use transport::{Transport, TransportError};
