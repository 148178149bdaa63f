// SPDX-License-Identifier: Apache-2.0

//! Passes Kconfig on to `cfg`, and refuses a Kconfig that the library must not be built with.

use std::collections::HashMap;
use std::env;
use std::fs;

#[path = "build/checks.rs"]
mod checks;

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
    if let Err(sentence) = run() {
        println!("cargo::error={sentence}");
        // Nothing after this could be understood.
        std::process::exit(1);
    }
}

fn run() -> Result<(), String> {
    println!("cargo::rerun-if-env-changed=DOTCONFIG");
    for symbol in SYMBOLS {
        println!("cargo::rustc-check-cfg=cfg({symbol})");
    }
    let config = Config::read()?;
    checks::run(&config)?;
    for symbol in SYMBOLS {
        if config.is_set(symbol) {
            println!("cargo::rustc-cfg={symbol}");
        }
    }
    Ok(())
}

/// The `.config` of the build.
struct Config(HashMap<String, String>);

impl Config {
    fn read() -> Result<Self, String> {
        let path = env::var("DOTCONFIG").map_err(|_| {
            "DOTCONFIG is not set: the firmware is built by Zephyr, with `west build`".to_owned()
        })?;
        println!("cargo::rerun-if-changed={path}");
        let text = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let lines = text.lines().filter(|line| line.starts_with("CONFIG_"));
        Ok(Self(
            lines
                .filter_map(|line| line.split_once('='))
                .map(|(symbol, value)| (symbol.to_owned(), value.to_owned()))
                .collect(),
        ))
    }

    fn is_set(&self, symbol: &str) -> bool {
        self.0.get(symbol).is_some_and(|value| value == "y")
    }

    fn ours(&self, symbol: &str) -> bool {
        self.is_set(&format!("CONFIG_SECURE_SOCKETS_{symbol}"))
    }
}
