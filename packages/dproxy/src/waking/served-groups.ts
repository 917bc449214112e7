import type { Snapshot } from '@dproxy/core';

/** Whether requests for a wake group are served, by the newest table. */
export class ServedGroups {
  readonly #snapshot: () => Snapshot | undefined;
  #looked: { readonly snapshot: Snapshot; readonly groups: ReadonlyMap<string, Service> } | undefined;

  constructor(snapshot: () => Snapshot | undefined) {
    this.#snapshot = snapshot;
  }

  /**
   * Somebody is ready for each of its routes and streams, or it has none that need somebody.
   *
   * @param left ids of containers that stay stopped: what leads to nobody else is not waited for
   */
  isServed(group: string, left: ReadonlySet<string> = new Set()): boolean {
    const groups = this.#groups();
    const unserved = groups?.get(group)?.unserved ?? [];
    return groups !== undefined && unserved.every(({ servers }) => servers.size > 0 && servers.isSubsetOf(left));
  }

  /** Ids of the containers that its routes and streams lead to; empty: one that is not known. */
  servers(group: string): ReadonlySet<string> {
    return this.#groups()?.get(group)?.servers ?? new Set();
  }

  /** Ids of those for which nobody is ready, where others have somebody; sorted. */
  unserved(group: string): readonly string[] {
    const service = this.#groups()?.get(group);
    return service === undefined || service.served === 0 ? [] : service.unserved.map(({ id }) => id).toSorted();
  }

  #groups(): ReadonlyMap<string, Service> | undefined {
    const snapshot = this.#snapshot();
    if (snapshot === undefined) return undefined;
    if (this.#looked?.snapshot !== snapshot) this.#looked = { snapshot, groups: servicesIn(snapshot) };
    return this.#looked.groups;
  }
}

interface Service {
  served: number;
  readonly unserved: { readonly id: string; readonly servers: ReadonlySet<string> }[];
  readonly servers: Set<string>;
}

/**
 * Every container has local names, the database of a site, too: that it listens does not serve who asks for the site. They count
 * where a group has no others, and then one of them is enough: nobody has asked for them.
 */
function servicesIn({ routes, streams, backends }: Snapshot): ReadonlyMap<string, Service> {
  const declared = new Map<string, Service>();
  const local = new Map<string, Service>();
  const note = (services: Map<string, Service>, { id, wakeGroup }: Place, refs: Refs): void => {
    if (wakeGroup === '') return;
    const service = services.get(wakeGroup) ?? { served: 0, unserved: [], servers: new Set() };
    services.set(wakeGroup, service);
    const found = refs.flatMap(({ backendId }) => backends.get(backendId) ?? []);
    const servers = new Set(found.map(({ containerId }) => containerId));
    for (const server of servers) service.servers.add(server);
    if (found.some(({ state }) => state === 'ready')) service.served++;
    else service.unserved.push({ id, servers });
  };
  for (const route of routes.values()) {
    const { audience, action } = route;
    if (action.type === 'forward') note(audience === 'local' ? local : declared, route, action.backends);
  }
  for (const stream of streams.values()) note(declared, stream, stream.backends);
  for (const { served, unserved } of local.values()) if (served > 0) unserved.length = 0;
  return new Map([...local, ...declared]);
}

interface Place {
  readonly id: string;
  readonly wakeGroup: string;
}

type Refs = readonly { readonly backendId: string }[];
