// SPDX-License-Identifier: Apache-2.0

//! Passes on what the target's Mbed TLS was built with, as `cfg(mbedtls_...)`.

use std::env;

/// As `zephyr-mbedtls-sys` names them, in lower case.
const FEATURES: &[&str] = &[
    "x509",
    "psk",
    "alpn",
    "tls13",
    "tickets",
    "renegotiation",
    "psa",
    "peer_cert",
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let bare = env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "none");
    let zephyr = bare || env::var_os("CARGO_CFG_FIRMWARE_LINTS").is_some();
    println!("cargo::rustc-check-cfg=cfg(mbedtls_absent)");
    if zephyr && env::var_os("DEP_ZEPHYR_MBEDTLS_ABSENT").is_some() {
        println!("cargo::rustc-cfg=mbedtls_absent");
    }
    let mut built_with = Vec::new();
    for feature in FEATURES {
        println!("cargo::rustc-check-cfg=cfg(mbedtls_{feature})");
        let found = format!("DEP_ZEPHYR_MBEDTLS_{}", feature.to_uppercase());
        // mbedtls-rs-sys is built with all of them.
        if !zephyr || env::var_os(found).is_some() {
            println!("cargo::rustc-cfg=mbedtls_{feature}");
            built_with.push(*feature);
        }
    }
    // What is resumed are sessions that certificates began.
    println!("cargo::rustc-check-cfg=cfg(mbedtls_resumption)");
    if ["x509", "tickets"]
        .iter()
        .all(|needed| built_with.contains(needed))
    {
        println!("cargo::rustc-cfg=mbedtls_resumption");
    }
}
