import { expect, test } from 'vitest';
import { retryAfterInText, retryAfterMs } from './retry-after.ts';

const NOW_MS = Date.UTC(2026, 10, 21, 6, 0, 0);

test('seconds and dates become milliseconds from now', () => {
  expect(retryAfterMs('120', NOW_MS)).toBe(120_000);
  expect(retryAfterMs(' 120 ', NOW_MS)).toBe(120_000);
  expect(retryAfterMs('Sat, 21 Nov 2026 07:00:00 GMT', NOW_MS)).toBe(3_600_000);
});

test('what is past, absent or nonsense is zero', () => {
  for (const value of [
    'Sat, 21 Nov 2026 05:00:00 GMT',
    '',
    'soon',
    '-5',
    '1e9',
    undefined,
    5,
    ['60'],
    '9'.repeat(100),
  ]) {
    expect(retryAfterMs(value, NOW_MS)).toBe(0);
  }
});

test('no wait is longer than a year', () => {
  expect(retryAfterMs('999999999999', NOW_MS)).toBe(366 * 86_400_000);
  expect(retryAfterMs('Sat, 21 Nov 9999 07:00:00 GMT', NOW_MS)).toBe(366 * 86_400_000);
});

test('the end of a limit is found in the words of an authority', () => {
  const words = 'too many certificates already issued, retry after 2026-11-21 08:30:00 UTC: see https://ca.test/limits';
  expect(retryAfterInText(words, NOW_MS)).toBe(9_000_000);
  expect(retryAfterInText('retry after 2026-99-99 08:30:00 UTC', NOW_MS)).toBe(0);
  expect(retryAfterInText('retry after lunch', NOW_MS)).toBe(0);
});
