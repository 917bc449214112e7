import type { Route } from './route.ts';

/** What the table reads of a route. The data plane may put its own compiled routes into it. */
export type RoutePattern = Pick<Route, 'id' | 'host' | 'path' | 'audience' | 'listeners' | 'fallThrough'>;

/** What is known about a request beside host and path. Both values are few: keep the objects, make none per request. */
export interface MatchScope {
  /** Both ends loopback (or an allowed client) and nothing forwarded: `local` routes answer too. */
  readonly isLocal: boolean;
  readonly listenerId: string;
}

/**
 * - `exact`: this host was named; one route
 * - `wildcard`: candidates, the longest wildcard first; the first whose answer is no error is to be remembered
 * - `www`: the host without its leading `www.` was named; one route
 * - `path-unknown`: the host is known, but has no route for this path; no route
 * - `route-unknown`: nobody asked for this host here; no route
 */
export type MatchOutcome = 'exact' | 'wildcard' | 'www' | 'path-unknown' | 'route-unknown';

export interface RouteMatch<R extends RoutePattern = Route> {
  readonly outcome: MatchOutcome;
  readonly routes: readonly R[];
}

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
    const exact = new Map<string, R[]>();
    const wildcards = new Map<string, R[]>();
    for (const route of routes) {
      if (route.host.startsWith('*.')) append(wildcards, route.host.slice(2), route);
      else append(exact, route.host, route);
    }
    for (const [host, list] of exact) this.#exact.set(host, new PathIndex(list));
    for (const [base, list] of wildcards) this.#wildcards.set(base, new PathIndex(list));
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

/** One route with the answers that name it alone, made once. */
class PathEntry<R extends RoutePattern> {
  readonly route: R;
  readonly isLocalOnly: boolean;
  readonly listeners: ReadonlySet<string> | undefined;
  readonly asExact: RouteMatch<R>;
  readonly asWildcard: RouteMatch<R>;
  readonly asWww: RouteMatch<R>;

  constructor(route: R) {
    const routes = Object.freeze([route]);
    this.route = route;
    this.isLocalOnly = route.audience === 'local';
    this.listeners = route.listeners.length === 0 ? undefined : new Set(route.listeners);
    this.asExact = Object.freeze({ outcome: 'exact', routes });
    this.asWildcard = Object.freeze({ outcome: 'wildcard', routes });
    this.asWww = Object.freeze({ outcome: 'www', routes });
  }

  isVisible(scope: MatchScope): boolean {
    return (
      (!this.isLocalOnly || scope.isLocal) && (this.listeners === undefined || this.listeners.has(scope.listenerId))
    );
  }
}

interface PathNode<R extends RoutePattern> {
  readonly path: string;
  /** Same path for other audiences; what was asked for by name comes before `local`. */
  readonly entries: readonly PathEntry<R>[];
  /** The longest other path that this one begins with, as strings go. */
  readonly parent: PathNode<R> | undefined;
}

/**
 * The paths of one host: the longest prefix in whole segments, without allocation, in logarithmic time.
 *
 * In sorted order everything between a prefix of P and P itself begins with that prefix. So the last path that is not
 * greater than P, and the chain of paths that it begins with, hold all prefixes of P, the longest first.
 */
class PathIndex<R extends RoutePattern> {
  readonly #nodes: readonly PathNode<R>[];
  readonly #entries: readonly PathEntry<R>[];

  constructor(routes: readonly R[]) {
    const byPath = Map.groupBy(
      routes.map((route) => new PathEntry(route)),
      (entry) => entry.route.path,
    );
    const nodes: PathNode<R>[] = [];
    for (const path of [...byPath.keys()].sort()) {
      const entries = (byPath.get(path) ?? []).sort((a, b) => Number(a.isLocalOnly) - Number(b.isLocalOnly));
      let parent = nodes.at(-1);
      while (parent !== undefined && !path.startsWith(parent.path)) parent = parent.parent;
      nodes.push({ path, entries, parent });
    }
    this.#nodes = nodes;
    this.#entries = nodes.flatMap((node) => node.entries);
  }

  find(path: string, scope: MatchScope): PathEntry<R> | undefined {
    for (let node = this.#lastUpTo(path); node !== undefined; node = node.parent) {
      if (!isSegmentPrefix(node.path, path)) continue;
      for (const entry of node.entries) if (entry.isVisible(scope)) return entry;
    }
    return undefined;
  }

  /** Whether the host exists at all for this request; else its paths must not show either. */
  isVisible(scope: MatchScope): boolean {
    return this.#entries.some((entry) => entry.isVisible(scope));
  }

  #lastUpTo(path: string): PathNode<R> | undefined {
    let low = 0;
    let high = this.#nodes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const node = this.#nodes[middle];
      if (node !== undefined && node.path <= path) low = middle + 1;
      else high = middle;
    }
    return this.#nodes[low - 1];
  }
}

/** `/api` is one of `/api` and `/api/x`, not of `/apis`; `/` of everything. */
function isSegmentPrefix(prefix: string, path: string): boolean {
  if (prefix === '/') return true;
  return path.startsWith(prefix) && (path.length === prefix.length || path.charCodeAt(prefix.length) === 0x2f);
}

function append<R>(lists: Map<string, R[]>, key: string, value: R): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
