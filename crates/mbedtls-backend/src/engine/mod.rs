// SPDX-License-Identifier: Apache-2.0

//! The TLS engine: Mbed TLS behind a safe interface.
//!
//! It knows no transport and needs no `std`: `core`, `alloc`, a [`Lock`] and a
//! [`Transport`] are enough, so that a server on a device may run on it too.
//!
//! Mbed TLS is built without `MBEDTLS_THREADING_C` here. Its PSA key slots, and the
//! keys and CA certificates that a configuration shares between connections, are
//! then written to by every handshake. [`Library`] lets one thread in at a time;
//! whatever touches them goes through it.

mod certificates;
mod config;
mod digest;
mod handle;
mod heap;
mod key;
mod ladder;
mod library;
mod session;
mod transport;
mod verify;

pub use certificates::Certificates;
pub use config::Config;
pub use digest::sha256;
pub use heap::{peak as heap_peak, set_limit as set_heap_limit};
pub use key::PrivateKey;
pub use library::{Library, Lock, StartError};
pub use session::{Progress, Session, Step, Wait};
pub use transport::{Transport, TransportError};

/// What Mbed TLS calls for random numbers: PSA's generator, which is the platform's
/// `mbedtls_psa_external_get_random` in this build.
unsafe extern "C" fn random(
    _context: *mut core::ffi::c_void,
    output: *mut core::ffi::c_uchar,
    length: usize,
) -> core::ffi::c_int {
    // SAFETY: Mbed TLS passes a buffer of `length` writable bytes. With an external
    // generator, PSA keeps no state of its own that this call could race on.
    unsafe { mbedtls_rs_sys::psa_generate_random(output, length) }
}
