import { PathIndex, type PathEntry } from './path-index.ts';
import type { MatchScope, RouteMatch, RoutePattern } from './route-match.ts';
import type { Route } from './route.ts';

export interface RouteTable<R extends RoutePattern = Route> {
  /**
   * Constant time in the number of hosts; allocates only for several wildcard candidates.
   *
   * @param host lower case, without port and trailing dot
   * @param path canonical
   */
  lookup(host: string, path: string, scope: MatchScope): RouteMatch<R>;
}

export function compileRoutes<R extends RoutePattern>(routes: Iterable<R>): RouteTable<R> {
  return new HostIndex(routes);
}

/** DNS allows 253; what is longer was made to cost time. */
const MAX_HOST = 255;

const ROUTE_UNKNOWN: RouteMatch<never> = Object.freeze({ outcome: 'route-unknown', routes: Object.freeze([]) });
const PATH_UNKNOWN: RouteMatch<never> = Object.freeze({ outcome: 'path-unknown', routes: Object.freeze([]) });

class HostIndex<R extends RoutePattern> implements RouteTable<R> {
  readonly #exact = new Map<string, PathIndex<R>>();
  /** By the part after `*.`. */
  readonly #wildcards = new Map<string, PathIndex<R>>();

  constructor(routes: Iterable<R>) {
    for (const route of routes) {
      if (route.host.startsWith('*.')) addTo(this.#wildcards, route.host.slice(2), route);
      else addTo(this.#exact, route.host, route);
    }
  }

  lookup(host: string, path: string, scope: MatchScope): RouteMatch<R> {
    if (host.length > MAX_HOST) return ROUTE_UNKNOWN;
    const paths = this.#exact.get(host);
    const entry = paths?.find(path, scope);
    if (entry !== undefined) return entry.asExact;

    let isKnown = paths?.isVisible(scope) === true;
    if (this.#wildcards.size > 0) {
      const match = this.#lookupWildcards(host, path, scope);
      if (match.routes.length > 0) return match;
      isKnown ||= match === PATH_UNKNOWN;
    }
    if (host.startsWith('www.')) {
      const bare = this.#exact.get(host.slice(4));
      const bareEntry = bare?.find(path, scope);
      if (bareEntry !== undefined) return bareEntry.asWww;
      isKnown ||= bare?.isVisible(scope) === true;
    }
    return isKnown ? PATH_UNKNOWN : ROUTE_UNKNOWN;
  }

  /** Walks up the labels: at most 127 look-ups, however many wildcards there are. */
  #lookupWildcards(host: string, path: string, scope: MatchScope): RouteMatch<R> {
    let first: PathEntry<R> | undefined;
    let several: R[] | undefined;
    let isKnown = false;
    for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1)) {
      const paths = this.#wildcards.get(host.slice(dot + 1));
      if (paths === undefined) continue;
      const entry = paths.find(path, scope);
      if (entry === undefined) {
        isKnown ||= paths.isVisible(scope);
        continue;
      }
      if (first === undefined) first = entry;
      else (several ??= [first.route]).push(entry.route);
      if (!entry.route.fallThrough) break;
    }
    if (several !== undefined) return { outcome: 'wildcard', routes: several };
    if (first !== undefined) return first.asWildcard;
    return isKnown ? PATH_UNKNOWN : ROUTE_UNKNOWN;
  }
}

function addTo<R extends RoutePattern>(hosts: Map<string, PathIndex<R>>, host: string, route: R): void {
  const paths = hosts.get(host) ?? new PathIndex<R>();
  paths.add(route);
  hosts.set(host, paths);
}
