import { expect, it } from 'vitest';
import { readGoDuration } from './go-duration.ts';

it.each([
  ['100ms', 100],
  ['1m30s', 90_000],
  ['1.5h', 5_400_000],
  ['.5s', 500],
  ['1.s', 1_000],
  ['0s', 0],
  ['10us', 1],
  ['', undefined],
  ['30', undefined],
  ['-1s', undefined],
  ['1 s', undefined],
  ['10d', undefined],
  ['9999999h', undefined],
  ['1s'.repeat(40), undefined],
])('%s is %s ms', (raw, ms) => {
  expect(readGoDuration(raw)).toBe(ms);
});

it('takes days where the dialect has them', () => {
  expect(readGoDuration('1d12h', { hasDays: true })).toBe(129_600_000);
});
