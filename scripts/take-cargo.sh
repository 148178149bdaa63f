#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Gives a build of the firmware what cargo has built already in another: all that it builds for
# this computer (bindgen, proc macros, build scripts, before they ran), and for the same core all
# that knows of no Kconfig and no device tree. What is left out cargo builds, and whatever depends
# on that. Called by zephyr/take-cargo.cmake (SECURE_SOCKETS_CARGO_FROM).
#
#   scripts/take-cargo.sh FROM TO RUST-TARGET
set -euo pipefail
from=$1 to=$2 target=$3
mkdir -p "$to"
to=$(realpath "$to")
cd "$from"

files() {
  find release -type f "$@" -print0
  [ ! -d "$target" ] ||
    find "$target" -type f ! -path '*zephyr*' ! -path '*mbedtls*' ! -path '*rustapp*' "$@" -print0
}
# Libraries and programs, 400 MB of them, take no room as links: rustc and the linker replace
# such a file and do not write into it. Into its notes, which are small, cargo does write. Times
# are kept to the nanosecond, by which cargo tells what is out of date.
files -size +64k | xargs -0r cp -lp --parents -t "$to" 2>/dev/null ||
  files -size +64k | xargs -0r cp -p --remove-destination --parents -t "$to"
files -size -65k | xargs -0r cp -p --parents -t "$to"
