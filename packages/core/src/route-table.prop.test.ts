import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  factsOf,
  naiveMatch,
  NOT_GET,
  questionArbitrary,
  routesArbitrary,
  type SampleQuestion,
} from './_route-samples.ts';
import { sampleRoute } from './_samples.ts';
import { canonicalHost } from './host.ts';
import { compileRoutes, type RouteTable } from './route-table.ts';
import type { Route } from './route.ts';

function answer(table: RouteTable, question: SampleQuestion): ReturnType<typeof naiveMatch> {
  const { host, path, scope } = question;
  const match = table.lookup(host, path, scope, factsOf(question));
  return { outcome: match.outcome, ids: match.routes.map(({ id }) => id) };
}

describe('the route table answers like the naive matcher', () => {
  it('for any small set of routes, whatever the spelling of the host', () => {
    fc.assert(
      fc.property(routesArbitrary, questionArbitrary, (all, asked) => {
        const question = { ...asked, host: canonicalHost(`${asked.host.toUpperCase()}.:8080`) ?? '' };
        expect(answer(compileRoutes(all), question)).toEqual(naiveMatch(all, question));
      }),
      { numRuns: 3_000 },
    );
  });

  it('for many routes of one host, where paths, priorities and conditions meet', () => {
    fc.assert(
      fc.property(routesArbitrary, questionArbitrary, fc.constantFrom('a', '*.a', '*'), (all, asked, host) => {
        const routes = all.map((route) => ({ ...route, host }));
        const question = { ...asked, host: 'b.a' };
        expect(answer(compileRoutes(routes), question)).toEqual(naiveMatch(routes, question));
        expect(answer(compileRoutes(routes), { ...question, host: 'a' })).toEqual(
          naiveMatch(routes, { ...question, host: 'a' }),
        );
      }),
      { numRuns: 2_000 },
    );
  });

  it('and a table that was changed step by step like one made at once, while the one before stays as it was', () => {
    const steps = fc.array(fc.array(fc.nat({ max: 24 }), { maxLength: 6 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(routesArbitrary, steps, questionArbitrary, (all, flips, question) => {
        const present = new Set<Route>();
        let table = compileRoutes<Route>([]);
        for (const step of flips) {
          const before = answer(table, question);
          const flipped = new Set(step.flatMap((index) => all[index] ?? []));
          const removed = [...flipped].filter((route) => present.has(route));
          const added = [...flipped].filter((route) => !present.has(route));
          for (const route of removed) present.delete(route);
          for (const route of added) present.add(route);
          const next = table.with(removed, added);
          expect(answer(next, question)).toEqual(naiveMatch([...present], question));
          expect(next.hasConditions).toBe([...present].some(({ condition }) => condition !== null));
          expect(answer(table, question)).toEqual(before);
          table = next;
        }
      }),
      { numRuns: 500 },
    );
  });

  // CVE-2026-27588: a host matcher that became case-sensitive above 100 hosts, where it changed to a faster index.
  it.each([1, 99, 100, 101, 10_000])('among %i hosts, in upper and lower case', (size) => {
    const routes = Array.from({ length: size }, (_, index) => patternOf(index)).flat();
    const table = compileRoutes(routes);
    const spelling = fc.record({
      at: fc.integer({ min: 0, max: size + 1 }),
      before: fc.constantFrom('', 'www.', 'a.', 'a.b.', 'H1.'),
      after: fc.constantFrom('', '.', ':80', '.:80'),
    });
    fc.assert(
      fc.property(spelling, questionArbitrary, ({ at, before, after }, asked) => {
        const host = canonicalHost(`${before}H${at}.Example${after}`) ?? '';
        const question = { ...asked, host };
        expect(answer(table, question)).toEqual(naiveMatch(routes, question));
      }),
      { numRuns: size > 1_000 ? 60 : 300 },
    );
  });
});

/** Most hosts have one plain route; some a second one that comes first, where its condition holds; one of all takes every host. */
function patternOf(index: number): Route[] {
  const host = index % 7 === 3 ? `*.h${index}.example` : `h${index}.example`;
  const plain = sampleRoute(host);
  const first = sampleRoute(host, { id: `${host}/ #first`, pathMatch: 'prefix', priority: 1_000, condition: NOT_GET });
  const every = sampleRoute('*', { path: '/a', condition: NOT_GET });
  return [plain, ...(index % 5 === 2 ? [first] : []), ...(index === 100 ? [every] : [])];
}
