import { PathIndex, type PathEntry } from './path-index.ts';
import type { RequestFacts } from './request-facts.ts';
import type { MatchScope, RouteMatch, RoutePattern } from './route-match.ts';
import type { Route } from './route.ts';

export interface RouteTable<R extends RoutePattern = Route> {
  /**
   * Constant time in the number of hosts; allocates only for several wildcard candidates.
   *
   * @param host lower case, without port and trailing dot
   * @param path canonical
   * @param facts of the request, with the same host and path; not asked for anything unless the host has conditions.
   *   Absent: routes with a condition do not answer
   */
  lookup(host: string, path: string, scope: MatchScope, facts?: RequestFacts): RouteMatch<R>;
  /**
   * The pattern by which routes know a host on this listener, whatever their paths and conditions: the host itself (also
   * without its `www.`), the longest wildcard, `*`; empty: nobody knows it.
   */
  nearestPattern(host: string, scope: MatchScope): string;
  /** Some route has a condition: only then facts are worth making. */
  readonly hasConditions: boolean;
  /**
   * The table after a change; this one stays as it is. Costs one copy of the list of hosts, and the work for those that
   * changed.
   *
   * @param removed of this table, the very objects
   */
  with(removed: Iterable<R>, added: Iterable<R>): RouteTable<R>;
}

export function compileRoutes<R extends RoutePattern>(routes: Iterable<R>): RouteTable<R> {
  return new HostIndex<R>().with([], routes);
}

/** DNS allows 253; what is longer was made to cost time. */
const MAX_HOST = 255;

const ROUTE_UNKNOWN: RouteMatch<never> = Object.freeze({ outcome: 'route-unknown', routes: Object.freeze([]) });
const PATH_UNKNOWN: RouteMatch<never> = Object.freeze({ outcome: 'path-unknown', routes: Object.freeze([]) });

class HostIndex<R extends RoutePattern> implements RouteTable<R> {
  readonly #exact: ReadonlyMap<string, PathIndex<R>>;
  /** By the part after `*.`. */
  readonly #wildcards: ReadonlyMap<string, PathIndex<R>>;

  /** Of the pattern `*`. No request has it as its host: it is kept among the exact ones. */
  readonly #every: PathIndex<R> | undefined;
  readonly #conditions: number;

  constructor(
    exact: ReadonlyMap<string, PathIndex<R>> = new Map(),
    wildcards: typeof exact = new Map(),
    conditions = 0,
  ) {
    this.#exact = exact;
    this.#wildcards = wildcards;
    this.#every = exact.get('*');
    this.#conditions = conditions;
  }

  get hasConditions(): boolean {
    return this.#conditions > 0;
  }

  with(removed: Iterable<R>, added: Iterable<R>): RouteTable<R> {
    const exact = new HostChanges(this.#exact);
    const wildcards = new HostChanges(this.#wildcards);
    let conditions = this.#conditions;
    for (const route of removed) {
      if (route.condition !== null) conditions -= 1;
      if (isWildcard(route)) wildcards.of(route.host.slice(2)).removed.add(route);
      else exact.of(route.host).removed.add(route);
    }
    for (const route of added) {
      if (route.condition !== null) conditions += 1;
      if (isWildcard(route)) wildcards.of(route.host.slice(2)).added.push(route);
      else exact.of(route.host).added.push(route);
    }
    return new HostIndex(exact.apply(), wildcards.apply(), conditions);
  }

  lookup(host: string, path: string, scope: MatchScope, facts?: RequestFacts): RouteMatch<R> {
    if (host.length > MAX_HOST) return ROUTE_UNKNOWN;
    const paths = this.#exact.get(host);
    const entry = paths?.find(path, scope, facts);
    if (entry !== undefined) return entry.asExact;

    let isKnown = paths?.isVisible(scope) === true;
    if (this.#wildcards.size > 0) {
      const match = this.#lookupWildcards(host, path, scope, facts);
      if (match.routes.length > 0) return match;
      isKnown ||= match === PATH_UNKNOWN;
    }
    if (host.startsWith('www.')) {
      const bare = this.#exact.get(host.slice(4));
      const bareEntry = bare?.find(path, scope, facts);
      if (bareEntry !== undefined) return bareEntry.asWww;
      isKnown ||= bare?.isVisible(scope) === true;
    }
    if (this.#every !== undefined) {
      const anyEntry = this.#every.find(path, scope, facts);
      if (anyEntry !== undefined) return anyEntry.asAny;
      isKnown ||= this.#every.isVisible(scope);
    }
    return isKnown ? PATH_UNKNOWN : ROUTE_UNKNOWN;
  }

  nearestPattern(host: string, scope: MatchScope): string {
    if (host.length > MAX_HOST) return '';
    for (const name of host.startsWith('www.') ? [host, host.slice(4)] : [host]) {
      if (this.#exact.get(name)?.isVisible(scope) === true) return name;
    }
    for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1)) {
      const suffix = host.slice(dot + 1);
      if (this.#wildcards.get(suffix)?.isVisible(scope) === true) return `*.${suffix}`;
    }
    return this.#every?.isVisible(scope) === true ? '*' : '';
  }

  /** Walks up the labels: at most 127 look-ups, however many wildcards there are. */
  #lookupWildcards(host: string, path: string, scope: MatchScope, facts: RequestFacts | undefined): RouteMatch<R> {
    let first: PathEntry<R> | undefined;
    let several: R[] | undefined;
    let isKnown = false;
    for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1)) {
      const paths = this.#wildcards.get(host.slice(dot + 1));
      if (paths === undefined) continue;
      const entry = paths.find(path, scope, facts);
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

interface HostChange<R extends RoutePattern> {
  readonly removed: Set<R>;
  readonly added: R[];
}

/** What changes in one of the two maps, by host, so that each host's paths are indexed anew once. */
class HostChanges<R extends RoutePattern> {
  readonly #hosts: ReadonlyMap<string, PathIndex<R>>;
  readonly #changes = new Map<string, HostChange<R>>();

  constructor(hosts: ReadonlyMap<string, PathIndex<R>>) {
    this.#hosts = hosts;
  }

  of(host: string): HostChange<R> {
    let change = this.#changes.get(host);
    if (change === undefined) {
      change = { removed: new Set(), added: [] };
      this.#changes.set(host, change);
    }
    return change;
  }

  apply(): ReadonlyMap<string, PathIndex<R>> {
    if (this.#changes.size === 0) return this.#hosts;
    const hosts = new Map(this.#hosts);
    for (const [host, { removed, added }] of this.#changes) {
      const kept = hosts.get(host)?.routes.filter((route) => !removed.has(route)) ?? [];
      if (kept.length + added.length === 0) hosts.delete(host);
      else hosts.set(host, new PathIndex([...kept, ...added]));
    }
    return hosts;
  }
}

function isWildcard({ host }: RoutePattern): boolean {
  return host.startsWith('*.');
}
