#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Builds the firmware and runs its scenarios with twister. Called by ./check, with
# Zephyr's environment.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${TWISTER_OUT:-twister-out}
extra=()
# Without a west workspace, twister has to be told of the modules.
[ -n "${ZEPHYR_MODULES:-}" ] && extra+=("-x=ZEPHYR_MODULES=$ZEPHYR_MODULES")
command -v ccache >/dev/null 2>&1 || extra+=("-x=USE_CCACHE=0")
python3 "$ZEPHYR_BASE/scripts/twister" --testsuite-root . --platform native_sim/native/64 \
  --outdir "$out" --clobber-output --inline-logs --jobs 2 "${extra[@]}"

# The lints, with what Zephyr's build tells cargo, but with this computer's toolchain and
# for this computer: a toolchain that builds core may have no clippy.
config=$(find "$out" -path '*all_modes*/firmware/rust/sample-cargo-config.toml' -print -quit)
host=$(env -u RUSTUP_TOOLCHAIN rustc -vV | sed -n 's/^host: //p')
# The exception is for bindings that zephyr-lang-rust generates. firmware_lints has the TLS
# engine take Zephyr's Mbed TLS, although the target is this computer.
env -u RUSTUP_TOOLCHAIN -u RUSTC_BOOTSTRAP -u CARGO_UNSTABLE_BUILD_STD \
  RUSTFLAGS="-A unnecessary_transmutes --cfg firmware_lints" \
  cargo clippy --manifest-path firmware/Cargo.toml --workspace --quiet --config "$config" \
  --target "$host" --target-dir target/firmware-clippy -- -D warnings
echo "Lints of the firmware: clean"
