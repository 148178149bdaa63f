#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Clippy over the firmware and examples/zephyr, with what Zephyr's build tells cargo, but with this
# computer's toolchain and for this computer: a toolchain that builds core may have no clippy.
#
#   scripts/lint-firmware.sh ALL-MODES MUTUAL EXAMPLE
#
# The builds of three of twister's scenarios, by whose Kconfig it is done.
set -euo pipefail
cd "$(dirname "$0")/.."
all_modes=$(realpath "$1")
mutual=$(realpath "$2")
example=$(realpath "$3")
host=$(env -u RUSTUP_TOOLCHAIN rustc -vV | sed -n 's/^host: //p')

# lint DOTCONFIG [DIRECTORY CARGO-CONFIG-DIRECTORY]
lint() {
  local directory=${2:-firmware} cargo=${3:-$all_modes/firmware/rust}
  # The exception is for bindings that zephyr-lang-rust generates. firmware_lints has the TLS
  # engine take Zephyr's Mbed TLS, although the target is this computer.
  env -u RUSTUP_TOOLCHAIN -u RUSTC_BOOTSTRAP -u CARGO_UNSTABLE_BUILD_STD DOTCONFIG="$1" \
    RUSTFLAGS="-A unnecessary_transmutes --cfg firmware_lints" \
    cargo clippy --manifest-path "$directory/Cargo.toml" --workspace --quiet \
    --config "$cargo/sample-cargo-config.toml" \
    --target "$host" --target-dir target/firmware-clippy -- -D warnings
}

lint "$all_modes/zephyr/.config"
# What no scenario builds, since all of them run on this computer: an image for a board, with
# its credentials in the store.
grep -v '^CONFIG_SECURE_SOCKETS_HOSTED=' "$mutual/zephyr/.config" >"$mutual/board.config"
lint "$mutual/board.config"
# And one that leaves TLS to a modem, which another backend is for.
{
  cat "$mutual/board.config"
  echo CONFIG_SECURE_SOCKETS_TLS_OFFLOADED=y
  echo CONFIG_SECURE_SOCKETS_UNEXAMINED=y
} >"$mutual/modem.config"
lint "$mutual/modem.config"
# And an application of somebody's own.
lint "$example/zephyr/.config" examples/zephyr "$example/rust"
echo "Lints of the firmware: clean"
