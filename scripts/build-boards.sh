#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Builds the firmware for boards and holds the sizes against docs/sizes.json: those that no
# scenario of twister's runs, in mode 3, the largest; with --full every board in every mode,
# and Zephyr's C sample of the same function beside it. A board whose compiler, modules or
# Rust target are not here is left out, by name, and is no failure.
#
#   scripts/build-boards.sh [--full] [BOARD...]
#
# Wants Zephyr's environment: ZEPHYR_BASE, ZEPHYR_MODULES where there is no west workspace, and
# its toolchain variables. These are its own:
#
#   RISCV_CROSS_COMPILE  the prefix of a RISC-V gcc, as CROSS_COMPILE is for Arm. Without it the
#                        Zephyr SDK is taken, or riscv64-{zephyr,unknown}-elf-gcc in the PATH
#   BOARDS_OUT           the directory to build in (default: build-boards)
#   CARGO_FROM           the directory of a build of this application, whose work of cargo's is taken
#                        over as far as it is the same; by default the first image's that is built.
#                        Where that has another core, the first image of each core is the others'
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/toolchains.sh
app=$PWD
out=${BOARDS_OUT:-$app/build-boards}

# board, architecture, Rust target, Zephyr modules
boards=(
  "nrf9160dk/nrf9160 arm thumbv8m.main-none-eabi hal_nordic,cmsis_6"
  "nrf9160dk/nrf9160/ns arm thumbv8m.main-none-eabi hal_nordic,cmsis_6,trusted-firmware-m"
  "esp32c3_devkitm riscv riscv32i-unknown-none-elf hal_espressif"
)
modes=(mutual)
full=
if [ "${1:-}" = --full ]; then
  shift
  full=1
  modes=(mutual server-auth psk)
  boards+=(
    "esp32c6_devkitc/esp32c6/hpcore riscv riscv32i-unknown-none-elf hal_espressif"
    "mps2/an385 arm thumbv7m-none-eabi cmsis_6"
    "mps2/an521/cpu0 arm thumbv8m.main-none-eabi cmsis_6"
  )
fi
wanted=("$@")
for board in "${wanted[@]}"; do
  printf '%s\n' "${boards[@]}" | grep -q "^$board " || {
    echo "error: $board is none of: $(printf '%s\n' "${boards[@]}" | cut -d' ' -f1 | tr '\n' ' ')" >&2
    exit 2
  }
done
left_out=()
built=()
# By the Rust target.
declare -A from=()

# What a board needs besides: its network, and for an emulated one a peer to be measured with.
options() {
  case $1 in
    nrf9160dk/nrf9160) printf '%s\n' -DSHIELD=link_board_eth -DCONFIG_SECURE_SOCKETS_DANGEROUS_RANDOM=y ;;
    nrf9160dk/*) echo -DSHIELD=link_board_eth ;;
    esp32c*) printf '%s\n' -DCONFIG_BUILD_ONLY_NO_BLOBS=y '-DCONFIG_WIFI_CREDENTIALS_STATIC_SSID="none"' ;;
    mps2/*) scripts/peak.py --options ;;
  esac
}

# build NAME SOURCE BOARD ARCHITECTURE FROM OPTIONS...
build() {
  local dir=$out/$1 source=$2 board=$3 from=$5 log=$out/$1.log variables tools=()
  mapfile -t variables < <(toolchain "$4")
  mapfile -t tools < <(cmake_options "$4")
  shift 5
  mkdir -p "$(dirname "$dir")"
  [ "$dir" = "$from" ] || tools+=("-DSECURE_SOCKETS_CARGO_FROM=$from")
  # Values of an earlier build would win over defaults that changed since.
  rm -f "$dir/zephyr/.config"
  echo "-- ${dir#"$out/"}"
  if ! { env "${variables[@]}" cmake -GNinja -B "$dir" -S "$source" "-DBOARD=$board" "${tools[@]}" "$@" &&
    env "${variables[@]}" ninja -C "$dir"; } >"$log" 2>&1; then
    grep -E 'error|overflowed|undefined reference|cargo::error' "$log" | head -20 || true
    tail -20 "$log"
    echo "FAILED: $dir (all of it: $log)"
    return 1
  fi
}

# start TARGET NAME SOURCE BOARD ARCHITECTURE OPTIONS...: builds it beside one other, and adds its
# directory to `built`. The first of a core is waited for: the others take from it.
start() {
  local target=$1 dir=$out/$2 of=("${@:2:4}") options=("${@:6}")
  built+=("$dir")
  while [ "$(jobs -rp | wc -l)" -ge 2 ]; do wait -n || true; done
  if [ -z "${from[$target]:-}" ]; then
    build "${of[@]}" "${CARGO_FROM:-${built[0]}}" "${options[@]}" || exit
    from[$target]=$dir
    return
  fi
  { build "${of[@]}" "${from[$target]}" "${options[@]}" || touch "$out/failed"; } &
}

credentials=$out/credentials
mkdir -p "$out"
rm -f "$out/failed"
share_ccache "$out"
if [ ! -d "$credentials" ]; then
  # Without Zephyr's settings: twister-tests/pytest/conftest.py.
  env -u RUSTUP_TOOLCHAIN -u RUSTC_BOOTSTRAP -u CARGO_UNSTABLE_BUILD_STD -u BINDGEN_EXTRA_CLANG_ARGS \
    cargo run --quiet --locked -- pki "$credentials"
fi

for line in "${boards[@]}"; do
  read -r board arch target modules <<<"$line"
  if [ ${#wanted[@]} -gt 0 ] && [[ " ${wanted[*]} " != *" $board "* ]]; then continue; fi
  missing=$(missing_for "$board" "$arch" "$target" "$modules")
  if [ -n "$missing" ]; then
    left_out+=("$board: $missing")
    continue
  fi
  list=$(options "$board")
  more=()
  [ -z "$list" ] || mapfile -t more <<<"$list"
  [ ! -d "${CARGO_FROM:-}/firmware/rust/target/$target" ] || from[$target]=$CARGO_FROM
  for mode in "${modes[@]}"; do
    start "$target" "${board//\//_}/$mode" "$app" "$board" "$arch" "-DEXTRA_CONF_FILE=overlay-$mode.conf" \
      "-DCONFIG_SECURE_SOCKETS_CREDENTIALS_DIR=\"$credentials/rsa\"" \
      '-DCONFIG_SECURE_SOCKETS_PEER_HOST="10.0.2.2"' \
      '-DCONFIG_SECURE_SOCKETS_SERVER_NAME="device.test"' "${more[@]}"
  done
  if [ -n "$full" ] && [[ $board == mps2/* ]]; then
    start "$target" "${board//\//_}/http_get" "$ZEPHYR_BASE/samples/net/sockets/http_get" "$board" "$arch" \
      "-DEXTRA_CONF_FILE=overlay-tls.conf;$app/boards/${board//\//_}.conf"
  fi
done

wait
[ ! -e "$out/failed" ] || exit 1

for dir in "${built[@]}"; do
  if [[ $dir == */mps2_*/* && $dir != */http_get ]]; then scripts/peak.py "$dir" "$credentials/rsa"; fi
done
[ ${#built[@]} -eq 0 ] || python3 scripts/sizes.py --check "${built[@]}"
for line in "${left_out[@]}"; do echo "NOT BUILT: $line"; done
