# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Which compiler Zephyr takes for a board, and what is missing for it. Sourced by
# build-boards.sh, which says which variables there are, and check-zephyr.sh.

# Of a west workspace, or of ZEPHYR_MODULES.
module_list=${ZEPHYR_MODULES:-$(west list -f '{abspath}' 2>/dev/null | tr '\n' ';' || true)}

# has_module NAME
has_module() {
  local dir
  while read -rd ';' dir; do
    if [ "${dir##*/}" = "$1" ] || grep -qs "^name: *$1\$" "$dir/zephyr/module.yml"; then return; fi
  done <<<"$module_list;"
  return 1
}

# The prefix of a RISC-V gcc; nothing if there is none, or if Zephyr's SDK has one.
riscv_prefix() {
  local path
  for path in "${RISCV_CROSS_COMPILE:-}" riscv64-zephyr-elf- riscv64-unknown-elf-; do
    [ -n "$path" ] && path=$(command -v "${path}gcc") || continue
    echo "${path%gcc}"
    return
  done
}

# Zephyr finds its SDK by itself, where its setup script registered it or near by.
has_sdk() {
  [ "${ZEPHYR_TOOLCHAIN_VARIANT:-zephyr}" = zephyr ] || return
  [ -n "${ZEPHYR_SDK_INSTALL_DIR:-}" ] || [ -d ~/.cmake/packages/Zephyr-sdk ] ||
    compgen -G "$HOME/zephyr-sdk-*" >/dev/null || compgen -G "/opt/zephyr-sdk-*" >/dev/null
}

# Where an arm-none-eabi-gcc lies, above its bin/; nothing if there is none. TF-M's build takes
# it as `gnuarmemb` and not as `cross-compile`, for which Zephyr would search all of that
# directory for a C library, too.
arm_home() {
  local path=${CROSS_COMPILE:-arm-none-eabi-}gcc
  [ -z "${GNUARMEMB_TOOLCHAIN_PATH:-}" ] || path=$GNUARMEMB_TOOLCHAIN_PATH/bin/arm-none-eabi-gcc
  path=$(command -v "$path") || return 0
  [[ ${path##*/} != arm-none-eabi-gcc ]] || dirname "$(dirname "$path")"
}

# toolchain ARCHITECTURE: the variables, one a line; nothing if there is no compiler.
toolchain() {
  local found
  if has_sdk; then
    echo ZEPHYR_TOOLCHAIN_VARIANT=zephyr
  elif [ "$1" = arm ]; then
    found=$(arm_home)
    [ -z "$found" ] || printf '%s\n' ZEPHYR_TOOLCHAIN_VARIANT=gnuarmemb "GNUARMEMB_TOOLCHAIN_PATH=$found"
  else
    found=$(riscv_prefix)
    # Zephyr builds picolibc itself here, whose limits.h bindgen cannot read K_SEM_MAX_LIMIT by.
    [ -z "$found" ] || printf '%s\n' ZEPHYR_TOOLCHAIN_VARIANT=cross-compile "CROSS_COMPILE=$found" \
      "BINDGEN_EXTRA_CLANG_ARGS=${BINDGEN_EXTRA_CLANG_ARGS:-} -include $ZEPHYR_BASE/lib/libc/minimal/include/limits.h"
  fi
}

# cmake_options ARCHITECTURE: options that go with it, one a line.
cmake_options() {
  local gcc
  command -v ccache >/dev/null 2>&1 || echo -DUSE_CCACHE=0
  if [ "$1" = riscv ] && ! has_sdk; then
    gcc=$(riscv_prefix)gcc
    # Not to be searched for. It is not used: the image has Zephyr's picolibc.
    echo "-DSYSROOT_DIR=$(dirname "$("$gcc" -print-libgcc-file-name)")"
    # Zephyr names the extension Zicsr, and then gcc 12 finds its libgcc for 64 bits alone.
    echo "-DCMAKE_EXE_LINKER_FLAGS=-L$(dirname "$("$gcc" -march=rv32imc -mabi=ilp32 -print-libgcc-file-name)")"
  fi
}

# missing_for BOARD ARCHITECTURE TARGET MODULES: what is not here, in words; else nothing.
missing_for() {
  local module missing=()
  [ -n "$(toolchain "$2")" ] ||
    missing+=("a C compiler for $2 (Zephyr's SDK, or $([ "$2" = arm ] &&
      echo CROSS_COMPILE or GNUARMEMB_TOOLCHAIN_PATH || echo RISCV_CROSS_COMPILE))")
  [ "$2" = arm ] || has_sdk || has_module picolibc || missing+=("Zephyr's module picolibc")
  for module in ${4//,/ }; do
    has_module "$module" || missing+=("Zephyr's module $module (west update)")
  done
  if [[ $1 == */ns ]] && ! python3 -c 'import cryptography, pyasn1, cbor2, click, jinja2, yaml' 2>/dev/null; then
    missing+=("what TF-M is built with: pip install cryptography pyasn1 cbor2 click jinja2 pyyaml")
  fi
  [ -n "${CARGO_UNSTABLE_BUILD_STD:-}" ] || [ -d "$(rustc --print target-libdir --target "$3")" ] ||
    missing+=("Rust for it (rustup target add $3)")
  local IFS=';'
  echo "${missing[*]}"
}

# share_ccache DIRECTORY: has ccache take what is the same in two builds below it for the same,
# though they are in directories of their own.
share_ccache() {
  CCACHE_BASEDIR=$(realpath -m "$1")
  export CCACHE_BASEDIR CCACHE_NOHASHDIR=1
}
