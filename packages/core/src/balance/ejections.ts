import type { PassiveEjection } from '../balance-policy.ts';

interface Trouble {
  /** When the failures of the window were, the oldest first; at most `failures` of them. */
  readonly failedMs: number[];
  /** Passed over until then; 0: not. */
  untilMs: number;
}

/**
 * Who of a route's backends is passed over for a while, because requests of this worker failed there. Times are milliseconds of
 * one clock that does not go back.
 */
export class Ejections {
  readonly policy: PassiveEjection;
  readonly #troubles: Map<string, Trouble>;
  #ejected: ReadonlySet<string> | undefined;
  /** When somebody comes back. */
  #nextMs = Number.POSITIVE_INFINITY;

  /** @param ids of all backends of the route: what is known of others is forgotten @param previous of the same route */
  constructor(policy: PassiveEjection, ids: readonly string[], previous?: Ejections) {
    this.policy = policy;
    const known = previous === undefined ? undefined : previous.#troubles;
    this.#troubles = new Map(ids.map((id) => [id, known?.get(id) ?? { failedMs: [], untilMs: 0 }]));
    this.#collect(Number.NEGATIVE_INFINITY);
  }

  /** Ids of those that are passed over; undefined: nobody. */
  ejected(nowMs: number): ReadonlySet<string> | undefined {
    if (nowMs >= this.#nextMs) this.#collect(nowMs);
    return this.#ejected;
  }

  /** @returns milliseconds for which it is passed over from now on; 0: it is not */
  leftMs(id: string, nowMs: number): number {
    return Math.max(0, (this.#troubles.get(id)?.untilMs ?? 0) - nowMs);
  }

  /** @returns whether it is passed over from now on */
  failed(id: string, nowMs: number): boolean {
    const trouble = this.#troubles.get(id);
    // One backend alone has nobody to take its place.
    if (trouble === undefined || this.#troubles.size < 2 || trouble.untilMs > nowMs) return false;
    const { failures, windowMs, ejectMs } = this.policy;
    const recent = trouble.failedMs.filter((atMs) => nowMs - atMs < windowMs);
    trouble.failedMs.splice(0, trouble.failedMs.length, ...recent, nowMs);
    if (trouble.failedMs.length < failures) return false;
    trouble.failedMs.length = 0;
    trouble.untilMs = nowMs + ejectMs;
    this.#collect(nowMs);
    return true;
  }

  #collect(nowMs: number): void {
    const ejected = [...this.#troubles].filter(([, { untilMs }]) => untilMs > nowMs && untilMs > 0);
    this.#ejected = ejected.length === 0 ? undefined : new Set(ejected.map(([id]) => id));
    this.#nextMs = Math.min(Number.POSITIVE_INFINITY, ...ejected.map(([, { untilMs }]) => untilMs));
  }
}
