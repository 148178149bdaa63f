// SPDX-License-Identifier: Apache-2.0

//! The backend against independent peers on loopback: OpenSSL and GnuTLS.
//!
//! One binary for all, since linking takes longer than running.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod admission;
mod as_client;
mod as_server;
mod cases;
mod clock;
mod crl_url;
mod crl_url_misbehaviour;
mod hostile;
mod ladder;
mod ocsp;
mod ocsp_misbehaviour;
mod openssl_ca;
mod ours;
mod peer;
mod pki;
mod refused_as_client;
mod refused_as_server;
mod resumed;
mod resumed_attacks;
mod resumed_later;
mod resumed_limits;
mod revoked;
mod streams;
mod web;
