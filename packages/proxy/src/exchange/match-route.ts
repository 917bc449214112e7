import { type MatchScope, ProxyError, type RouteMatch } from '@dproxy/core';
import type { CompiledRoute } from '../compiled-route.ts';
import type { CompiledSnapshot } from '../compiled-snapshot.ts';
import type { RequestHead } from '../http1/index.ts';

/**
 * The route of a request, or several wildcard candidates.
 *
 * @throws ProxyError `route-unknown`, `path-unknown`, `path-ambiguous`
 */
export function matchRoute(
  { table }: CompiledSnapshot,
  { host, path, rawPath }: RequestHead,
  scope: MatchScope,
): RouteMatch<CompiledRoute> {
  const match = table.lookup(host, path, scope);
  // The backend gets the raw path and may read it either way: both readings must be allowed to be there (`/admin%2F`, `//`).
  if (path !== rawPath && !isSameChoice(match, table.lookup(host, rawPath, scope))) {
    throw new ProxyError('path-ambiguous', `${rawPath} and ${path} choose different routes`);
  }
  switch (match.outcome) {
    case 'exact':
    case 'wildcard':
    case 'www':
    case 'any':
      return match;
    case 'path-unknown':
    case 'route-unknown':
      throw new ProxyError(match.outcome, `${host}${path}`);
    default:
      return match.outcome satisfies never;
  }
}

function isSameChoice(a: RouteMatch<CompiledRoute>, b: RouteMatch<CompiledRoute>): boolean {
  return a.routes.length === b.routes.length && a.routes.every((route, index) => route === b.routes[index]);
}
