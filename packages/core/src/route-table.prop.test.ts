import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostArbitrary, pathArbitrary, sampleRoute } from './_samples.ts';
import { canonicalHost } from './host.ts';
import type { MatchScope } from './route-match.ts';
import { compileRoutes } from './route-table.ts';
import type { Route } from './route.ts';

interface Answer {
  readonly outcome: string;
  readonly ids: readonly string[];
}

/** The contract, word by word and slowly: every route is looked at for every rule. */
function naiveMatch(routes: readonly Route[], host: string, path: string, scope: MatchScope): Answer {
  const visible = routes.filter(
    (route) =>
      (route.audience === 'everyone' || scope.isLocal) &&
      (route.listeners.length === 0 || route.listeners.includes(scope.listenerId)),
  );
  const bestOf = (pattern: string): Route | undefined =>
    visible
      .filter((route) => route.host === pattern && (route.path === '/' || `${path}/`.startsWith(`${route.path}/`)))
      .sort(
        (a, b) => b.path.length - a.path.length || Number(a.audience === 'local') - Number(b.audience === 'local'),
      )[0];

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
  const isKnown = patterns.length > 0 || visible.some((route) => route.host === host || route.host === bare);
  return { outcome: isKnown ? 'path-unknown' : 'route-unknown', ids: [] };
}

const routeArbitrary: fc.Arbitrary<Route> = fc
  .record({
    host: fc.oneof(
      hostArbitrary,
      hostArbitrary.map((host) => `*.${host}`),
    ),
    path: pathArbitrary,
    audience: fc.constantFrom('everyone' as const, 'local' as const),
    listeners: fc.constantFrom([], [], ['http'], ['other']),
    fallThrough: fc.boolean(),
  })
  .map(({ host, ...more }) => sampleRoute(host, more));

const scopeArbitrary = fc.record({ isLocal: fc.boolean(), listenerId: fc.constantFrom('http', 'other') });

describe('the route table answers like the naive matcher', () => {
  it('for any small set of routes, whatever the spelling of the host', () => {
    const routes = fc.uniqueArray(routeArbitrary, { selector: ({ id }) => id, maxLength: 25 });
    fc.assert(
      fc.property(routes, hostArbitrary, pathArbitrary, scopeArbitrary, (all, host, path, scope) => {
        const canonical = canonicalHost(`${host.toUpperCase()}.:8080`) ?? '';
        const match = compileRoutes(all).lookup(canonical, path, scope);
        expect({ outcome: match.outcome, ids: match.routes.map(({ id }) => id) }).toEqual(
          naiveMatch(all, host, path, scope),
        );
      }),
      { numRuns: 1_500 },
    );
  });

  it('and a table that was changed step by step like one made at once, while the one before stays as it was', () => {
    const routes = fc.uniqueArray(routeArbitrary, { selector: ({ id }) => id, maxLength: 25 });
    const steps = fc.array(fc.array(fc.nat({ max: 24 }), { maxLength: 6 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(routes, steps, hostArbitrary, pathArbitrary, scopeArbitrary, (all, flips, host, path, scope) => {
        const canonical = canonicalHost(host) ?? '';
        const present = new Set<Route>();
        let table = compileRoutes<Route>([]);
        for (const step of flips) {
          const before = table.lookup(canonical, path, scope);
          const flipped = new Set(step.flatMap((index) => all[index] ?? []));
          const removed = [...flipped].filter((route) => present.has(route));
          const added = [...flipped].filter((route) => !present.has(route));
          for (const route of removed) present.delete(route);
          for (const route of added) present.add(route);
          const next = table.with(removed, added);
          const match = next.lookup(canonical, path, scope);
          expect({ outcome: match.outcome, ids: match.routes.map(({ id }) => id) }).toEqual(
            naiveMatch([...present], canonical, path, scope),
          );
          expect(table.lookup(canonical, path, scope)).toEqual(before);
          table = next;
        }
      }),
      { numRuns: 500 },
    );
  });

  // CVE-2026-27588: a host matcher that became case-sensitive above 100 hosts, where it changed to a faster index.
  it.each([1, 99, 100, 101, 10_000])('among %i hosts, in upper and lower case', (size) => {
    const routes = Array.from({ length: size }, (_, index) =>
      sampleRoute(index % 7 === 3 ? `*.H${index}.example`.toLowerCase() : `h${index}.example`),
    );
    const table = compileRoutes(routes);
    const scope = { isLocal: false, listenerId: 'http' };
    const index = fc.integer({ min: 0, max: size + 1 });
    const prefix = fc.constantFrom('', 'www.', 'a.', 'a.b.', 'H1.');
    fc.assert(
      fc.property(index, prefix, fc.constantFrom('', '.', ':80', '.:80'), (at, before, after) => {
        const host = canonicalHost(`${before}H${at}.Example${after}`) ?? '';
        const match = table.lookup(host, '/', scope);
        expect({ outcome: match.outcome, ids: match.routes.map(({ id }) => id) }).toEqual(
          naiveMatch(routes, host, '/', scope),
        );
      }),
      { numRuns: size > 1_000 ? 60 : 300 },
    );
  });
});
