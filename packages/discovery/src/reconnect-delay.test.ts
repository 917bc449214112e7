import { expect, test } from 'vitest';
import { reconnectDelayMs } from './reconnect-delay.ts';

test('the wait doubles from 50 ms to five seconds, and the jitter spreads it over nine tenths', () => {
  expect([1, 2, 3, 7, 8, 1_000].map((failures) => reconnectDelayMs(failures, 1))).toEqual([
    50, 100, 200, 3_200, 5_000, 5_000,
  ]);
  expect(reconnectDelayMs(1, 0)).toBe(5);
  expect(reconnectDelayMs(1_000, 0)).toBe(500);
});

test('without a failure the wait is the shortest', () => {
  expect(reconnectDelayMs(0, 1)).toBeLessThanOrEqual(50);
});
