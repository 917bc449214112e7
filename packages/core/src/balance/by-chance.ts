import type { Share } from '../balance.ts';
import type { Balancer, Load } from './balancer.ts';
import { byConnections } from './least.ts';

/** In [0, 1). */
export type Chance = () => number;

/** Any of them, by weight. */
export class ByChance<T> implements Balancer<T> {
  readonly #shares: readonly Share<T>[];
  readonly #chance: Chance;

  constructor(shares: readonly Share<T>[], chance: Chance) {
    this.#shares = shares;
    this.#chance = chance;
  }

  get length(): number {
    return this.#shares.length;
  }

  next(exclude?: ReadonlySet<string>): T | undefined {
    return this.draw((id) => exclude?.has(id) !== true)?.target;
  }

  protected draw(isWanted: (id: string) => boolean): Share<T> | undefined {
    let total = 0;
    for (const { id, weight } of this.#shares) if (isWanted(id)) total += weight;
    let left = this.#chance() * total;
    let last: Share<T> | undefined;
    for (const share of this.#shares) {
      if (!isWanted(share.id)) continue;
      last = share;
      left -= share.weight;
      if (left < 0) return share;
    }
    // Rounding may leave a grain.
    return last;
  }
}

/**
 * The less busy of two that are drawn: nearly as even as asking all of them, and many proxies that do so do not all run to the
 * same one at once.
 */
export class PowerOfTwo<T extends Load> extends ByChance<T> {
  override next(exclude?: ReadonlySet<string>): T | undefined {
    const first = this.draw((id) => exclude?.has(id) !== true);
    if (first === undefined) return undefined;
    const second = this.draw((id) => id !== first.id && exclude?.has(id) !== true);
    if (second === undefined) return first.target;
    return costOf(second) < costOf(first) ? second.target : first.target;
  }
}

function costOf<T extends Load>({ target, weight }: Share<T>): number {
  return byConnections(target, weight);
}
