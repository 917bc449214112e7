import type { BalanceStrategy } from '../balance-policy.ts';
import { RoundRobin, type Share, type WorkerSlot } from '../balance.ts';
import type { Balancer, Load } from './balancer.ts';
import { ByChance, type Chance, PowerOfTwo } from './by-chance.ts';
import { InOrder } from './in-order.ts';
import { byConnections, byTime, Least } from './least.ts';
import { Rendezvous } from './rendezvous.ts';

export interface BalancerOptions<T> {
  readonly worker: WorkerSlot;
  readonly chance: Chance;
  /** Of the same route before a change. */
  readonly previous: Balancer<T> | undefined;
}

/** @param shares the backends that may be chosen, as `readyShares` gives them */
export function createBalancer<T extends Load>(
  strategy: BalanceStrategy,
  shares: readonly Share<T>[],
  { worker, chance, previous }: BalancerOptions<T>,
): Balancer<T> {
  const start = (worker.index % worker.count) / worker.count;
  switch (strategy) {
    case 'roundRobin':
      return new RoundRobin(shares, worker, previous instanceof RoundRobin ? previous : undefined);
    case 'leastConnections':
      return new Least(shares, byConnections, start);
    case 'leastTime':
      return new Least(shares, byTime, start);
    case 'powerOfTwo':
      return new PowerOfTwo(shares, chance);
    case 'hash':
      return new Rendezvous(shares, new RoundRobin(shares, worker));
    case 'random':
      return new ByChance(shares, chance);
    case 'first':
      return new InOrder(shares);
    default:
      return strategy satisfies never;
  }
}
