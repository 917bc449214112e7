import type { MatchScope, RouteMatch, RoutePattern } from './route-match.ts';

/**
 * The paths of one host: the longest prefix in whole segments, without allocation, in logarithmic time.
 *
 * In sorted order everything between a prefix of P and P itself begins with that prefix. So the last path that is not
 * greater than P, and the chain of paths that it begins with, hold all prefixes of P, the longest first.
 */
export class PathIndex<R extends RoutePattern> {
  readonly routes: readonly R[];
  #nodes: readonly PathNode<R>[] | undefined;

  constructor(routes: readonly R[]) {
    this.routes = routes;
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
    return this.#compiled().some(({ entries }) => entries.some((entry) => entry.isVisible(scope)));
  }

  #lastUpTo(path: string): PathNode<R> | undefined {
    const nodes = this.#compiled();
    let low = 0;
    let high = nodes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const node = nodes[middle];
      if (node !== undefined && node.path <= path) low = middle + 1;
      else high = middle;
    }
    return nodes[low - 1];
  }

  /**
   * On the first request for the host: most hosts of a large table see none before the next Snapshot, and all at once
   * would hold up every other request (0.5 s at 100,000 hosts, against 0.1 s).
   */
  #compiled(): readonly PathNode<R>[] {
    this.#nodes ??= sortPaths(this.routes);
    return this.#nodes;
  }
}

/** One route with the answers that name it alone, made once. */
export class PathEntry<R extends RoutePattern> {
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

function sortPaths<R extends RoutePattern>(routes: readonly R[]): readonly PathNode<R>[] {
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
  return nodes;
}

/** `/api` is one of `/api` and `/api/x`, not of `/apis`; `/` of everything. */
export function isSegmentPrefix(prefix: string, path: string): boolean {
  if (prefix === '/') return true;
  return path.startsWith(prefix) && (path.length === prefix.length || path.charCodeAt(prefix.length) === 0x2f);
}
