# Licensed to the Apache Software Foundation (ASF) under the Apache License,
# Version 2.0; see the files LICENSE and NOTICE at the top of this repository.
#
# Sourced by the scripts beside it: where things lie, and who may run them.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# Shared with the other files of this folder.
# shellcheck disable=SC2034
state=$root/target/container

say() { printf '%s\n' "$*" >&2; }

# Exit 77: "could not be done here", which is neither passed nor failed.
skip() {
  printf 'SKIPPED=%s\n' "$*"
  exit 77
}

# pass_on STATUS OUTPUT: ends as the script that was called has ended.
pass_on() {
  printf '%s\n' "$2"
  exit "$1"
}

# Storage with foreign owners, mounts and debootstrap all need root.
need_root() {
  if [ "$(id -u)" = 0 ]; then
    return
  fi
  if command -v sudo > /dev/null && sudo -n true 2> /dev/null; then
    exec sudo -n env "PATH=$PATH" "HOME=$HOME" "CARGO_HOME=${CARGO_HOME:-$HOME/.cargo}" \
      "RUSTUP_HOME=${RUSTUP_HOME:-$HOME/.rustup}" "$@"
  fi
  skip "the container tests need root (or sudo without a password), and this user is $(id -un)"
}

need_programs() {
  local missing=()
  for name in "$@"; do
    command -v "$name" > /dev/null || missing+=("$name")
  done
  if [ ${#missing[@]} -gt 0 ]; then
    skip "not installed: ${missing[*]} ('tests/run setup' installs them)"
  fi
}
