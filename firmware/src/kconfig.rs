// SPDX-License-Identifier: Apache-2.0

//! Kconfig's values and the credentials compiled in, from `build.rs`.

include!(concat!(env!("OUT_DIR"), "/config.rs"));
