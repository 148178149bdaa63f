// SPDX-License-Identifier: Apache-2.0

//! Kconfig's values, and the file with the CA certificates, for `env!`.

use std::path::Path;
use std::{env, fs};

fn main() {
    if let Err(sentence) = run() {
        println!("cargo::error={sentence}");
        std::process::exit(1);
    }
}

fn run() -> Result<(), String> {
    println!("cargo::rerun-if-env-changed=DOTCONFIG");
    let path = env::var("DOTCONFIG").map_err(|_| "Zephyr builds this, with `west build`")?;
    println!("cargo::rerun-if-changed={path}");
    let config = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    let lines = config.lines().filter_map(|line| line.split_once('='));
    for (symbol, value) in lines.filter(|(symbol, _)| symbol.starts_with("CONFIG_EXAMPLE_")) {
        let value = value.trim_matches('"');
        println!("cargo::rustc-env={symbol}={value}");
        if symbol == "CONFIG_EXAMPLE_CA_FILE" {
            // join() takes an absolute path as it is.
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(value);
            let file = file.canonicalize().map_err(|error| {
                format!(
                    "{symbol} is {value:?}: {error} (for tests: `cargo run -- pki credentials`)"
                )
            })?;
            println!("cargo::rustc-env=CA_FILE={}", file.display());
        }
    }
    Ok(())
}
