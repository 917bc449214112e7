import { conditionTest, type ConditionTest } from './compile-condition.ts';
import type { PathMatch } from './condition.ts';
import type { RequestFacts } from './request-facts.ts';
import { byRank } from './route-rank.ts';
import type { MatchScope, RouteMatch, RoutePattern } from './route-match.ts';

/**
 * The paths of one host: the best route whose path is one of the request's prefixes, without allocation, in logarithmic time.
 *
 * In sorted order everything between a prefix of P and P itself begins with that prefix. So the last path that is not
 * greater than P, and the chain of paths that it begins with, hold all prefixes of P, the longest first. How much of P each
 * kind of path must be is asked of the few in the chain.
 */
export class PathIndex<R extends RoutePattern> {
  readonly routes: readonly R[];
  #paths: SortedPaths<R> | undefined;

  constructor(routes: readonly R[]) {
    this.routes = routes;
  }

  /** @param facts absent: routes with a condition do not answer */
  find(path: string, scope: MatchScope, facts?: RequestFacts): PathEntry<R> | undefined {
    const { nodes, hasPriorities } = this.#compiled();
    let best: PathEntry<R> | undefined;
    for (let node = lastUpTo(nodes, path); node !== undefined; node = node.parent) {
      const reach = reachOf(node.path, path);
      if (reach === REACH.none) continue;
      for (const entry of node.entries) {
        if (best !== undefined && best.rank < entry.rank) break;
        if (entry.reach > reach || !entry.answers(scope, facts)) continue;
        // Without own priorities the longest path comes first, and so it does in the chain.
        if (!hasPriorities) return entry;
        best = entry;
        break;
      }
    }
    return best;
  }

  /** Whether the host exists at all for this client; else its paths must not show either. Whatever its conditions say. */
  isVisible(scope: MatchScope): boolean {
    const { nodes, isPublic } = this.#compiled();
    return (
      (isPublic && scope.isOpened !== true) ||
      nodes.some(({ entries }) => entries.some((entry) => entry.isVisible(scope)))
    );
  }

  /**
   * On the first request for the host: most hosts of a large table see none before the next Snapshot, and all at once
   * would hold up every other request (0.5 s at 100,000 hosts, against 0.1 s).
   */
  #compiled(): SortedPaths<R> {
    this.#paths ??= sortPaths(this.routes);
    return this.#paths;
  }
}

/** One route with the answers that name it alone, made once. */
export class PathEntry<R extends RoutePattern> {
  readonly route: R;
  /** Place among the routes of the host: the lower comes first. */
  readonly rank: number;
  /** How much of a request's path the route's path must be, at least. */
  readonly reach: Reach;
  readonly isLocalOnly: boolean;
  readonly listeners: ReadonlySet<string> | undefined;
  readonly asExact: RouteMatch<R>;
  readonly asWildcard: RouteMatch<R>;
  readonly asWww: RouteMatch<R>;
  readonly asAny: RouteMatch<R>;
  readonly #holds: ConditionTest | undefined;

  constructor(route: R, rank: number) {
    const routes = Object.freeze([route]);
    this.route = route;
    this.rank = rank;
    this.reach = NEEDED_REACH[route.pathMatch];
    this.isLocalOnly = route.audience === 'local';
    this.listeners = route.listeners.length === 0 ? undefined : new Set(route.listeners);
    this.#holds = route.condition === null ? undefined : conditionTest(route.condition);
    this.asExact = Object.freeze({ outcome: 'exact', routes });
    this.asWildcard = Object.freeze({ outcome: 'wildcard', routes });
    this.asWww = Object.freeze({ outcome: 'www', routes });
    this.asAny = Object.freeze({ outcome: 'any', routes });
  }

  isVisible(scope: MatchScope): boolean {
    if (this.isLocalOnly && !scope.isLocal) return false;
    return this.listeners === undefined ? scope.isOpened !== true : this.listeners.has(scope.listenerId);
  }

  answers(scope: MatchScope, facts: RequestFacts | undefined): boolean {
    return this.isVisible(scope) && (this.#holds === undefined || (facts !== undefined && this.#holds(facts)));
  }
}

interface PathNode<R extends RoutePattern> {
  readonly path: string;
  /** Of the same path, by rank. */
  readonly entries: readonly PathEntry<R>[];
  /** The longest other path that this one begins with, as strings go. */
  readonly parent: PathNode<R> | undefined;
}

interface SortedPaths<R extends RoutePattern> {
  readonly nodes: readonly PathNode<R>[];
  /** A route says its own priority: then a shorter path may come first. */
  readonly hasPriorities: boolean;
  /** A route answers every client on every listener. */
  readonly isPublic: boolean;
}

function sortPaths<R extends RoutePattern>(routes: readonly R[]): SortedPaths<R> {
  const entries = [...routes].sort(byRank).map((route, rank) => new PathEntry(route, rank));
  const byPath = Map.groupBy(entries, (entry) => entry.route.path);
  const nodes: PathNode<R>[] = [];
  for (const path of [...byPath.keys()].sort()) {
    let parent = nodes.at(-1);
    while (parent !== undefined && !path.startsWith(parent.path)) parent = parent.parent;
    nodes.push({ path, entries: byPath.get(path) ?? [], parent });
  }
  return {
    nodes,
    hasPriorities: routes.some(({ priority }) => priority !== 0),
    isPublic: entries.some(({ isLocalOnly, listeners }) => !isLocalOnly && listeners === undefined),
  };
}

function lastUpTo<R extends RoutePattern>(nodes: readonly PathNode<R>[], path: string): PathNode<R> | undefined {
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

/** How much of a request's path another one is: nothing, its first characters, its first segments, or all of it. */
const REACH = { none: 0, characters: 1, segments: 2, all: 3 } as const;
type Reach = (typeof REACH)[keyof typeof REACH];

const NEEDED_REACH: Readonly<Record<PathMatch, Reach>> = {
  prefix: REACH.characters,
  segments: REACH.segments,
  exact: REACH.all,
};

/** `/api` is a segment or more of `/api` and `/api/x`, not of `/apis`; `/` of everything. */
function reachOf(prefix: string, path: string): Reach {
  if (!path.startsWith(prefix)) return REACH.none;
  if (path.length === prefix.length) return REACH.all;
  return prefix === '/' || path.charCodeAt(prefix.length) === 0x2f ? REACH.segments : REACH.characters;
}

/** Whether a route's path takes a request's. */
export function takesPath({ path: own, pathMatch }: Pick<RoutePattern, 'path' | 'pathMatch'>, path: string): boolean {
  return reachOf(own, path) >= NEEDED_REACH[pathMatch];
}
