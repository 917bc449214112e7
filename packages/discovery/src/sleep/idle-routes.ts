import type { Backend, Filter, Route, Snapshot, StreamRoute } from '@dproxy/core';

/** By whom a container is used, as the table has it. */
interface Use {
  /** Wake groups of the routes that send requests to it. */
  readonly groups: Set<string>;
  readonly backends: Set<Backend>;
}

/**
 * What the table says of containers: whether every use of a group would wake it, and where its backends are. A request by a route
 * that wakes something else, or nothing, is not counted for the group and would find it asleep.
 */
export class IdleRoutes {
  readonly #uses = new Map<string, Use>();

  /** Looks at each route once. */
  constructor({ routes, streams, backends }: Pick<Snapshot, 'routes' | 'streams' | 'backends'>) {
    for (const route of [...routes.values(), ...streams.values()]) {
      for (const id of backendIdsOf(route)) {
        const backend = backends.get(id);
        if (backend !== undefined && backend.containerId !== '') this.#note(backend, wokenBy(route));
      }
    }
  }

  /** Why a group must not sleep; empty: nothing of this kind. @param containerIds its members */
  unwakeable(group: string, containerIds: readonly string[]): string {
    const uses = containerIds.flatMap((id) => this.#uses.get(id) ?? []);
    if (!uses.some(({ groups }) => groups.has(group))) return 'no route leads to it, so nobody could wake it';
    const isForeign = uses.some(({ groups }) => [...groups].some((other) => other !== group));
    return isForeign ? 'a route that does not wake it sends requests to it, too' : '';
  }

  /** Backends of these containers that routes or their filters use. */
  backendsOf(containerIds: readonly string[]): readonly Backend[] {
    return containerIds.flatMap((id) => [...(this.#uses.get(id)?.backends ?? [])]);
  }

  #note(backend: Backend, group: string): void {
    const use = this.#uses.get(backend.containerId) ?? { groups: new Set(), backends: new Set() };
    this.#uses.set(backend.containerId, use);
    use.groups.add(group);
    use.backends.add(backend);
  }
}

/** Nobody waits for the answer to a datagram: it wakes nothing. */
function wokenBy(route: Route | StreamRoute): string {
  return 'protocol' in route && route.protocol === 'udp' ? '' : route.wakeGroup;
}

function backendIdsOf(route: Route | StreamRoute): readonly string[] {
  if ('backends' in route) return route.backends.map(({ backendId }) => backendId);
  const own = route.action.type === 'forward' ? route.action.backends : [];
  return [...own, ...route.filters.flatMap(refsOf)].map(({ backendId }) => backendId);
}

function refsOf(filter: Filter): readonly { readonly backendId: string }[] {
  return filter.type === 'errorPages' || filter.type === 'mirror' ? filter.backends : [];
}
