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
