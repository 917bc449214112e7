import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { sampleFacts } from './_samples.ts';
import { compileCondition } from './compile-condition.ts';
import type { Condition } from './condition.ts';
import { failedParts } from './explain-condition.ts';
import { MAX_PATTERN_INPUT } from './pattern.ts';

type Request = Parameters<typeof sampleFacts>[0];

const PATTERN = { type: 'headerPattern', name: 'x-b', pattern: 'b' } as const;

/** Single conditions with what they mean, said without the compiler. */
const PARTS: readonly (readonly [Condition, (request: Request) => boolean])[] = [
  [{ type: 'method', methods: ['GET', 'HEAD'] }, ({ method }) => method === 'GET'],
  [{ type: 'encrypted', is: true }, ({ isEncrypted }) => isEncrypted === true],
  [{ type: 'path', kind: 'prefix', path: '/a' }, ({ path }) => path?.[1] === 'a'],
  [{ type: 'query', name: 'q', value: null }, ({ query }) => query !== ''],
  [PATTERN, ({ headers }) => headers === 'x-b: b\r\n'],
];

const { tree } = fc.letrec<{ tree: Condition }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.constantFrom(...PARTS.map(([part]) => part)),
    fc.record({ type: fc.constantFrom('all', 'any', 'none'), of: fc.array(tie('tree'), { maxLength: 3 }) }),
  ),
}));

const requestArbitrary: fc.Arbitrary<Request> = fc.record({
  method: fc.constantFrom('GET', 'POST'),
  isEncrypted: fc.boolean(),
  path: fc.constantFrom('/', '/a', '/b'),
  query: fc.constantFrom('', 'q', 'x=1&q=2'),
  headers: fc.constantFrom('', 'x-b: b\r\n', 'x-b: c\r\n'),
});

function naive(condition: Condition, request: Request): boolean {
  if (!('of' in condition)) return PARTS.find(([part]) => part === condition)?.[1](request) ?? false;
  const held = condition.of.filter((each) => naive(each, request)).length;
  if (condition.type === 'all') return held === condition.of.length;
  return condition.type === 'any' ? held > 0 : held === 0;
}

it('holds as the words say, and what is wrong is named exactly where it does not', () => {
  fc.assert(
    fc.property(tree, requestArbitrary, (condition, request) => {
      const facts = sampleFacts(request);
      const holds = naive(condition, request);
      expect(compileCondition(condition)(facts)).toBe(holds);
      const failed = failedParts(condition, facts);
      if (holds) expect(failed).toBeUndefined();
      else expect(failed).not.toBe('');
    }),
    { numRuns: 1_000 },
  );
});

it('never holds because a text is too long for a pattern: it holds only where both answers would let it', () => {
  const oversized = `x-b: ${'b'.repeat(MAX_PATTERN_INPUT + 1)}\r\n`;
  fc.assert(
    fc.property(tree, requestArbitrary, (condition, request) => {
      const holds = compileCondition(condition)(sampleFacts({ ...request, headers: oversized }));
      const [ifMatched, ifNot] = ['x-b: b\r\n', ''].map((headers) => naive(condition, { ...request, headers }));
      if (holds) expect([ifMatched, ifNot]).toEqual([true, true]);
    }),
    { numRuns: 1_000 },
  );
});
