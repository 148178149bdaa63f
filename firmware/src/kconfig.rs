// SPDX-License-Identifier: Apache-2.0

//! Kconfig's values and the credentials compiled in, from `build.rs`.

// An image uses those that its choices need.
#![allow(dead_code)]

include!(concat!(env!("OUT_DIR"), "/config.rs"));
