import { ProxyError, type RouteMatch } from '@dproxy/core';
import type { Peer } from '../client/peer.ts';
import type { CompiledRoute } from '../compiled-route.ts';
import type { CompiledSnapshot } from '../compiled-snapshot.ts';
import type { RequestHead } from '../http1/index.ts';
import { HeadFacts } from './head-facts.ts';

/**
 * The route of a request, or several wildcard candidates.
 *
 * @throws ProxyError `route-unknown`, `path-unknown`, `path-ambiguous`
 */
export function matchRoute(compiled: CompiledSnapshot, head: RequestHead, peer: Peer): RouteMatch<CompiledRoute> {
  const { host, path, rawPath } = head;
  const match = lookup(compiled, head, peer, path);
  // The backend gets the raw path and may read it either way: both readings must be allowed to be there (`/admin%2F`, `//`).
  if (path !== rawPath && !isSameChoice(match, lookup(compiled, head, peer, rawPath))) {
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

/** Facts are made only where some route asks for them: most tables have no conditions. */
function lookup({ table }: CompiledSnapshot, head: RequestHead, peer: Peer, path: string): RouteMatch<CompiledRoute> {
  const scope = peer.scope(head.claims);
  return table.hasConditions
    ? table.lookup(head.host, path, scope, new HeadFacts(head, peer, path))
    : table.lookup(head.host, path, scope);
}

function isSameChoice(a: RouteMatch<CompiledRoute>, b: RouteMatch<CompiledRoute>): boolean {
  return a.routes.length === b.routes.length && a.routes.every((route, index) => route === b.routes[index]);
}
