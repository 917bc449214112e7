import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { definitionsArbitrary, inputOf } from './_samples.ts';
import { buildSnapshot } from './merge.ts';
import { hashContent } from './snapshot-tables.ts';

describe('the merge of any definitions', () => {
  it('does not depend on their order', () => {
    fc.assert(
      fc.property(definitionsArbitrary, (definitions) => {
        const forth = buildSnapshot(inputOf(definitions));
        const back = buildSnapshot(inputOf(definitions.toReversed()));
        expect(back.snapshot).toEqual(forth.snapshot);
        expect([...back.snapshot.routes.keys()]).toEqual([...forth.snapshot.routes.keys()]);
      }),
    );
  });

  it('does not depend on what was served before, but for the version', () => {
    fc.assert(
      fc.property(definitionsArbitrary, definitionsArbitrary, (before, after) => {
        const previous = buildSnapshot(inputOf(before)).snapshot;
        const fresh = buildSnapshot(inputOf(after)).snapshot;
        const next = buildSnapshot(inputOf(after, { previous }));
        expect({ ...next.snapshot, version: 0 }).toEqual({ ...fresh, version: 0 });
        expect(next.snapshot.version).toBe(next.changed ? 2 : 1);
        expect(next.changed).toBe(fresh.hash !== previous.hash);
        expect(hashContent(next.snapshot)).toBe(next.snapshot.hash);
      }),
    );
  });

  it('refers only to backends that it has, and serves every claim or shows who shadows it', () => {
    fc.assert(
      fc.property(definitionsArbitrary, (definitions) => {
        const { snapshot, shadowed } = buildSnapshot(inputOf(definitions));
        for (const { action } of snapshot.routes.values()) {
          for (const { backendId } of action.type === 'forward' ? action.backends : []) {
            expect(snapshot.backends.has(backendId)).toBe(true);
          }
        }
        const claims = definitions.flatMap(({ hosts, path }) => [...new Set(hosts)].map((host) => `${host}${path}`));
        const served = [...snapshot.routes.values()].flatMap(({ id, origins }) => origins.map(() => id));
        const lost = shadowed.map(({ host, path }) => `${host}${path}`);
        expect([...served, ...lost].sort()).toEqual(claims.sort());
      }),
    );
  });
});
