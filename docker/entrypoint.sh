#!/bin/sh
# Runs `dproxy "$@"` as the user dproxy. The container begins as root only because the group that owns the Docker socket has
# another number on every host (and is root's on Docker Desktop): nobody has to look it up for `group_add`.
set -eu

user=10000
socket=${DOCKER_SOCK_PATH:-/var/run/docker.sock}
state=${DOCKER_PROXY_STATE_PATH:-/var/lib/docker-proxy}

# Somebody chose a user: `docker run --user`, a pod's security context.
if [ "$(id -u)" != 0 ]; then exec dproxy "$@"; fi

# A folder of the host that was mounted there belongs to root at first.
if [ -d "$state" ] && [ "$(stat -c %u "$state")" != "$user" ]; then chown "$user:$user" "$state"; fi

groups=--clear-groups
if [ -S "$socket" ]; then groups=--groups=$(stat -c %g "$socket"); fi

# Ports below 1024 in the network of the host. In a network of its own a container may bind them anyway, so a container
# that was not given the capability (bit 10 of the effective ones) starts, too.
capabilities=
effective=$(sed -n 's/^CapEff:[[:space:]]*/0x/p' /proc/self/status)
if [ $(((effective >> 10) & 1)) = 1 ]; then
  capabilities='--inh-caps=+net_bind_service --ambient-caps=+net_bind_service'
fi

# Unquoted: no option or two.
# shellcheck disable=SC2086
exec setpriv --reuid="$user" --regid="$user" "$groups" $capabilities --no-new-privs dproxy "$@"
