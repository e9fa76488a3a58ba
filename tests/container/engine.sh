#!/usr/bin/env bash
# Licensed to the Apache Software Foundation (ASF) under the Apache License,
# Version 2.0; see the files LICENSE and NOTICE at the top of this repository.
#
# engine.sh: starts a container engine of the project's own, and prints the
# path of a file to source before any podman command.
#
# It is podman's service on a socket, with its own storage below target/: no
# daemon is needed, and images and containers of the user stay untouched. A
# running one is used again; one that nobody talks to ends by itself.
set -euo pipefail
# shellcheck source=tests/container/common.sh
. "$(dirname "$0")/common.sh"
need_root "$0" "$@"
need_programs podman runc

engine=$state/engine
mkdir -p "$engine"
exec 9> "$engine/lock"
flock 9

# A socket's path may have no more than 107 bytes, whatever the checkout's has.
sockets=$engine
if [ ${#sockets} -gt 90 ]; then
  sockets=/tmp/asf-pypi-publish-$(printf '%s' "$engine" | sha256sum | cut -c1-16)
  mkdir -p "$sockets"
  chmod 0700 "$sockets"
fi
url=unix://$sockets/podman.sock

# Others read these files at any moment, without the lock: each is put there whole.
put() { # put NAME < TEXT
  cat > "$engine/$1.new"
  mv "$engine/$1.new" "$engine/$1"
}
put storage.conf << CONF
[storage]
driver = "overlay"
graphroot = "$engine/graph"
runroot = "$engine/run"
CONF
# runc and cgroupfs work on every layout of cgroups and without systemd. The
# limits are named because a process without CAP_SYS_RESOURCE can't raise them.
files=$(ulimit -Hn)
put containers.conf << CONF
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
[containers]
netns = "none"
default_ulimits = ["nofile=$files:$files", "nproc=32768:32768"]
CONF
put env << CONF
export CONTAINERS_STORAGE_CONF='$engine/storage.conf'
export CONTAINERS_CONF='$engine/containers.conf'
export CONTAINER_HOST='$url'
export DOCKER_HOST='$url'
CONF

. "$engine/env"
answers() { timeout 20 podman --remote --url "$url" version > /dev/null 2>&1; }
if ! answers; then
  rm -f "$sockets/podman.sock"
  # CONTAINER_HOST would make the service itself a client.
  env -u CONTAINER_HOST -u DOCKER_HOST setsid podman system service --time=900 "$url" \
    > "$engine/service.log" 2>&1 < /dev/null 9>&- &
  for _ in $(seq 50); do
    if [ -S "$sockets/podman.sock" ] && answers; then break; fi
    sleep 0.2
  done
  if ! answers; then
    cat "$engine/service.log" >&2
    skip "podman's service does not answer on this machine"
  fi
fi
printf 'ENGINE_ENV=%s\n' "$engine/env"
