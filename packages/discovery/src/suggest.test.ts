import { expect, test } from 'vitest';
import { suggest } from './suggest.ts';

const KNOWN = ['host', 'port', 'path', 'timeouts.connect'];

test.each([
  ['hosts', 'host'],
  ['hsot', 'host'],
  ['PORT', 'port'],
  ['timeout.connect', 'timeouts.connect'],
  ['banana', undefined],
  ['x'.repeat(100_000), undefined],
])('%s probably means %s', (word, meant) => {
  expect(suggest(word, KNOWN)).toBe(meant);
});
