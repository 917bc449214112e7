import {
  type Backend,
  type BackendRef,
  type Limits,
  type RetryFilter,
  type Route,
  type RoutePattern,
  type WorkerSlot,
} from '@dproxy/core';
import { balancePools, type PoolBalancer, poolShares } from './balance/pool-balancer.ts';
import { type Staffing, staffingOf } from './balance/staffing.ts';
import { Selection } from './balance/selection.ts';
import { fixedAnswer } from './exchange/fixed-answer.ts';
import { type CompiledFilters, compileFilters } from './filters/index.ts';
import { type CompiledRouteHeaders, compileHeaderRules } from './http1/index.ts';
import { type CompiledHsts, compileHsts } from './https/hsts.ts';
import type { Page } from './pages/index.ts';
import type { BackendAges } from './upstream/backend-ages.ts';
import type { UpstreamPools } from './upstream/upstream-pools.ts';

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

/** Who takes part in the balancing of a Snapshot. */
export interface BalanceContext {
  readonly backends: ReadonlyMap<string, Backend>;
  readonly worker: WorkerSlot;
  readonly pools: UpstreamPools;
  /** Absent: no backend is young. */
  readonly ages?: Pick<BackendAges, 'readySinceMs'> | undefined;
}

export interface RouteContext extends BalanceContext {
  readonly limits: Limits;
  /** What served the route until now: its turn goes on from there. */
  readonly previous: CompiledRoute | undefined;
}

/** @throws RangeError when the route cannot be served */
export function compileRoute(route: Route, context: RouteContext): CompiledRoute {
  const { id, host, path, pathMatch, condition, priority, audience, listeners, fallThrough, timeouts } = route;
  const { limits, previous } = context;
  const headers = compileHeaderRules(route.headers);
  const refs = backendsOf(route);
  const shares = poolShares(refs, context, route.panic);
  const connectMs = timeouts.connectMs || limits.upstreamConnectMs;
  const balance = balancePools(route.balance.strategy, shares, context, previous?.balance);
  return {
    id,
    host,
    path,
    pathMatch,
    condition,
    priority,
    audience,
    listeners,
    fallThrough,
    route,
    staffing: staffingOf(shares),
    balance,
    selection: Selection.of({ route, refs, shares, balance, context, previous: previous?.selection }),
    headers,
    hsts: compileHsts(route, headers.response),
    filters: compileFilters({ ...context, route }),
    retry: route.filters.find((filter) => filter.type === 'retry'),
    fixedAnswer: fixedAnswer(route.action),
    connectMs,
    elsewhereMs: Math.min(connectMs, limits.upstreamElsewhereMs),
    readyCount: shares.length,
    responseMs: timeouts.responseMs || limits.upstreamResponseMs,
    idleMs: timeouts.idleMs || limits.upstreamIdleMs,
  };
}

const NONE: readonly BackendRef[] = [];

function backendsOf({ action }: Route): readonly BackendRef[] {
  return action.type === 'forward' ? action.backends : NONE;
}

/** Every backend that serving the route may ask. */
export function usedBackends(route: Route): readonly BackendRef[] {
  if (route.filters.length === 0) return backendsOf(route);
  const others = route.filters.flatMap((filter) =>
    filter.type === 'errorPages' || filter.type === 'mirror' ? filter.backends : NONE,
  );
  return [...backendsOf(route), ...others];
}
