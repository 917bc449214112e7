import {
  type BackendBalancer,
  type BackendRef,
  type BalanceStrategy,
  createBalancer,
  readyShares,
  type Share,
} from '@dproxy/core';
import type { UpstreamPool } from '../upstream/upstream-pool.ts';
import type { BalanceContext } from './balance-context.ts';

export type PoolBalancer = BackendBalancer<UpstreamPool>;

/**
 * The backends that may be chosen now, each with its pool.
 *
 * @param panics as in `readyShares`
 */
export function poolShares(
  refs: readonly BackendRef[],
  { backends, pools }: Pick<BalanceContext, 'backends' | 'pools'>,
  panics = false,
): Share<UpstreamPool>[] {
  return readyShares(refs, backends, panics).flatMap(({ id, weight }) => {
    const target = pools.get(id);
    return target === undefined ? [] : [{ id, weight, target }];
  });
}

/** @param previous of the same route: round robin goes on where it was */
export function balancePools(
  strategy: BalanceStrategy,
  shares: readonly Share<UpstreamPool>[],
  { worker }: BalanceContext,
  previous: PoolBalancer | undefined,
): PoolBalancer {
  return createBalancer(strategy, shares, { worker, chance: Math.random, previous });
}
