import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { factsOf, questionArbitrary as askedArbitrary, routesArbitrary } from './_route-samples.ts';
import { definitionsArbitrary, sampleSnapshot } from './_samples.ts';
import { candidateRoutes, explainRoutes } from './explain-routes.ts';
import { compileRoutes } from './route-table.ts';
import type { Route } from './route.ts';

const questionArbitrary = askedArbitrary.map((asked) => ({ ...asked, facts: factsOf(asked) }));

const ids = (routes: readonly Route[]): string[] => routes.map(({ id }) => id);

it('chooses what the table of all routes chooses, and calls nothing else chosen', () => {
  fc.assert(
    fc.property(routesArbitrary, questionArbitrary, (routes, question) => {
      const truth = compileRoutes(routes).lookup(question.host, question.path, question.scope, question.facts);
      const { match, candidates } = explainRoutes(routes, question);
      expect([match.outcome, ids(match.routes)]).toEqual([truth.outcome, ids(truth.routes)]);
      const taken = candidates.filter(({ verdict }) => verdict === 'chosen' || verdict === 'next');
      expect(ids(taken.map(({ route }) => route))).toEqual(ids(truth.routes));
      expect(taken.map(({ verdict }) => verdict === 'chosen')).toEqual(truth.routes.map((_, index) => index === 0));
    }),
    { numRuns: 500 },
  );
});

it('says of every route what a table of it alone says, matcher by matcher', () => {
  fc.assert(
    fc.property(routesArbitrary, questionArbitrary, (routes, question) => {
      const explained = new Map(explainRoutes(routes, question).candidates.map((entry) => [entry.route, entry]));
      for (const route of routes) {
        const matches =
          compileRoutes([route]).lookup(question.host, question.path, question.scope, question.facts).routes.length > 0;
        const entry = explained.get(route);
        expect([route.id, entry !== undefined && entry.checks.every(({ passed }) => passed)]).toEqual([
          route.id,
          matches,
        ]);
        if (entry !== undefined) expect(entry.verdict === 'failed').toBe(!matches);
        if (entry !== undefined && entry.verdict !== 'chosen') expect(entry.reason).not.toBe('');
      }
    }),
    { numRuns: 500 },
  );
});

it('holds for tables that the merge makes', () => {
  fc.assert(
    fc.property(definitionsArbitrary, questionArbitrary, (definitions, question) => {
      const routes = [...sampleSnapshot(definitions).routes.values()];
      const truth = compileRoutes(routes).lookup(question.host, question.path, question.scope, question.facts);
      expect(explainRoutes(routes, question).match).toEqual(truth);
      const few = compileRoutes(candidateRoutes(routes, question.host));
      expect(few.lookup(question.host, question.path, question.scope, question.facts)).toEqual(truth);
    }),
    { numRuns: 300 },
  );
});
