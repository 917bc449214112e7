import { LRUCache } from 'lru-cache';
import type { Snapshot } from './snapshot.ts';

/** Who answered for a host without an error. */
export interface Remembered {
  readonly routeId: string;
  readonly backendId: string;
}

/**
 * Which wildcard candidate has proved to answer for a host. The key has the most specific candidate, too: another path, or
 * a new and more specific container, asks again.
 *
 * An entry lives until its container goes, cannot be connected or turns unhealthy. A later bad status does not end it: an
 * attacker can provoke one, and would be shown the next site.
 */
export class WildcardMemory {
  readonly #entries: LRUCache<string, Remembered>;
  readonly #keysOfBackend = new KeyIndex();
  readonly #keysOfRoute = new KeyIndex();

  /** @param maxEntries hosts that are kept; the least recently used goes first, as hosts are outside input */
  constructor(maxEntries = 10_000) {
    this.#entries = new LRUCache({
      max: maxEntries,
      dispose: (remembered, key) => {
        this.#keysOfBackend.delete(remembered.backendId, key);
        this.#keysOfRoute.delete(remembered.routeId, key);
      },
    });
  }

  get size(): number {
    return this.#entries.size;
  }

  /** @param mostSpecificId id of the first candidate, which need not be the one that answered */
  remember(host: string, mostSpecificId: string, answered: Remembered): void {
    const key = keyOf(host, mostSpecificId);
    this.#entries.set(key, answered);
    this.#keysOfBackend.add(answered.backendId, key);
    this.#keysOfRoute.add(answered.routeId, key);
  }

  /** @returns the id of the route that answered before */
  recall(host: string, mostSpecificId: string): string | undefined {
    return this.#entries.get(keyOf(host, mostSpecificId))?.routeId;
  }

  /** Its container is gone, unhealthy, or could not be connected. */
  forgetBackend(backendId: string): void {
    for (const key of this.#keysOfBackend.take(backendId)) this.#entries.delete(key);
  }

  forgetRoute(routeId: string): void {
    for (const key of this.#keysOfRoute.take(routeId)) this.#entries.delete(key);
  }

  /** Forgets whatever this Snapshot has no ready backend or no route for. */
  reconcile({ backends, routes }: Pick<Snapshot, 'backends' | 'routes'>): void {
    for (const id of this.#keysOfBackend.owners()) if (backends.get(id)?.state !== 'ready') this.forgetBackend(id);
    for (const id of this.#keysOfRoute.owners()) if (!routes.has(id)) this.forgetRoute(id);
  }
}

/** The keys that belong to an owner, so that forgetting one costs what it has and not what all have. */
class KeyIndex {
  readonly #keys = new Map<string, Set<string>>();

  add(owner: string, key: string): void {
    const keys = this.#keys.get(owner);
    if (keys === undefined) this.#keys.set(owner, new Set([key]));
    else keys.add(key);
  }

  delete(owner: string, key: string): void {
    const keys = this.#keys.get(owner);
    if (keys?.delete(key) === true && keys.size === 0) this.#keys.delete(owner);
  }

  /** A copy: deleting the entries changes the index. */
  take(owner: string): string[] {
    return [...(this.#keys.get(owner) ?? [])];
  }

  owners(): string[] {
    return [...this.#keys.keys()];
  }
}

/** No host has a space. */
function keyOf(host: string, mostSpecificId: string): string {
  return `${host} ${mostSpecificId}`;
}
