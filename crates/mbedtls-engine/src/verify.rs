// SPDX-License-Identifier: Apache-2.0

//! The peer's certificates, as Mbed TLS shows them during a handshake.

#[cfg(mbedtls_x509)]
mod chain;
#[cfg(mbedtls_x509)]
mod shown;
#[cfg(mbedtls_x509)]
pub(crate) use shown::{Leaf, handshake_step, set_name, show_what_came_late};

#[cfg(not(mbedtls_x509))]
mod none;
#[cfg(not(mbedtls_x509))]
pub(crate) use none::{Leaf, handshake_step, set_name, show_what_came_late};
