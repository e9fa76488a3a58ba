#!/usr/bin/env bash
# Licensed to the Apache Software Foundation (ASF) under the Apache License,
# Version 2.0; see the files LICENSE and NOTICE at the top of this repository.
#
# bases.sh: makes the two local images that stand in for the Dockerfile's
# bases, and prints their names. Images can't be pulled everywhere; Debian's
# packages can be had wherever the tests run.
#
#   build   Debian 12 with a C compiler, for a Rust toolchain mounted from here
#   action  what a distroless "cc" image holds: glibc, libgcc, CA certificates,
#           and no shell, so that nothing else can be relied on by accident
set -euo pipefail
# shellcheck source=tests/container/common.sh
. "$(dirname "$0")/common.sh"
need_root "$0" "$@"
need_programs podman debootstrap
. "$state/engine/env"

# The recipe's own text is the key: whoever changes it gets new images.
key=$(sha256sum "$0" | cut -c1-12)
build=localhost/asf-pypi-publish-base-build:$key
action=localhost/asf-pypi-publish-base-action:$key
if ! podman --remote image exists "$build" || ! podman --remote image exists "$action"; then
  work=$(mktemp -d "$state/bases.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  say "making the local base images (once; about a minute)"
  debootstrap --variant=minbase --include=ca-certificates,gcc,libc6-dev \
    bookworm "$work/build" > "$work/log" 2>&1 || {
    tail -20 "$work/log" >&2
    skip "debootstrap could not make a Debian 12 here"
  }
  rm -rf "$work"/build/var/cache/apt/* "$work"/build/var/lib/apt/lists/*

  lib=lib/x86_64-linux-gnu
  if [ ! -d "$work/build/$lib" ]; then
    lib=lib/$(uname -m)-linux-gnu
  fi
  mkdir -p "$work/action/$lib" "$work/action/etc/ssl/certs" "$work/action/root"
  mkdir -m 1777 "$work/action/tmp"
  for name in libc.so.6 libm.so.6 libgcc_s.so.1 libdl.so.2 libpthread.so.0 librt.so.1 \
    libresolv.so.2 libnss_files.so.2 libnss_dns.so.2 'ld-linux*'; do
    # The dynamic loader's name depends on the processor.
    # shellcheck disable=SC2086
    cp -L "$work/build/$lib/"$name "$work/action/$lib/"
  done
  if [ -d "$work/build/lib64" ]; then
    mkdir -p "$work/action/lib64"
    cp -L "$work"/build/lib64/ld-linux* "$work/action/lib64/"
  fi
  cp "$work/build/etc/ssl/certs/ca-certificates.crt" "$work/action/etc/ssl/certs/"
  printf 'root:x:0:0:root:/root:/sbin/nologin\n' > "$work/action/etc/passwd"
  printf 'root:x:0:\n' > "$work/action/etc/group"
  printf 'hosts: files dns\n' > "$work/action/etc/nsswitch.conf"

  tar -C "$work/build" --numeric-owner -cf "$work/build.tar" .
  tar -C "$work/action" --numeric-owner --owner=0 --group=0 -cf "$work/action.tar" .
  podman --remote import -q "$work/build.tar" "$build" >&2
  podman --remote import -q --change ENV=SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
    "$work/action.tar" "$action" >&2
fi
printf 'BASE_BUILD=%s\nBASE_ACTION=%s\n' "$build" "$action"
