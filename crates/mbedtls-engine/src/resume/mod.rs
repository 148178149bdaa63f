// SPDX-License-Identifier: Apache-2.0

//! Sessions that are resumed.
//!
//! Which may be is decided above the seam; this hands them to Mbed TLS and takes them from
//! it, and watches what Mbed TLS does not: extended master secret, and the cipher suite of
//! a session of TLS 1.2.

#[cfg(mbedtls_resumption)]
mod hello;
#[cfg(mbedtls_resumption)]
mod saved;
#[cfg(mbedtls_resumption)]
mod tickets;
#[cfg(mbedtls_resumption)]
mod watch;
#[cfg(mbedtls_resumption)]
pub(crate) use tickets::{Attended, Counter};
#[cfg(mbedtls_resumption)]
pub(crate) use watch::Resuming;

#[cfg(not(mbedtls_resumption))]
mod none;
#[cfg(not(mbedtls_resumption))]
pub(crate) use none::{Counter, Resuming};
