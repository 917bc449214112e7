import type { ContainerView, Explanation } from '@dproxy/core';

const MOST = 20;

/** Containers that have no route, with what mends it; those that are named like the host first. */
export function unroutedContainers(host: string, containers: readonly ContainerView[]): Explanation['unrouted'] {
  const label = spelled(host.split('.', 1)[0] ?? '');
  return containers
    .filter(({ reason }) => reason !== '')
    .map(({ name, reason, hosts }) => ({ name, reason, rank: hosts.includes(host) || spelled(name) === label ? 0 : 1 }))
    .sort((a, b) => a.rank - b.rank || (a.name < b.name ? -1 : 1))
    .slice(0, MOST)
    .map(({ name, reason }) => ({ name, reason }));
}

/** `_` in a container's name also answers as `-`. */
function spelled(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}
