import { expect, it } from 'vitest';
import { WakeBudget } from './wake-budget.ts';

const SETTINGS = { clientPerMinute: 2, perMinute: 3, concurrent: 1 };

it('lets a client cause so many wakes a minute, and says when there may be one more', () => {
  const budget = new WakeBudget(SETTINGS);
  expect([0, 0, 0].map((nowMs) => budget.take('a', nowMs))).toEqual([0, 0, 30_000]);
  expect(budget.take('a', 29_999)).toBe(1);
  expect(budget.take('a', 30_000)).toBe(0);
});

it('has a limit for all clients together, which nobody uses up by asking in vain', () => {
  const budget = new WakeBudget(SETTINGS);
  for (let ask = 0; ask < 1_000; ask++) budget.take('loud', 0);
  expect(budget.take('quiet', 0)).toBe(0);
  expect(budget.take('late', 0)).toBe(20_000);
});
