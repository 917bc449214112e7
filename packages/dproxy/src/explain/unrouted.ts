import type { ContainerView, Explanation } from '@dproxy/core';

const MOST = 20;

/**
 * Containers that have no route, with what mends it; those that are named like the host first.
 *
 * @param routed hosts that have a route: a container that is only unhealthy is not what is missing
 */
export function unroutedContainers(
  host: string,
  containers: readonly ContainerView[],
  routed: Iterable<string>,
): Explanation['unrouted'] {
  const known = new Set(routed);
  const label = spelled(host.split('.', 1)[0] ?? '');
  return containers
    .filter(({ reason, hosts }) => reason !== '' && !hosts.some((name) => known.has(name)))
    .map(({ name, reason, hosts }) => ({ name, reason, rank: hosts.includes(host) || spelled(name) === label ? 0 : 1 }))
    .sort((a, b) => a.rank - b.rank || (a.name < b.name ? -1 : 1))
    .slice(0, MOST)
    .map(({ name, reason }) => ({ name, reason }));
}

/** `_` in a container's name also answers as `-`. */
function spelled(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}
