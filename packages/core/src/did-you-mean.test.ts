import { expect, test } from 'vitest';
import { didYouMean, editDistance } from './did-you-mean.ts';

const KNOWN = ['host', 'port', 'path', 'timeouts.connect'];

test.each([
  ['hosts', 'host'],
  ['hsot', 'host'],
  ['PORT', 'port'],
  ['timeout.connect', 'timeouts.connect'],
  ['banana', undefined],
  ['x'.repeat(100_000), undefined],
])('%s probably means %s', (word, meant) => {
  expect(didYouMean(word, KNOWN)).toBe(meant);
});

test('a swap of neighbours counts as one slip', () => {
  expect(editDistance('hsot', 'host')).toBe(1);
  expect(editDistance('', 'abc')).toBe(3);
});

test('finds the word that was meant, and none where none is near', () => {
  const known = ['host', 'path', 'to', 'respond', 'redirect', 'timeouts'];
  expect(['hots', 'Host', 'redirct', 'timeout', 'ot'].map((wrong) => didYouMean(wrong, known))).toEqual([
    'host',
    'host',
    'redirect',
    'timeouts',
    'to',
  ]);
  expect(didYouMean('wholly-different', known)).toBeUndefined();
  expect(didYouMean('x'.repeat(100_000), known)).toBeUndefined();
});
