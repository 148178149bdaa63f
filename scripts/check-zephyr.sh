#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Builds the firmware and runs its scenarios with twister; and builds it for boards, all of them
# in every mode with --full. Called by ./check, with Zephyr's environment.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/setup.sh
. scripts/toolchains.sh
out=${TWISTER_OUT:-twister-out}
extra=()
# Without a west workspace, twister has to be told of the modules.
[ -n "${ZEPHYR_MODULES:-}" ] && extra+=("-x=ZEPHYR_MODULES=$ZEPHYR_MODULES")
command -v ccache >/dev/null 2>&1 || extra+=("-x=USE_CCACHE=0")
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

twister=(
  python3 "$ZEPHYR_BASE/scripts/twister" --testsuite-root . "${platforms[@]/#/--platform=}"
  --outdir "$out" --no-clean --inline-logs "${extra[@]}"
)
rm -rf "$out"
need_disk "$([ "${1:-}" = --full ] && echo 6 || echo 3)" "$out"
share_ccache "$out"
# examples/zephyr has a CA compiled in. Without Zephyr's settings: twister-tests/pytest/conftest.py.
[ -d credentials ] ||
  env -u RUSTUP_TOOLCHAIN -u RUSTC_BOOTSTRAP -u CARGO_UNSTABLE_BUILD_STD -u BINDGEN_EXTRA_CLANG_ARGS \
    cargo run --quiet --locked -- pki credentials
# One image alone: the others take from it what cargo has built.
"${twister[@]}" --build-only --scenario sample.secure_sockets.mutual
mutual=$(realpath "$out"/native_sim_native_64/*/sample.secure_sockets.mutual)
# Twice as many at once as there are cores: to build an image keeps a core busy, and its tests wait
# most of the time.
"${twister[@]}" --jobs $((2 * $(nproc))) -x=SECURE_SOCKETS_CARGO_FROM="$mutual" &
tests=$!
trap 'kill "$tests" 2>/dev/null || true' EXIT

# await IMAGE: its directory, once it is built; nothing if the tests end before.
await() {
  local program
  until program=$(compgen -G "$out/$1/zephyr/zephyr.e[lx][fe]"); do
    kill -0 "$tests" 2>/dev/null || return 0
    sleep 2
  done
  realpath "${program%%/zephyr/zephyr.*}"
}

# Beside the tests: the lints and the boards, two of which have the core of the second in QEMU.
failed=0
all_modes=$(await "native_sim_native_64/*/*/secure_sockets.all_modes")
example=$(await "native_sim_native_64/*/examples/zephyr/sample.secure_sockets.your_application")
[ -z "$all_modes" ] || [ -z "$example" ] ||
  scripts/lint-firmware.sh "$all_modes" "$mutual" "$example" || failed=1
m33=
[ -n "$missing" ] || m33=$(await "mps2_an521_cpu0/*/*/secure_sockets.qemu_m33")
CARGO_FROM=${m33:-$mutual} scripts/build-boards.sh "$@" || failed=1
wait "$tests"
[ "$failed" -eq 0 ] || exit 1

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
