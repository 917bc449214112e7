import { hashKey } from './hash-key.ts';

/** Share of its weight with which a backend begins. */
const FIRST_SHARE = 0.1;

/** The share of its weight that a backend has at an age, both in milliseconds: from a tenth to all of it. */
export function slowStartShare(ageMs: number, slowStartMs: number): number {
  if (ageMs >= slowStartMs) return 1;
  return FIRST_SHARE + (1 - FIRST_SHARE) * (Math.max(0, ageMs) / slowStartMs);
}

/** The next backend, of those that are not excluded; undefined: none is left. */
type Picker<T> = (exclude: ReadonlySet<string> | undefined) => T | undefined;

/** What is drawn for a key is the same each time: as a backend grows older, its keys come to it one after another. */
export function drawByKey(key: string): (id: string) => number {
  return (id) => hashKey(`slow start ${key} ${id}`) / 2 ** 32;
}

/** One choice among backends of which some are young. */
interface YoungChoice<T> {
  readonly pick: Picker<T>;
  readonly exclude: ReadonlySet<string> | undefined;
  readonly nowMs: number;
  /** In [0, 1), one for each backend that is picked. */
  readonly draw: (id: string) => number;
}

/**
 * Backends that became ready a moment ago get their turn, and pass it on to another one in so many cases as their age says. The
 * oldest of them passes on nothing: where all are young, they only differ by what is between them.
 */
export class SlowStart<T> {
  readonly #slowStartMs: number;
  readonly #idOf: (target: T) => string;
  readonly #sinceMs: ReadonlyMap<string, number>;
  readonly #oldestMs: number;
  /** From then on nobody is young. */
  readonly #endMs: number;

  /** @param sinceMs since when each of the backends is ready, by the clock of `choose`; -Infinity: for ever */
  constructor(slowStartMs: number, sinceMs: ReadonlyMap<string, number>, idOf: (target: T) => string) {
    this.#slowStartMs = slowStartMs;
    this.#idOf = idOf;
    this.#sinceMs = sinceMs;
    this.#oldestMs = Math.min(Number.POSITIVE_INFINITY, ...sinceMs.values());
    this.#endMs = Math.max(Number.NEGATIVE_INFINITY, ...sinceMs.values()) + slowStartMs;
  }

  choose({ pick, exclude, nowMs, draw }: YoungChoice<T>): T | undefined {
    const first = pick(exclude);
    if (first === undefined || nowMs >= this.#endMs) return first;
    const passed = new Set(exclude);
    for (let chosen: T | undefined = first; chosen !== undefined; chosen = pick(passed)) {
      const id = this.#idOf(chosen);
      if (draw(id) < this.#chanceOf(id, nowMs)) return chosen;
      passed.add(id);
    }
    // Everybody has passed it on: somebody has to take it.
    return first;
  }

  #chanceOf(id: string, nowMs: number): number {
    const share = (sinceMs: number): number => slowStartShare(nowMs - sinceMs, this.#slowStartMs);
    return share(this.#sinceMs.get(id) ?? Number.NEGATIVE_INFINITY) / share(this.#oldestMs);
  }
}
