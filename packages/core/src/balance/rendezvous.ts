import type { Share } from '../balance.ts';
import type { Balancer } from './balancer.ts';
import { hashKey, mix } from './hash-key.ts';

interface Place<T> {
  readonly share: Share<T>;
  readonly seed: number;
}

/**
 * Rendezvous hashing: every backend draws a number for the key, weighted, and the highest has it. A backend that goes loses its
 * keys to all others by weight, one that comes takes its share from all, and no other key moves: no ring, no state.
 */
export class Rendezvous<T> implements Balancer<T> {
  readonly #places: readonly Place<T>[];
  /** For requests without a key. */
  readonly #inTurn: Balancer<T>;

  constructor(shares: readonly Share<T>[], inTurn: Balancer<T>) {
    this.#places = shares.map((share) => ({ share, seed: hashKey(share.id) }));
    this.#inTurn = inTurn;
  }

  get length(): number {
    return this.#places.length;
  }

  /** A request without a key goes to who is next in turn: all of them together would be too much for one. */
  next(exclude?: ReadonlySet<string>, key = ''): T | undefined {
    if (key === '') return this.#inTurn.next(exclude);
    const hash = hashKey(key);
    let best: Share<T> | undefined;
    let bestScore = Number.NEGATIVE_INFINITY;
    for (const { share, seed } of this.#places) {
      if (exclude?.has(share.id) === true) continue;
      const score = draw(mix(hash ^ seed), share.weight);
      // Equal scores: the lower id, as the order of backends may differ between hosts.
      if (score < bestScore || (score === bestScore && best !== undefined && best.id < share.id)) continue;
      best = share;
      bestScore = score;
    }
    return best?.target;
  }
}

/** The logarithm makes the chance of the highest number proportional to the weight. */
function draw(hash: number, weight: number): number {
  return -weight / Math.log((hash + 0.5) / 2 ** 32);
}
