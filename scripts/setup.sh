# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What `./demo` and `./check` need on a bare machine. Sourced by both.

# The oldest Rust that builds the workspace: rust-version in Cargo.toml.
rust_needed=1.88

# Servers are there on Debian, where the PATH of whoever is not root does not look.
PATH=$PATH:/usr/sbin:/sbin

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

# need_disk GIB DIRECTORY: ends where the first run, which makes that directory, has not so much
# room. Half-way it would end as well, and say less.
need_disk() {
  local free
  [ ! -d "$2" ] || return 0
  free=$(df -Pk . | awk 'NR == 2 { print int($4 / 1024 / 1024) }')
  [ "$free" -ge "$1" ] ||
    die "the first run takes $1 GiB of disk, and $PWD has $free GiB free: make room, or build elsewhere"
}

# Runs a command as root: as it is, or through sudo.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null 2>&1; then
    sudo "$@"
  else
    die "this needs root, and there is no sudo. As root, run: $*"
  fi
}

# apt_install PACKAGE...: says what it installs, and installs it.
apt_install() {
  command -v apt-get >/dev/null 2>&1 ||
    die "please install what these Debian packages hold, by your system's own means: $*"
  say "Installing Debian packages: $*"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2 ||
    die "the Debian packages could not be installed: $*"
}

# need COMMAND:PACKAGE...: installs the packages whose commands are missing.
need() {
  local pair missing=()
  for pair in "$@"; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || missing+=("${pair##*:}")
  done
  [ ${#missing[@]} -eq 0 ] || apt_install "${missing[@]}"
}

rust_version() {
  cargo --version 2>/dev/null | sed -n 's/^cargo \([0-9]*\.[0-9]*\).*/\1/p'
}

# Whether cargo is there and new enough.
rust_will_do() {
  local version
  version=$(rust_version)
  [ -n "$version" ] && [ "$(printf '%s\n' "$rust_needed" "$version" | sort -V | head -n 1)" = "$rust_needed" ]
}

need_rust() {
  rust_will_do && return
  # shellcheck disable=SC1091
  [ -r "$HOME/.cargo/env" ] && . "$HOME/.cargo/env"
  rust_will_do && return
  local line="curl https://sh.rustup.rs -sSf | sh -s -- -y && . \"\$HOME/.cargo/env\""
  if command -v cargo >/dev/null 2>&1; then
    die "cargo $(rust_version) is too old: $rust_needed is needed. Run: rustup update, or: $line"
  fi
  # Debian's own cargo is too old for years; the one it keeps for its browsers is not.
  if command -v apt-get >/dev/null 2>&1; then
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2
    if apt-cache show cargo-web >/dev/null 2>&1; then
      apt_install cargo-web
      rust_will_do && return
    fi
  fi
  die "there is no cargo here. Run: $line"
}

# need_component NAME DEBIAN-PACKAGE: a part of the Rust toolchain.
need_component() {
  "cargo-$1" --version >/dev/null 2>&1 && return
  if command -v rustup >/dev/null 2>&1; then
    say "Installing Rust's $1"
    rustup component add "${1/fmt/rustfmt}" >&2 || die "rustup could not install $1"
  else
    apt_install "$2"
  fi
}

# The tools that build Mbed TLS and its bindings, and Rust.
need_build_tools() {
  need cc:build-essential make:build-essential cmake:cmake clang:clang
  # bindgen looks for the library, which is no command.
  if ! ls /usr/lib/llvm-*/lib/libclang*.so* /usr/lib/*/libclang*.so* >/dev/null 2>&1; then
    apt_install libclang-dev
  fi
  need_rust
  # The bindings of Mbed TLS are formatted while they are made.
  need_component fmt rustfmt-web
}

# Settings for Zephyr's build of core would break a build for this computer.
host_env() {
  unset RUSTC_BOOTSTRAP CARGO_UNSTABLE_BUILD_STD BINDGEN_EXTRA_CLANG_ARGS
}
