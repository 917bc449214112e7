import * as fc from 'fast-check';
import { hostArbitrary, pathArbitrary, sampleFacts, sampleRoute } from './_samples.ts';
import type { Condition } from './condition.ts';
import type { MatchScope } from './route-match.ts';
import type { Route } from './route.ts';

/** Requests and tables for the tests of the matcher: few values, so that they meet. */

export interface SampleQuestion {
  readonly host: string;
  readonly path: string;
  readonly scope: MatchScope;
  readonly method: string;
  readonly isEncrypted: boolean;
}

export function factsOf({ host, path, method, isEncrypted }: SampleQuestion): ReturnType<typeof sampleFacts> {
  return sampleFacts({ host, path, method, isEncrypted });
}

export const NOT_GET: Condition = { type: 'none', of: [{ type: 'method', methods: ['GET'] }] };

/** Conditions with what they mean, said without the compiler. */
const CONDITIONS: readonly (readonly [Condition, (question: SampleQuestion) => boolean])[] = [
  [{ type: 'method', methods: ['GET'] }, ({ method }) => method === 'GET'],
  [NOT_GET, ({ method }) => method !== 'GET'],
  [{ type: 'pathPattern', pattern: 'b$' }, ({ path }) => path.at(-1) === 'b'],
  [
    {
      type: 'all',
      of: [
        { type: 'encrypted', is: true },
        { type: 'host', host: '*' },
      ],
    },
    ({ isEncrypted }) => isEncrypted,
  ],
];

const conditionArbitrary = fc.constantFrom<Condition | null>(null, null, null, ...CONDITIONS.map(([each]) => each));

const pathArbitraries = fc.oneof(
  pathArbitrary,
  pathArbitrary.map((path) => (path === '/' ? path : `${path}/`)),
);

const routeArbitrary: fc.Arbitrary<Route> = fc
  .record({
    host: fc.oneof(
      { arbitrary: hostArbitrary, weight: 4 },
      { arbitrary: hostArbitrary.map((host) => `*.${host}`), weight: 4 },
      { arbitrary: fc.constant('*'), weight: 2 },
    ),
    path: pathArbitraries,
    pathMatch: fc.constantFrom('segments', 'segments', 'prefix', 'exact'),
    condition: conditionArbitrary,
    priority: fc.constantFrom(0, 0, 0, -1, 1, 22, 40),
    audience: fc.constantFrom('everyone', 'local'),
    listeners: fc.constantFrom([], [], ['http'], ['other']),
    fallThrough: fc.boolean(),
  })
  .map(({ host, ...more }) => sampleRoute(host, more));

/** Of different ids, as a Snapshot has them. */
export const routesArbitrary: fc.Arbitrary<Route[]> = fc
  .array(routeArbitrary, { maxLength: 25 })
  .map((routes) => routes.map((route, index) => ({ ...route, id: `${route.id} #${index}` })));

export const questionArbitrary: fc.Arbitrary<SampleQuestion> = fc.record({
  host: fc.oneof(
    hostArbitrary,
    hostArbitrary.map((host) => `www.${host}`),
  ),
  path: pathArbitraries,
  scope: fc.record({ isLocal: fc.boolean(), listenerId: fc.constantFrom('http', 'other') }),
  method: fc.constantFrom('GET', 'POST'),
  isEncrypted: fc.boolean(),
});

export interface NaiveAnswer {
  readonly outcome: string;
  readonly ids: readonly string[];
}

/** The contract, word by word and slowly: every route is looked at for every rule. */
export function naiveMatch(routes: readonly Route[], question: SampleQuestion): NaiveAnswer {
  const { host, scope } = question;
  const visible = routes.filter(
    (route) =>
      (route.audience === 'everyone' || scope.isLocal) &&
      (route.listeners.length === 0 || route.listeners.includes(scope.listenerId)),
  );
  const bestOf = (pattern: string): Route | undefined =>
    visible
      .filter((route) => route.host === pattern && takes(route, question.path) && fulfils(route, question))
      .sort((a, b) => compareNaively(a, b))[0];

  const exact = bestOf(host);
  if (exact !== undefined) return { outcome: 'exact', ids: [exact.id] };
  const patterns = [...new Set(visible.map((route) => route.host))]
    .filter((pattern) => pattern.startsWith('*.') && host.endsWith(pattern.slice(1)))
    .sort((a, b) => b.length - a.length);
  const candidates = patterns.map(bestOf).filter((route) => route !== undefined);
  const last = candidates.findIndex((route) => !route.fallThrough);
  if (candidates.length > 0) {
    return { outcome: 'wildcard', ids: candidates.slice(0, last === -1 ? undefined : last + 1).map(({ id }) => id) };
  }
  const bare = host.startsWith('www.') ? host.slice(4) : host;
  const www = bestOf(bare);
  if (www !== undefined) return { outcome: 'www', ids: [www.id] };
  const any = bestOf('*');
  if (any !== undefined) return { outcome: 'any', ids: [any.id] };
  const isKnown =
    patterns.length > 0 || visible.some((route) => route.host === host || route.host === bare || route.host === '*');
  return { outcome: isKnown ? 'path-unknown' : 'route-unknown', ids: [] };
}

function takes({ pathMatch, path: own }: Route, path: string): boolean {
  switch (pathMatch) {
    case 'exact':
      return path === own;
    case 'prefix':
      return path.startsWith(own);
    case 'segments':
      return own === '/' || path === own || path.startsWith(`${own}/`);
    default:
      return pathMatch satisfies never;
  }
}

function fulfils({ condition }: Route, question: SampleQuestion): boolean {
  if (condition === null) return true;
  return CONDITIONS.find(([each]) => each === condition)?.[1](question) ?? false;
}

function compareNaively(a: Route, b: Route): number {
  const ruleOf = ({ host, path }: Route): string => {
    const parts = host === '*' ? [] : [`Host(\`${host}\`)`];
    if (path !== '/' || parts.length === 0) parts.push(`PathPrefix(\`${path}\`)`);
    return parts.join(' && ');
  };
  const priorityOf = (route: Route): number => (route.priority === 0 ? ruleOf(route).length : route.priority);
  const kinds = ['exact', 'segments', 'prefix'];
  return (
    priorityOf(b) - priorityOf(a) ||
    b.path.length - a.path.length ||
    Number(a.audience === 'local') - Number(b.audience === 'local') ||
    kinds.indexOf(a.pathMatch) - kinds.indexOf(b.pathMatch) ||
    Number(a.condition === null) - Number(b.condition === null) ||
    Number(a.listeners.length === 0) - Number(b.listeners.length === 0) ||
    (a.id < b.id ? -1 : 1)
  );
}
