// SPDX-License-Identifier: Apache-2.0

//! Passes Kconfig on to `cfg`.

use std::env;
use std::fs;

/// The symbols that the code asks with `cfg`.
const SYMBOLS: &[&str] = &[
    "CONFIG_SECURE_SOCKETS_CREDENTIALS_PEM",
    "CONFIG_SECURE_SOCKETS_HOSTED",
    "CONFIG_SECURE_SOCKETS_LINK",
    "CONFIG_SECURE_SOCKETS_MEASURE_MEMORY",
    "CONFIG_SECURE_SOCKETS_SNTP_AGAIN",
    "CONFIG_SECURE_SOCKETS_TLS_OFFLOADED",
    "CONFIG_SECURE_SOCKETS_RESUMPTION",
    "CONFIG_SECURE_SOCKETS_WITH_CERTIFICATES",
    "CONFIG_SECURE_SOCKETS_WITH_MQTT",
    "CONFIG_SECURE_SOCKETS_WITH_SENSOR",
    "CONFIG_SECURE_SOCKETS_WITH_SERVER",
    "CONFIG_SECURE_SOCKETS_WITH_SNTP",
    "CONFIG_SECURE_SOCKETS_WITH_TLS_1_3",
];

fn main() {
    println!("cargo::rerun-if-env-changed=DOTCONFIG");
    for symbol in SYMBOLS {
        println!("cargo::rustc-check-cfg=cfg({symbol})");
    }
    let Ok(path) = env::var("DOTCONFIG") else {
        println!(
            "cargo::error=DOTCONFIG is not set: the firmware is built by Zephyr, with `west build`"
        );
        return;
    };
    println!("cargo::rerun-if-changed={path}");
    match fs::read_to_string(&path) {
        Err(error) => println!("cargo::error={path}: {error}"),
        Ok(text) => {
            for symbol in SYMBOLS {
                if text
                    .lines()
                    .any(|line| line.strip_prefix(symbol) == Some("=y"))
                {
                    println!("cargo::rustc-cfg={symbol}");
                }
            }
        }
    }
}
