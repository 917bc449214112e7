import { expect, test } from 'vitest';
import { interpolate } from './interpolate.ts';

const VARIABLES = new Map([
  ['A', 'x'],
  ['EMPTY', ''],
]);

test.each([
  ['plain', 'plain'],
  ['$A-$A', 'x-x'],
  ['${A}b', 'xb'],
  ['$$A $${A}', '$A ${A}'],
  ['hash $$remote_addr;', 'hash $remote_addr;'],
  ['${NOT:-d}', 'd'],
  ['${EMPTY:-d}${EMPTY-d}', 'd'],
  ['${NOT-${A}}', 'x'],
  ['${NOT:-${ALSO:-${A}}}!', 'x!'],
  ['${A:+y}${NOT:+y}${EMPTY:+y}${EMPTY+y}', 'yy'],
  ['${A:?must}', 'x'],
  ['${NOT:-}', ''],
  ['{}$A}', '{}x}'],
])('%j is %j', (raw, text) => {
  expect(interpolate(raw, VARIABLES)).toEqual({ text, unset: [], problem: '' });
});

test('a variable that is not set is told', () => {
  expect(interpolate('$NOT${ALSO_NOT}$NOT', VARIABLES)).toEqual({ text: '', unset: ['NOT', 'ALSO_NOT'], problem: '' });
});

test.each([
  ['${NOT:?say it}', 'NOT must be set: say it'],
  ['${NOT?say it}', 'NOT must be set: say it'],
  ['cost 5$', 'a $ that begins no variable; $$ is a dollar sign'],
  ['$1', 'a $ that begins no variable; $$ is a dollar sign'],
  ['${A!x}', 'a ${...} that cannot be read'],
  ['${}', 'a ${...} that cannot be read'],
])('%j cannot be read', (raw, problem) => {
  expect(interpolate(raw, VARIABLES).problem).toBe(problem);
});

test('defaults in defaults end somewhere, and an open brace ends with the text', () => {
  const deep = `${'${N:-'.repeat(50)}${'}'.repeat(50)}`;
  expect(interpolate(deep, VARIABLES).problem).toBe('too many defaults in each other');
  expect(interpolate('${A', VARIABLES).text).toBe('x');
  expect(interpolate('${N:-'.repeat(10_000), VARIABLES).problem).not.toBe('');
});
