import type { Backend, BackendState, Snapshot } from '@dproxy/core';

/** For how long it is known of a backend that has left the table that it was there. */
const KEEP_REMOVED_MS = 60_000;
/** Whoever makes and removes containers all the time gets no more than this of our memory; the oldest go first. */
const MAX_REMOVED = 4_096;

export interface BackendStanding {
  /** `removed`: it has left the table. */
  readonly state: BackendState | 'removed';
  /** By the clock of `follow`; -Infinity: since this worker's first table. */
  readonly sinceMs: number;
  /**
   * How long it was ready when it was so last, as this worker saw it; 0: never. Infinity: from the first table on. Of one that is
   * ready this is the time before: the present one is not over.
   */
  readonly readyForMs: number;
}

interface Entry {
  backend: Backend;
  standing: BackendStanding;
}

/**
 * Since when each backend is what it is, as this worker has seen it in its tables. What the first table says held for ever: a
 * worker that is new does not make its backends new.
 */
export class BackendAges {
  readonly #entries = new Map<string, Entry>();
  /** Ids of those that have left, in the order in which they did. */
  readonly #removed = new Set<string>();
  #followed: Snapshot['backends'] | undefined;

  /** @param nowMs of a clock that does not go back: that of `performance.now()` */
  follow({ backends }: Pick<Snapshot, 'backends'>, nowMs: number): void {
    this.#forget(nowMs);
    if (backends === this.#followed) return;
    const sinceMs = this.#followed === undefined ? Number.NEGATIVE_INFINITY : nowMs;
    for (const [id, backend] of backends) this.#see(id, backend, sinceMs);
    this.#noteRemoved(backends, nowMs);
    this.#followed = backends;
  }

  /** @returns -Infinity: since the first table; undefined: it is not ready now */
  readySinceMs(backendId: string): number | undefined {
    const standing = this.#entries.get(backendId)?.standing;
    return standing?.state === 'ready' ? standing.sinceMs : undefined;
  }

  /** @returns undefined: it was in no table of the last minute */
  stateSince(backendId: string): BackendStanding | undefined {
    return this.#entries.get(backendId)?.standing;
  }

  #see(id: string, backend: Backend, sinceMs: number): void {
    const known = this.#entries.get(id);
    if (known?.backend === backend && known.standing.state === backend.state) return;
    this.#removed.delete(id);
    if (known === undefined) {
      this.#entries.set(id, { backend, standing: { state: backend.state, sinceMs, readyForMs: 0 } });
      return;
    }
    const isSame = known.standing.state === backend.state && isSamePlace(known.backend, backend);
    known.backend = backend;
    if (!isSame) known.standing = nextStanding(known.standing, backend.state, sinceMs);
  }

  #noteRemoved(backends: Snapshot['backends'], nowMs: number): void {
    // All that are there have been seen: of a large table, only one that somebody has left is walked through again.
    if (this.#entries.size - this.#removed.size === backends.size) return;
    for (const id of this.#followed?.keys() ?? []) if (!backends.has(id)) this.#leave(id, nowMs);
  }

  #leave(id: string, nowMs: number): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.standing = nextStanding(entry.standing, 'removed', nowMs);
    this.#removed.add(id);
  }

  #forget(nowMs: number): void {
    for (const id of this.#removed) {
      const sinceMs = this.#entries.get(id)?.standing.sinceMs ?? 0;
      if (this.#removed.size <= MAX_REMOVED && nowMs - sinceMs < KEEP_REMOVED_MS) return;
      this.#removed.delete(id);
      this.#entries.delete(id);
    }
  }
}

function nextStanding(before: BackendStanding, state: BackendStanding['state'], nowMs: number): BackendStanding {
  const readyForMs = before.state === 'ready' ? nowMs - before.sinceMs : before.readyForMs;
  return { state, sinceMs: nowMs, readyForMs };
}

/** Ready at another address is another start of it. */
function isSamePlace(a: Backend, b: Backend): boolean {
  return b.state !== 'ready' || (a.address === b.address && a.port === b.port);
}
