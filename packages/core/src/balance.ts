import type { Backend, BackendRef, BackendState } from './backend.ts';

/** One of several workers that share a route without talking to each other. */
export interface WorkerSlot {
  /** 0 to count - 1. */
  readonly index: number;
  readonly count: number;
}

export interface Share<T> {
  /** Backend id. */
  readonly id: string;
  /** 1-1000. */
  readonly weight: number;
  readonly target: T;
}

/**
 * The backends of a route that may be chosen now, in the order that all workers share: those that are ready, and where nobody
 * is, those that drain. A server that ends often answers for a while yet, which is better than no answer at all.
 *
 * @param panics where nobody drains either: those that are unhealthy, because the check may be what is wrong
 */
export function readyShares(
  refs: readonly BackendRef[],
  backends: ReadonlyMap<string, Backend>,
  panics = false,
): Share<Backend>[] {
  const ready = sharesIn('ready', refs, backends);
  if (ready.length > 0) return ready;
  const draining = sharesIn('draining', refs, backends);
  return draining.length > 0 || !panics ? draining : sharesIn('unhealthy', refs, backends);
}

function sharesIn(
  state: BackendState,
  refs: readonly BackendRef[],
  backends: ReadonlyMap<string, Backend>,
): Share<Backend>[] {
  const shares: Share<Backend>[] = [];
  for (const { backendId, weight } of refs) {
    const target = backends.get(backendId);
    if (target?.state === state && weight > 0) shares.push({ id: backendId, weight, target });
  }
  return shares;
}

/**
 * Weighted round robin: a ring in which every backend has as many places as its weight says, spread evenly, and a
 * position that goes round.
 *
 * ```
 * weights a=3 b=1          ring of 2 workers, 4 backends
 *   a a b a                  a  b  c  d
 *   ^ position               ^ 0   ^ 1     worker k of n starts k/n of the way round
 * ```
 *
 * Every worker alone is even to within one request, whatever the others do: so no count of workers, and no resize, can
 * make the whole uneven by more than one request per worker. The different starts make small bursts even, too.
 */
export class RoundRobin<T> {
  readonly #ring: readonly Share<T>[];
  #position: number;
  /** Of those who stand in for others: a turn of its own. */
  #spare: number;

  /** @param previous of the same route before a change: the turn goes on where it was, instead of favouring the first. */
  constructor(shares: readonly Share<T>[], worker: WorkerSlot, previous?: RoundRobin<T>) {
    this.#ring = makeRing(shares);
    const begin = start(this.#ring.length, worker);
    this.#position = previous === undefined ? begin : previous.#placeIn(this.#ring, previous.#position);
    this.#spare = previous === undefined ? begin : previous.#placeIn(this.#ring, previous.#spare);
  }

  /** How many different choices there are in one round. */
  get length(): number {
    return this.#ring.length;
  }

  /**
   * The next backend in turn. With `exclude` the next of those who stand in, who have a turn of their own: a retry that borrowed the
   * next turn would send all of a dead backend's share to the one behind it, and one that used it up would send every request to
   * the dead one of two first.
   *
   * @returns undefined when there is none left
   */
  next(exclude?: ReadonlySet<string>): T | undefined {
    if (exclude !== undefined && exclude.size > 0) return this.#nextSpare(exclude);
    const share = this.#ring[this.#position];
    this.#position = this.#behind(this.#position);
    return share?.target;
  }

  #nextSpare(exclude: ReadonlySet<string>): T | undefined {
    for (let tried = 0; tried < this.#ring.length; tried += 1) {
      const share = this.#ring[this.#spare];
      this.#spare = this.#behind(this.#spare);
      if (share !== undefined && !exclude.has(share.id)) return share.target;
    }
    return undefined;
  }

  #behind(position: number): number {
    return position + 1 >= this.#ring.length ? 0 : position + 1;
  }

  /** Of the same route after a change. */
  #placeIn(ring: readonly Share<T>[], position: number): number {
    if (ring.length === 0) return 0;
    if (isSameRing(this.#ring, ring)) return position;
    const next = this.#ring[position];
    const index = next === undefined ? -1 : ring.findIndex((share) => share.id === next.id);
    return index === -1 ? position % ring.length : index;
  }
}

/** Longest ring for unequal weights; beyond it weights are rounded, to a share that is off by 1/4096 at most. */
const MAX_RING = 4_096;

/**
 * The k-th place of a backend is due at (k + phase) / weight of the round. Backends of one weight have different phases,
 * else those with few places would all have them at one spot. Ties go by order.
 */
function makeRing<T>(shares: readonly Share<T>[]): readonly Share<T>[] {
  const weights = reduceWeights(shares.map((share) => share.weight));
  if (weights.every((weight) => weight === 1)) return shares;
  const groups = Map.groupBy(shares.keys(), (index) => weights[index] ?? 1);
  const places = [...groups].flatMap(([weight, indexes]) =>
    indexes.flatMap((index, rank) => {
      const phase = (rank + 0.5) / indexes.length;
      return Array.from({ length: weight }, (_, turn) => ({ index, due: (turn + phase) / weight }));
    }),
  );
  places.sort((a, b) => a.due - b.due || a.index - b.index);
  return places.flatMap(({ index }) => shares[index] ?? []);
}

function reduceWeights(weights: readonly number[]): number[] {
  const divisor = weights.reduce(greatestCommonDivisor, 0);
  const reduced = weights.map((weight) => weight / divisor);
  const sum = reduced.reduce((total, weight) => total + weight, 0);
  const limit = Math.max(MAX_RING, weights.length);
  return sum <= limit ? reduced : reduced.map((weight) => Math.max(1, Math.round((weight * limit) / sum)));
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

function start(length: number, { index, count }: WorkerSlot): number {
  return Math.floor(((index % count) * length) / count);
}

function isSameRing<T>(a: readonly Share<T>[], b: readonly Share<T>[]): boolean {
  return a.length === b.length && a.every((share, index) => share.id === b[index]?.id);
}
