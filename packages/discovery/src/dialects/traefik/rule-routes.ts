import { canonicalJson, type Condition, type PathMatch } from '@dproxy/core';
import { RuleError } from './rule-error.ts';

/** One way in which a rule can hold, in the words of the route table: hosts and path find it, the condition decides. */
export interface RuleRoute {
  /** `*` for every host. `*.example.com` is of any depth in the table: the condition says that it is one label. */
  readonly hosts: readonly string[];
  readonly path: string;
  readonly pathMatch: PathMatch;
  readonly condition: Condition | null;
}

type HostCondition = Extract<Condition, { type: 'host' }>;
type PathCondition = Extract<Condition, { type: 'path' }>;
type IndexedType = 'host' | 'path';

/** Alternatives of one rule: `(A || B) && (C || D)` has four. */
const MAX_ALTERNATIVES = 512;
const MAX_ROUTES = 64;

/**
 * A rule in disjunctive form, as far as hosts and paths need it; what has neither stays one condition. Where that makes too
 * many routes, paths become part of the condition.
 *
 * @throws RuleError when even the hosts make too many, or when nothing can ever match
 */
export function routesOf(rule: Condition): readonly RuleRoute[] {
  const normal = withoutNegatedGroups(rule, false);
  const routes = route(normal, new Set(['host', 'path'])) ?? route(normal, new Set(['host']));
  if (routes === undefined) {
    throw new RuleError(1, 'too many alternatives', 'several routers, each with some of them');
  }
  if (routes.length === 0)
    throw new RuleError(1, 'a rule that no request can match', 'hosts that do not exclude each other');
  return routes;
}

function route(rule: Condition, indexed: ReadonlySet<IndexedType>): readonly RuleRoute[] | undefined {
  const alternatives = expand(rule, indexed);
  if (alternatives === undefined) return undefined;
  const routes = new Map<string, RuleRoute>();
  for (const parts of alternatives) {
    const one = routeOf(parts);
    if (one === undefined) continue;
    const { hosts, ...rest } = one;
    // `Host(a) || Host(b)` with the same rest is one route with two hosts.
    const key = canonicalJson(rest);
    const known = routes.get(key)?.hosts ?? [];
    routes.set(key, { ...rest, hosts: [...new Set([...known, ...hosts])] });
  }
  return routes.size > MAX_ROUTES ? undefined : [...routes.values()];
}

/** Pushes `none` down to the matchers (De Morgan), so that only what a request must have is left outside of it. */
function withoutNegatedGroups(condition: Condition, isNegated: boolean): Condition {
  if (condition.type === 'none') {
    const [only, ...more] = condition.of;
    if (only !== undefined && more.length === 0) return withoutNegatedGroups(only, !isNegated);
    return withoutNegatedGroups({ type: 'any', of: condition.of }, !isNegated);
  }
  if (condition.type === 'all' || condition.type === 'any') {
    const isAll = (condition.type === 'all') !== isNegated;
    return { type: isAll ? 'all' : 'any', of: condition.of.map((part) => withoutNegatedGroups(part, isNegated)) };
  }
  return isNegated ? { type: 'none', of: [condition] } : condition;
}

/** Undefined when there are too many. */
function expand(
  condition: Condition,
  indexed: ReadonlySet<IndexedType>,
): readonly (readonly Condition[])[] | undefined {
  if (!finds(condition, indexed)) return [[condition]];
  if (condition.type === 'any') {
    const alternatives: (readonly Condition[])[] = [];
    for (const part of condition.of) {
      const more = expand(part, indexed);
      if (more === undefined || alternatives.length + more.length > MAX_ALTERNATIVES) return undefined;
      alternatives.push(...more);
    }
    return alternatives;
  }
  if (condition.type === 'all') return product(condition.of, indexed);
  return [[condition]];
}

function product(
  parts: readonly Condition[],
  indexed: ReadonlySet<IndexedType>,
): readonly (readonly Condition[])[] | undefined {
  let combined: readonly (readonly Condition[])[] = [[]];
  for (const part of parts) {
    const alternatives = expand(part, indexed);
    if (alternatives === undefined || combined.length * alternatives.length > MAX_ALTERNATIVES) return undefined;
    combined = combined.flatMap((left) => alternatives.map((right) => [...left, ...right]));
  }
  return combined;
}

/** Whether hosts or paths that a request must have are in it. Groups that are empty are also taken apart: they are constants. */
function finds(condition: Condition, indexed: ReadonlySet<IndexedType>): boolean {
  if (condition.type === 'all' || condition.type === 'any') {
    return condition.of.length === 0 || condition.of.some((part) => finds(part, indexed));
  }
  return condition.type !== 'none' && indexed.has(condition.type as IndexedType);
}

/** Undefined when two of the parts exclude each other. */
function routeOf(parts: readonly Condition[]): RuleRoute | undefined {
  const host = mostSpecificHost(parts.filter((part) => part.type === 'host'));
  const path = mostSpecificPath(parts.filter((part) => part.type === 'path'));
  const rest = parts.filter((part) => {
    if (part.type === 'host') return part.host.startsWith('*.') || part.host !== host;
    return part !== path;
  });
  const names = new Set(rest.flatMap((part) => (part.type === 'host' && !part.host.startsWith('*.') ? part.host : [])));
  if (names.size > 0) return undefined;
  const isAll = path === undefined || (path.kind === 'prefix' && path.path === '/');
  return {
    hosts: [host ?? '*'],
    path: isAll ? '/' : path.path,
    pathMatch: isAll ? 'segments' : path.kind,
    condition: joined(rest),
  };
}

function mostSpecificHost(hosts: readonly HostCondition[]): string | undefined {
  return (hosts.find(({ host }) => !host.startsWith('*.')) ?? hosts[0])?.host;
}

function mostSpecificPath(paths: readonly PathCondition[]): PathCondition | undefined {
  const byLength = [...paths].sort((a, b) => b.path.length - a.path.length);
  return byLength.find(({ kind }) => kind === 'exact') ?? byLength[0];
}

/** All of them, as one condition; null when there is none. */
export function joined(conditions: readonly Condition[]): Condition | null {
  const parts = conditions.flatMap((part) => (part.type === 'all' ? part.of : [part]));
  const [only] = parts;
  if (only === undefined) return null;
  return parts.length === 1 ? only : { type: 'all', of: parts };
}
