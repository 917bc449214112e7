import { answeringBackends, type Limits, type Route } from '@dproxy/core';
import type { BalanceContext } from './balance/balance-context.ts';
import { balancePools, poolShares } from './balance/pool-balancer.ts';
import { Selection } from './balance/selection.ts';
import { staffingOf } from './balance/staffing.ts';
import type { CompiledRoute } from './compiled-route.ts';
import { compileFilters } from './filters/index.ts';
import { compileHeaderRules } from './http1/index.ts';
import { compileHsts } from './https/compiled-hsts.ts';
import { fixedAnswer } from './pages/fixed-answer.ts';

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
  const refs = answeringBackends(route);
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
    filters: compileFilters({ ...context, route, previous: previous?.filters }),
    retry: route.filters.find((filter) => filter.type === 'retry'),
    fixedAnswer: fixedAnswer(route.action),
    connectMs,
    elsewhereMs: Math.min(connectMs, limits.upstreamElsewhereMs),
    readyCount: shares.length,
    responseMs: timeouts.responseMs || limits.upstreamResponseMs,
    idleMs: timeouts.idleMs || limits.upstreamIdleMs,
  };
}
