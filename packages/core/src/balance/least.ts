import type { Share } from '../balance.ts';
import type { Balancer, Load } from './balancer.ts';

/** The lower, the better. @param weight 1-1000 */
export type Cost = (load: Load, weight: number) => number;

/** Requests that it would have then, by weight. */
export const byConnections: Cost = ({ active }, weight) => (active + 1) / weight;

/** Far above whatever an answer may take. */
const UNKNOWN_MS = 1e9;

/**
 * Time that an answer takes, times how many are ahead of it. Who has not answered yet gets one request, and no second one
 * before its answer: a backend that hangs from the start must not look like the fastest.
 */
export const byTime: Cost = (load, weight) => {
  const responseMs = load.responseMs();
  if (responseMs > 0) return (responseMs * (load.active + 1)) / weight;
  return load.active === 0 ? 0 : UNKNOWN_MS * (load.active + 1);
};

/** The one with the lowest cost; of equals who is next in turn, else an idle route would send everything to the first. */
export class Least<T extends Load> implements Balancer<T> {
  readonly #shares: readonly Share<T>[];
  readonly #cost: Cost;
  #start: number;

  /** @param start 0-1: where the turn begins, different on each worker */
  constructor(shares: readonly Share<T>[], cost: Cost, start: number) {
    this.#shares = shares;
    this.#cost = cost;
    this.#start = Math.floor(start * shares.length);
  }

  get length(): number {
    return this.#shares.length;
  }

  next(exclude?: ReadonlySet<string>): T | undefined {
    const shares = this.#shares;
    let best: T | undefined;
    let bestCost = Number.POSITIVE_INFINITY;
    let chosen = this.#start;
    for (let step = 0; step < shares.length; step += 1) {
      const index = (this.#start + step) % shares.length;
      const share = shares[index];
      if (share === undefined || exclude?.has(share.id) === true) continue;
      const cost = this.#cost(share.target, share.weight);
      if (cost >= bestCost) continue;
      best = share.target;
      bestCost = cost;
      chosen = index;
    }
    this.#start = chosen + 1;
    return best;
  }
}
