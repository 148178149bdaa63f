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
# What cargo builds for this computer, if scripts/build-boards.sh has built it already.
tools=$(realpath -q "${BOARDS_OUT:-build-boards}/host-tools" || true)
[ -d "$tools/firmware/rust" ] && extra+=("-x=SECURE_SOCKETS_HOST_TOOLS=$tools")

# chronyd, a server of the time for tests. Unpacked and not installed, where it is not: it
# would set this computer's clock from then on.
if ! command -v chronyd >/dev/null 2>&1 && command -v apt-get >/dev/null 2>&1; then
  mkdir -p target/chrony
  [ -x target/chrony/usr/sbin/chronyd ] ||
    (cd target/chrony && apt-get download -qq chrony && dpkg -x chrony_*.deb .) >/dev/null 2>&1 || true
  PATH=$PATH:$PWD/target/chrony/usr/sbin
fi

# The emulated Cortex-M boards, where their tools are: what is missing, else nothing.
missing_for_arm() {
  command -v qemu-system-arm >/dev/null 2>&1 || echo "qemu-system-arm (Debian: qemu-system-arm)"
  case ${ZEPHYR_TOOLCHAIN_VARIANT:-zephyr} in
    cross-compile)
      [[ $(command -v "${CROSS_COMPILE:-}gcc") == *arm* ]] || echo "an Arm gcc in CROSS_COMPILE"
      ;;
    gnuarmemb)
      [ -x "${GNUARMEMB_TOOLCHAIN_PATH:-}/bin/arm-none-eabi-gcc" ] ||
        echo "arm-none-eabi-gcc in GNUARMEMB_TOOLCHAIN_PATH"
      ;;
    zephyr*) ;;
    *) echo "a toolchain for Arm (ZEPHYR_TOOLCHAIN_VARIANT is $ZEPHYR_TOOLCHAIN_VARIANT)" ;;
  esac
  [ -n "${CARGO_UNSTABLE_BUILD_STD:-}" ] && return
  local target
  for target in thumbv7m-none-eabi thumbv8m.main-none-eabi; do
    [ -d "$(rustc --print target-libdir --target "$target")" ] || echo "rustup target add $target"
  done
}
platforms=(native_sim/native/64)
missing=$(missing_for_arm)
if [ -z "$missing" ]; then
  platforms+=(mps2/an385 mps2/an521/cpu0)
  # Twister goes by the list of toolchains in the board's file, where it is not.
  [ "${ZEPHYR_TOOLCHAIN_VARIANT:-}" != cross-compile ] || extra+=(--force-toolchain)
fi

python3 "$ZEPHYR_BASE/scripts/twister" --testsuite-root . "${platforms[@]/#/--platform=}" \
  --outdir "$out" --clobber-output --inline-logs --jobs 2 "${extra[@]}"

# The lints, with what Zephyr's build tells cargo, but with this computer's toolchain and
# for this computer: a toolchain that builds core may have no clippy.
config=$(find "$out" -path '*all_modes*/firmware/rust/sample-cargo-config.toml' -print -quit)
host=$(env -u RUSTUP_TOOLCHAIN rustc -vV | sed -n 's/^host: //p')
# The exception is for bindings that zephyr-lang-rust generates. firmware_lints has the TLS
# engine take Zephyr's Mbed TLS, although the target is this computer.
# lint DOTCONFIG
lint() {
  env -u RUSTUP_TOOLCHAIN -u RUSTC_BOOTSTRAP -u CARGO_UNSTABLE_BUILD_STD DOTCONFIG="$1" \
    RUSTFLAGS="-A unnecessary_transmutes --cfg firmware_lints" \
    cargo clippy --manifest-path firmware/Cargo.toml --workspace --quiet --config "$config" \
    --target "$host" --target-dir target/firmware-clippy -- -D warnings
}
all_modes=$(realpath "${config%/firmware/*}/zephyr/.config")
lint "$all_modes"
# What no scenario builds, since all of them run on this computer: an image for a board, with
# its credentials in the store.
board=$(realpath "$out")/board.config
grep -v '^CONFIG_SECURE_SOCKETS_HOSTED=' "${all_modes%/*/*/zephyr/.config}/sample.secure_sockets.mutual/zephyr/.config" >"$board"
lint "$board"
echo "Lints of the firmware: clean"

if [ -n "$missing" ]; then
  echo
  echo "NOT RUN: the emulated Cortex-M boards (mps2/an385, mps2/an521/cpu0). What is missing:"
  # shellcheck disable=SC2001
  sed 's/^/         /' <<<"$missing"
fi
if ! chronyd -v >/dev/null 2>&1; then
  echo
  echo "NOT RUN: the clock's two tests with chronyd as the server of the time (Debian: chrony)."
fi
