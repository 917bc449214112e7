import type { PathMatch } from './condition.ts';
import { describeCondition, failedParts } from './explain-condition.ts';
import { takesPath } from './path-index.ts';
import type { RequestFacts } from './request-facts.ts';
import type { MatchScope, RouteMatch, RoutePattern } from './route-match.ts';
import { byRank, rankReason } from './route-rank.ts';
import { compileRoutes } from './route-table.ts';

/** How a host pattern comes to be asked about a host, in order of precedence. */
export type HostRelation = 'exact' | 'wildcard' | 'www' | 'any';

/** What one matcher of a route says about a request. */
export interface MatcherCheck {
  /** `host`, `path`, `condition`, `listener`, `audience`. */
  readonly matcher: string;
  readonly passed: boolean;
  /** What was asked for and what the request has, in a few words. */
  readonly detail: string;
}

/**
 * - `chosen`: answers
 * - `next`: is asked when all before it fail
 * - `outranked`: matches, but another route comes first
 * - `failed`: a matcher does not hold
 * - `not-reached`: would be chosen or next, but something else answers before
 */
export type RouteVerdict = 'chosen' | 'next' | 'outranked' | 'failed' | 'not-reached';

export interface ExplainedRoute<R extends RoutePattern> {
  readonly route: R;
  readonly verdict: RouteVerdict;
  /** Of all matchers, the failed ones too. */
  readonly checks: readonly MatcherCheck[];
  /** Why it is not chosen; empty when it is. */
  readonly reason: string;
}

export interface ExplainedMatch<R extends RoutePattern> {
  /** What the table answers. */
  readonly match: RouteMatch<R>;
  /** Those that the table would look at, the chosen one first. */
  readonly candidates: readonly ExplainedRoute<R>[];
}

/** What a request is matched by. `host` and `path` as `RouteTable.lookup` takes them. */
export interface MatchQuestion {
  readonly host: string;
  readonly path: string;
  readonly scope: MatchScope;
  /** Absent: a condition does not hold. */
  readonly facts?: RequestFacts | undefined;
}

/** Undefined: the route does not ask for it, and it is not worth a line. */
type Matcher = (route: RoutePattern, question: MatchQuestion, relation: HostRelation) => MatcherCheck | undefined;

/** Whoever adds a matcher to the table adds its line here; explain-routes.prop.test.ts holds both together. */
const MATCHERS: readonly Matcher[] = [checkHost, checkPath, checkCondition, checkListener, checkAudience];

/** The same limit that the table has. */
const MAX_HOST = 255;

/** How the table comes to look at a pattern for this host; undefined: it does not. */
export function hostRelation(pattern: string, host: string): HostRelation | undefined {
  if (host.length > MAX_HOST) return undefined;
  if (pattern === '*') return 'any';
  if (pattern.startsWith('*.')) return host.endsWith(pattern.slice(1)) ? 'wildcard' : undefined;
  if (pattern === host) return 'exact';
  return host.length === pattern.length + 4 && host.startsWith('www.') && host.endsWith(pattern) ? 'www' : undefined;
}

/** All routes that can matter for a host: a table of them answers for it like a table of all. Linear. */
export function candidateRoutes<R extends RoutePattern>(routes: Iterable<R>, host: string): R[] {
  const candidates: R[] = [];
  for (const route of routes) if (hostRelation(route.host, host) !== undefined) candidates.push(route);
  return candidates;
}

/**
 * Why each route of a host did or did not match. The choice itself is the table's: this only finds words for it.
 *
 * @param routes all, or `candidateRoutes`
 */
export function explainRoutes<R extends RoutePattern>(routes: Iterable<R>, question: MatchQuestion): ExplainedMatch<R> {
  const candidates = candidateRoutes(routes, question.host);
  const match = compileRoutes(candidates).lookup(question.host, question.path, question.scope, question.facts);
  const explained = candidates.map((route) => explainRoute(route, question, match));
  return { match, candidates: explained.sort((a, b) => byVerdict(a, b, match) || byPrecedence(a.route, b.route)) };
}

function explainRoute<R extends RoutePattern>(
  route: R,
  question: MatchQuestion,
  match: RouteMatch<R>,
): ExplainedRoute<R> {
  const relation = hostRelation(route.host, question.host) ?? 'exact';
  const checks = MATCHERS.flatMap((check) => check(route, question, relation) ?? []);
  const place = match.routes.indexOf(route);
  if (place === 0) return { route, verdict: 'chosen', checks, reason: '' };
  if (place > 0) return { route, verdict: 'next', checks, reason: nextReason(match.routes[place - 1]) };
  const failed = checks.find(({ passed }) => !passed);
  if (failed !== undefined) return { route, verdict: 'failed', checks, reason: failed.detail };
  return { route, verdict: 'outranked', checks, reason: outrankedBy(route, relation, match, question.host) };
}

function nextReason(before: RoutePattern | undefined): string {
  return `asked when ${before?.id ?? ''} answers with an error`;
}

function checkHost({ host: pattern }: RoutePattern, { host }: MatchQuestion, relation: HostRelation): MatcherCheck {
  return { matcher: 'host', passed: true, detail: HOST_DETAIL[relation](pattern, host) };
}

const HOST_DETAIL: Readonly<Record<HostRelation, (pattern: string, host: string) => string>> = {
  exact: (pattern) => `${pattern} is named`,
  wildcard: (pattern, host) => `${pattern} covers ${host}`,
  any: (pattern, host) => `${pattern} takes ${host} where nothing more specific does`,
  www: (pattern, host) => `${pattern} answers for ${host}, without its leading www.`,
};

function checkPath(route: RoutePattern, { path }: MatchQuestion): MatcherCheck {
  const passed = takesPath(route, path);
  if (route.path === '/' && route.pathMatch !== 'exact') return { matcher: 'path', passed, detail: 'takes all paths' };
  return { matcher: 'path', passed, detail: PATH_DETAIL[route.pathMatch](route.path, path, passed ? '' : 'not ') };
}

const PATH_DETAIL: Readonly<Record<PathMatch, (own: string, path: string, not: string) => string>> = {
  segments: (own, path, not) => `${path} is ${not}${own} or below it`,
  prefix: (own, path, not) => `${path} does ${not}begin with ${own}`.replace('does begin', 'begins'),
  exact: (own, path, not) => `${path} is ${not}exactly ${own}`,
};

function checkCondition({ condition }: RoutePattern, { facts }: MatchQuestion): MatcherCheck | undefined {
  if (condition === null) return undefined;
  const failed = facts === undefined ? 'the rest of the request is not known' : failedParts(condition, facts);
  return { matcher: 'condition', passed: failed === undefined, detail: failed ?? describeCondition(condition) };
}

function checkListener({ listeners }: RoutePattern, { scope }: MatchQuestion): MatcherCheck {
  if (listeners.length === 0) {
    const isOpened = scope.isOpened === true;
    const detail = isOpened
      ? `${scope.listenerId} was opened for routes that ask for its port`
      : 'answers on every listener';
    return { matcher: 'listener', passed: !isOpened, detail };
  }
  const passed = listeners.includes(scope.listenerId);
  const detail = `answers on ${listeners.join(', ')}; the request comes in on ${scope.listenerId}`;
  return { matcher: 'listener', passed, detail };
}

function checkAudience({ audience }: RoutePattern, { scope }: MatchQuestion): MatcherCheck {
  if (audience === 'everyone') return { matcher: 'audience', passed: true, detail: 'answers everyone' };
  const detail = scope.isLocal
    ? 'a local name, and the client is on this machine or in localNames.clients'
    : 'a local name: it answers only clients on this machine or in localNames.clients, and nothing that was forwarded';
  return { matcher: 'audience', passed: scope.isLocal, detail };
}

/** Why a route that matches is not among the chosen. */
function outrankedBy<R extends RoutePattern>(
  route: R,
  relation: HostRelation,
  { routes, outcome }: RouteMatch<R>,
  host: string,
): string {
  const ofSameHost = routes.find((chosen) => chosen.host === route.host);
  if (ofSameHost !== undefined) return `${ofSameHost.id} ${rankReason(ofSameHost, route)}`;
  const first = routes[0];
  if (first === undefined) return '';
  if (outcome !== relation) return `${first.id} comes first: ${PRECEDENCE}`;
  const last = routes.at(-1) ?? first;
  return `${last.id} is more specific for ${host}, and its fallThrough is false`;
}

const PRECEDENCE = 'an exact host before a wildcard before the host without www. before *';

function byVerdict<R extends RoutePattern>(a: ExplainedRoute<R>, b: ExplainedRoute<R>, match: RouteMatch<R>): number {
  return rank(a, match) - rank(b, match);
}

function rank<R extends RoutePattern>({ route, verdict }: ExplainedRoute<R>, { routes }: RouteMatch<R>): number {
  const place = routes.indexOf(route);
  if (place !== -1) return place;
  return routes.length + (verdict === 'failed' ? 1 : 0);
}

/** Longer hosts are more specific. */
function byPrecedence(a: RoutePattern, b: RoutePattern): number {
  if (a.host !== b.host) return b.host.length - a.host.length || (a.host < b.host ? -1 : 1);
  return byRank(a, b);
}
