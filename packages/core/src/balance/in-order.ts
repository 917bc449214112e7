import type { Share } from '../balance.ts';
import type { Balancer } from './balancer.ts';

/** The first that is ready; the others only stand by. */
export class InOrder<T> implements Balancer<T> {
  readonly #shares: readonly Share<T>[];

  constructor(shares: readonly Share<T>[]) {
    this.#shares = shares;
  }

  get length(): number {
    return this.#shares.length;
  }

  next(exclude?: ReadonlySet<string>): T | undefined {
    return this.#shares.find(({ id }) => exclude?.has(id) !== true)?.target;
  }
}
