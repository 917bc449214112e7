import { expect, it } from 'vitest';
import { ResponseTime } from './response-time.ts';

it('knows nothing at first, then what it saw', () => {
  const time = new ResponseTime();
  expect(time.readMs(5)).toBe(0);
  time.add(20, 1_000);
  expect(time.readMs(1_000)).toBe(20);
});

it('believes what is worse at once, and what is better by and by', () => {
  const time = new ResponseTime();
  time.add(10, 0);
  time.add(500, 0);
  expect(time.readMs(0)).toBe(500);
  time.add(10, 1_000);
  const after = time.readMs(1_000);
  expect(after).toBeGreaterThan(400);
  expect(after).toBeLessThan(500);
  for (let second = 2; second < 100; second += 1) time.add(10, second * 1_000);
  expect(time.readMs(99_000)).toBeLessThan(12);
});

it('fades while nobody asks, but never to nothing known', () => {
  const time = new ResponseTime();
  time.add(1_000, 0);
  expect(time.readMs(10_000)).toBeCloseTo(1_000 / Math.E);
  expect(time.readMs(1e9)).toBeGreaterThan(0);
});
