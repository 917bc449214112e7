import type { RetryFilter, Route, RoutePattern } from '@dproxy/core';
import type { PoolBalancer } from './balance/pool-balancer.ts';
import type { Selection } from './balance/selection.ts';
import type { Staffing } from './balance/staffing.ts';
import type { CompiledFilters } from './filters/index.ts';
import type { CompiledRouteHeaders } from './http1/index.ts';
import type { CompiledHsts } from './https/compiled-hsts.ts';
import type { Page } from './pages/index.ts';

/** A route with everything that a request needs of it prepared. */
export interface CompiledRoute extends RoutePattern {
  readonly route: Route;
  /** Who answers for it now: `none` also for routes that do not forward. */
  readonly staffing: Staffing;
  /** Empty for routes that do not forward. */
  readonly balance: PoolBalancer;
  /** Undefined: `balance` alone decides who is next. */
  readonly selection: Selection | undefined;
  readonly headers: CompiledRouteHeaders;
  readonly hsts: CompiledHsts | undefined;
  /** Undefined: none. */
  readonly filters: CompiledFilters | undefined;
  /** What is repeated beyond what is safe anyway; undefined: nothing. */
  readonly retry: RetryFilter | undefined;
  /** Of a route that does not forward. */
  readonly fixedAnswer: Page | undefined;
  readonly connectMs: number;
  /** Instead of it, while another backend can be asked. */
  readonly elsewhereMs: number;
  /** Backends that may be chosen now. */
  readonly readyCount: number;
  readonly responseMs: number;
  readonly idleMs: number;
}
