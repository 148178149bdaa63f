// SPDX-License-Identifier: Apache-2.0

//! Tells the program on which day it was built (`src/built.rs`): a clock that shows less
//! was never set.

use std::env;
use std::time::{SystemTime, UNIX_EPOCH};

pub(crate) const DAY: u64 = 24 * 60 * 60;

fn main() {
    println!("cargo::rerun-if-env-changed=SOURCE_DATE_EPOCH");
    // Whatever the program is made of: if it changes, it is built today.
    for path in [
        "src",
        "crates",
        "firmware/src",
        "firmware/zephyr-backend",
        "Cargo.lock",
    ] {
        println!("cargo::rerun-if-changed={path}");
    }
    let given = env::var_os("SOURCE_DATE_EPOCH");
    match built(given.as_ref().map(|text| text.to_string_lossy()).as_deref()) {
        Ok(seconds) => println!("cargo::rustc-env=SECURE_SOCKETS_BUILT={seconds}"),
        Err(sentence) => println!("cargo::error={sentence}"),
    }
}

/// The day of the build, in seconds since 1970: of `given`, as it is by
/// reproducible-builds.org's SOURCE_DATE_EPOCH, or else today.
///
/// To the day, so that two builds of one day are the same, and so that a device whose
/// clock is a little behind this computer's has not come too early.
pub(crate) fn built(given: Option<&str>) -> Result<u64, String> {
    let seconds = match given {
        Some(text) => text.parse().map_err(|_| {
            format!("SOURCE_DATE_EPOCH cannot be {text:?}: give seconds since 1970, or unset it")
        })?,
        None => SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_err(|_| "this computer's clock is before 1970: set it".to_owned())?
            .as_secs(),
    };
    Ok(seconds - seconds % DAY)
}
