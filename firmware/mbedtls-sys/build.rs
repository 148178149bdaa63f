// SPDX-License-Identifier: Apache-2.0

//! Binds the Mbed TLS of Zephyr's build: its include directories and configuration are in
//! a file that `zephyr/CMakeLists.txt` writes, and in what zephyr-lang-rust passes.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use bindgen::callbacks::{IntKind, ParseCallbacks};

type Result<T> = std::result::Result<T, String>;

fn main() {
    if let Err(sentence) = run() {
        println!("cargo::error={sentence}");
        std::process::exit(1);
    }
}

fn run() -> Result<()> {
    println!("cargo::rerun-if-changed=wrapper.h");
    let config = variable("DOTCONFIG")?;
    // What Kconfig says, of Mbed TLS too.
    println!("cargo::rerun-if-changed={config}");
    let config = fs::read_to_string(&config).map_err(|error| format!("{config}: {error}"))?;
    let is_set = |symbol: &str| config.lines().any(|line| line == format!("{symbol}=y"));
    // The build script of zephyr-backend says the same, and either may be the first.
    if !is_set("CONFIG_SECURE_SOCKETS") {
        return Err(
            "CONFIG_SECURE_SOCKETS is off, and with it what this crate binds: set it to y in \
             prj.conf (docs/your-application.md)"
                .into(),
        );
    }
    if is_set("CONFIG_SECURE_SOCKETS_TLS_OFFLOADED") {
        // TLS is the modem's, and no Mbed TLS need be there to be bound.
        println!("cargo::metadata=absent=1");
        let out = PathBuf::from(variable("OUT_DIR")?).join("bindings.rs");
        return fs::write(&out, "").map_err(|error| format!("{}: {error}", out.display()));
    }
    let generated = variable("BINARY_DIR_INCLUDE_GENERATED")?;
    let flags = Path::new(&generated).join("secure-sockets-mbedtls-flags.txt");
    println!("cargo::rerun-if-changed={}", flags.display());
    let flags =
        fs::read_to_string(&flags).map_err(|error| format!("{}: {error}", flags.display()))?;

    let mut bindings = bindgen::builder()
        .header("wrapper.h")
        .use_core()
        .clang_arg(format!("--target={}", clang_target(&variable("TARGET")?)))
        // As zephyr-sys does: on native_sim the C library is the host's, whose headers
        // do not go with this target.
        .clang_arg(format!(
            "-I{}/lib/libc/minimal/include",
            variable("ZEPHYR_BASE")?
        ))
        .derive_debug(false)
        .derive_default(false)
        .layout_tests(false)
        .allowlist_function("mbedtls_(ssl|x509_crt|pk|sha256)_.*")
        .allowlist_function("mbedtls_sha256")
        .allowlist_function("psa_(crypto_init|generate_random)")
        .allowlist_var("(MBEDTLS|PSA)_.*")
        .allowlist_type("mbedtls_ssl_(states|protocol_version)")
        .parse_callbacks(Box::new(bindgen::CargoCallbacks::new()))
        .parse_callbacks(Box::new(Features));
    for (prefix, name) in [("-I", "INCLUDE_DIRS"), ("-D", "INCLUDE_DEFINES")] {
        let list = variable(name)?;
        let list = list.split([' ', ';']).filter(|entry| !entry.is_empty());
        bindings = bindings.clang_args(list.map(|entry| format!("{prefix}{entry}")));
    }
    // As the bare-metal ABI for Arm has it, and gcc, which builds Mbed TLS: an enum is as
    // large as it needs to be. clang does not by itself.
    if variable("TARGET")?.starts_with("thumb") {
        bindings = bindings.clang_arg("-fshort-enums");
    }
    bindings = bindings.clang_args(flags.lines().filter(|line| line.len() > 2));
    let bindings = bindings
        .generate()
        .map_err(|error| format!("the headers of Zephyr's Mbed TLS cannot be bound: {error}"))?;
    let out = PathBuf::from(variable("OUT_DIR")?).join("bindings.rs");
    bindings
        .write_to_file(&out)
        .map_err(|error| format!("{}: {error}", out.display()))
}

fn variable(name: &str) -> Result<String> {
    println!("cargo::rerun-if-env-changed={name}");
    env::var(name).map_err(|_| {
        format!("{name} is not set: the firmware is built by Zephyr, with `west build`")
    })
}

/// clang knows no such riscv targets as Rust does.
fn clang_target(target: &str) -> String {
    match target.split_once('-') {
        Some((arch, _)) if arch.starts_with("riscv32") => "riscv32-unknown-none-elf".into(),
        Some((arch, _)) if arch.starts_with("riscv64") => "riscv64-unknown-none-elf".into(),
        _ => target.into(),
    }
}

/// Passes on what `wrapper.h` found Mbed TLS to be built with.
#[derive(Debug)]
struct Features;

impl ParseCallbacks for Features {
    fn int_macro(&self, name: &str, _value: i64) -> Option<IntKind> {
        if let Some(feature) = name.strip_prefix("ZEPHYR_MBEDTLS_HAS_") {
            println!("cargo::metadata={}=1", feature.to_lowercase());
        }
        None
    }
}
