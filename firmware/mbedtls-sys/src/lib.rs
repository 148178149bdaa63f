// SPDX-License-Identifier: Apache-2.0

//! Bindings of the Mbed TLS that Zephyr's build links. Nothing is linked by this crate.

#![no_std]
#![allow(
    missing_docs,
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    unreachable_pub,
    clippy::all,
    clippy::undocumented_unsafe_blocks,
    unnecessary_transmutes,
    unknown_lints
)]

include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
