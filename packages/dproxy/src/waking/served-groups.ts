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

function unservedIn({ routes, streams, backends }: Snapshot): ReadonlySet<string> {
  const unserved = new Set<string>();
  const served = new Set<string>();
  const note = (group: string, refs: readonly { readonly backendId: string }[]): void => {
    if (group === '') return;
    const hasReady = refs.some(({ backendId }) => backends.get(backendId)?.state === 'ready');
    (hasReady ? served : unserved).add(group);
  };
  for (const { wakeGroup, action } of routes.values()) if (action.type === 'forward') note(wakeGroup, action.backends);
  for (const { wakeGroup, backends: refs } of streams.values()) note(wakeGroup, refs);
  return unserved.difference(served);
}
