import type { Route } from './route.ts';

/** What the table reads of a route. The data plane may put its own compiled routes into it. */
export type RoutePattern = Pick<
  Route,
  'id' | 'host' | 'path' | 'pathMatch' | 'condition' | 'priority' | 'audience' | 'listeners' | 'fallThrough'
>;

/** What is known about a request beside host and path. Both values are few: keep the objects, make none per request. */
export interface MatchScope {
  /** Both ends loopback (or an allowed client) and nothing forwarded: `local` routes answer too. */
  readonly isLocal: boolean;
  readonly listenerId: string;
  /** The listener was opened for a public port (`http:5000`): only routes that name it answer there. */
  readonly isOpened?: boolean;
}

export function matchScope(listenerId: string, isLocal: boolean): MatchScope {
  // Names under `listen:` have no colon.
  return { isLocal, listenerId, isOpened: listenerId.includes(':') };
}

/**
 * - `exact`: this host was named; one route
 * - `wildcard`: candidates, the longest wildcard first; the first whose answer is no error is to be remembered
 * - `www`: the host without its leading `www.` was named; one route
 * - `any`: nobody named the host, but `*` takes every one; one route
 * - `path-unknown`: the host is known, but has no route for this path; no route
 * - `route-unknown`: nobody asked for this host here; no route
 */
export type MatchOutcome = 'exact' | 'wildcard' | 'www' | 'any' | 'path-unknown' | 'route-unknown';

export interface RouteMatch<R extends RoutePattern = Route> {
  readonly outcome: MatchOutcome;
  readonly routes: readonly R[];
}

/** Whether two look-ups lead to the same place: of the path as sent and of the canonical one, else `path-ambiguous`. */
export function isSameMatch(a: RouteMatch<RoutePattern>, b: RouteMatch<RoutePattern>): boolean {
  if (a === b) return true;
  if (a.outcome !== b.outcome || a.routes.length !== b.routes.length) return false;
  return a.routes.every((route, index) => route === b.routes[index]);
}
