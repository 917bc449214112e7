import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { type BreakerExpression, type BreakerNumber, parseBreakerExpression } from './circuit-breaker-expression.ts';

const literal = fc.nat(1_000).map((thousandths) => thousandths / 100);
const number: fc.Arbitrary<BreakerNumber> = fc.oneof(
  literal.map((value) => ({ type: 'number' as const, value })),
  fc.constantFrom(
    { type: 'call' as const, name: 'NetworkErrorRatio' as const, values: [] },
    { type: 'call' as const, name: 'RequestThreshold' as const, values: [] },
  ),
  literal.map((value) => ({ type: 'call' as const, name: 'LatencyAtQuantileMS' as const, values: [value] })),
  fc
    .tuple(literal, literal, literal, literal)
    .map((values) => ({ type: 'call' as const, name: 'ResponseCodeRatio' as const, values })),
);
const { expression } = fc.letrec<{ expression: BreakerExpression; pair: [BreakerExpression, BreakerExpression] }>(
  (tie) => ({
    expression: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.record({
        type: fc.constant('compare' as const),
        operator: fc.constantFrom('>', '>=', '<', '<=', '==', '!='),
        left: number,
        right: number,
      }),
      fc.record({ type: fc.constantFrom('and', 'or'), of: tie('pair') }),
      fc.record({ type: fc.constant('not' as const), of: tie('expression') }),
    ),
    pair: fc.tuple(tie('expression'), tie('expression')),
  }),
);

function written(side: BreakerNumber): string {
  return side.type === 'number' ? String(side.value) : `${side.name}(${side.values.join(', ')})`;
}

function spell(tree: BreakerExpression): string {
  if (tree.type === 'compare') return `${written(tree.left)} ${tree.operator} ${written(tree.right)}`;
  if (tree.type === 'not') return `!(${spell(tree.of)})`;
  const [left, right] = tree.of.map((of) => `(${spell(of)})`);
  return `${left}${tree.type === 'and' ? ' && ' : '||'}${right}`;
}

it('reads what was written, and nothing else into it', () => {
  fc.assert(
    fc.property(
      expression.filter((tree) => spell(tree).length <= 1_024),
      (tree) => {
        expect(parseBreakerExpression(spell(tree))).toEqual({ value: tree });
      },
    ),
  );
});

it('has a value or a problem for every text', () => {
  const word = fc.constantFrom(
    'NetworkErrorRatio',
    '()',
    '(',
    ')',
    '!',
    '&&',
    '||',
    '>',
    '==',
    '0.5',
    ',',
    ' ',
    '\n',
    'x',
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(word).map((words) => words.join('')),
  );
  fc.assert(
    fc.property(text, (any) => {
      const parsed = parseBreakerExpression(any);
      expect('value' in parsed || parsed.problem !== '').toBe(true);
    }),
  );
});
