import {
  answeringBackends,
  type Backend,
  type BackendRef,
  type Route,
  type Snapshot,
  type StreamRoute,
  usedBackends,
} from '@dproxy/core';

/**
 * What the table says of containers: whether every use of a group would wake it, and where its backends are. A request by a route
 * that wakes something else, or nothing, is not counted for the group and would find it asleep.
 */
export class IdleRoutes {
  /** What the operator's own routes lead to, by the group that they wake. */
  readonly #behind = new Map<string, Set<Backend>>();
  readonly #byContainer = new Map<string, Set<Backend>>();
  /** Groups that uses of a backend wake, by container and by place. */
  readonly #wokenFor = new Map<string, Set<string>>();

  /** Looks at each route once. */
  constructor({ routes, streams, backends }: Pick<Snapshot, 'routes' | 'streams' | 'backends'>) {
    for (const route of [...routes.values(), ...streams.values()]) {
      const group = wokenBy(route);
      for (const { backendId } of allRefs(route)) {
        const backend = backends.get(backendId);
        if (backend !== undefined) this.#note(backend, group);
      }
      for (const { backendId } of ownRefs(route)) {
        const backend = backends.get(backendId);
        if (backend?.containerId === '') addTo(this.#behind, group, backend);
      }
    }
  }

  /** Why a group must not sleep; empty: nothing of this kind. @param containerIds its members */
  unwakeable(group: string, containerIds: readonly string[]): string {
    const uses = this.backendsOf(group, containerIds).flatMap((backend) => [containerKey(backend), placeKey(backend)]);
    const woken = uses.flatMap((key) => [...(this.#wokenFor.get(key) ?? [])]);
    if (!woken.includes(group)) return 'no route leads to it, so nobody could wake it';
    return woken.some((other) => other !== group) ? 'a route that does not wake it sends requests to it, too' : '';
  }

  /** Backends of these containers that routes or their filters use, and those behind routes of the operator that wake the group. */
  backendsOf(group: string, containerIds: readonly string[]): readonly Backend[] {
    const own = containerIds.flatMap((id) => [...(this.#byContainer.get(id) ?? [])]);
    return [...own, ...(this.#behind.get(group) ?? [])];
  }

  #note(backend: Backend, group: string): void {
    const { containerId } = backend;
    // The operator's URL may be the address of a container that a label knows, too.
    addTo(this.#wokenFor, containerId === '' ? placeKey(backend) : containerKey(backend), group);
    if (containerId !== '') addTo(this.#byContainer, containerId, backend);
  }
}

function containerKey({ containerId }: Backend): string {
  return `container ${containerId}`;
}

function placeKey({ address, port }: Backend): string {
  return `place ${address} ${port}`;
}

function addTo<T>(map: Map<string, Set<T>>, key: string, value: T): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, new Set([value]));
  else known.add(value);
}

/** Nobody waits for the answer to a datagram: it wakes nothing. */
function wokenBy(route: Route | StreamRoute): string {
  return 'protocol' in route && route.protocol === 'udp' ? '' : route.wakeGroup;
}

function ownRefs(route: Route | StreamRoute): readonly BackendRef[] {
  return 'backends' in route ? route.backends : answeringBackends(route);
}

function allRefs(route: Route | StreamRoute): readonly BackendRef[] {
  return 'backends' in route ? route.backends : usedBackends(route);
}
