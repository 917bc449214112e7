import type { Route } from '@dproxy/core';
import type { BalanceContext } from '../balance/balance-context.ts';
import type { CompiledFilters } from './compiled-filters.ts';

/** What the filters of a route are compiled with. */
export interface FilterContext extends BalanceContext {
  readonly route: Route;
  /** What acted for the route until now: counts go on from there. */
  readonly previous: CompiledFilters | undefined;
}
