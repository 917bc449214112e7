#!/bin/sh
# Runs a command in a network namespace of its own, with loopback up and net.ipv4.tcp_migrate_req=1: the test engine's
# bridges and firewall rules, and that setting, disturb nobody. Where the system allows, processes and mounts get
# namespaces too, so that whatever a run leaves behind (an engine, its containers, a PM2 daemon) ends with it.
#
#   scripts/in-test-namespace.sh npx vitest run --project whole
set -eu

if [ "${DPROXY_TEST_NAMESPACE:-}" = inside ]; then
  ip link set lo up
  # An address of this machine that is not loopback (RFC 5737, TEST-NET-1).
  ip address add 192.0.2.1/32 dev lo
  sysctl -q -w net.ipv4.tcp_migrate_req=1
  # No exec: as process 1 this shell collects the orphans of a run, which would stay zombies under any other parent.
  status=0
  "$@" || status=$?
  exit "$status"
fi

export DPROXY_TEST_NAMESPACE=inside
if unshare --net --pid --fork --mount --mount-proc true 2>/dev/null; then
  exec unshare --net --pid --fork --kill-child --mount --mount-proc "$0" "$@"
fi
exec unshare --net "$0" "$@"
