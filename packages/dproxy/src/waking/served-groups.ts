import type { Snapshot } from '@dproxy/core';

/** Whether requests for a wake group are served, by the newest table. */
export class ServedGroups {
  readonly #snapshot: () => Snapshot | undefined;
  #looked: { readonly snapshot: Snapshot; readonly unserved: ReadonlySet<string> } | undefined;

  constructor(snapshot: () => Snapshot | undefined) {
    this.#snapshot = snapshot;
  }

  /** Somebody is ready for one of its routes or streams, or it has none that need somebody. */
  isServed(group: string): boolean {
    const snapshot = this.#snapshot();
    if (snapshot === undefined) return false;
    if (this.#looked?.snapshot !== snapshot) this.#looked = { snapshot, unserved: unservedIn(snapshot) };
    return !this.#looked.unserved.has(group);
  }
}

/**
 * Every container has local names, the database of a site, too: that it listens does not serve who asks for the site. They count
 * where a group has no others.
 */
function unservedIn({ routes, streams, backends }: Snapshot): ReadonlySet<string> {
  const declared = new Map<string, boolean>();
  const local = new Map<string, boolean>();
  const note = (
    isServed: Map<string, boolean>,
    group: string,
    refs: readonly { readonly backendId: string }[],
  ): void => {
    if (group === '' || isServed.get(group) === true) return;
    isServed.set(
      group,
      refs.some(({ backendId }) => backends.get(backendId)?.state === 'ready'),
    );
  };
  for (const { audience, wakeGroup, action } of routes.values()) {
    if (action.type === 'forward') note(audience === 'local' ? local : declared, wakeGroup, action.backends);
  }
  for (const { wakeGroup, backends: refs } of streams.values()) note(declared, wakeGroup, refs);
  const all = new Map([...local, ...declared]);
  return new Set([...all].filter(([, isServed]) => !isServed).map(([group]) => group));
}
