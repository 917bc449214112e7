import { expect, it } from 'vitest';
import { TokenBuckets } from './token-bucket.ts';

const PER_SECOND = { average: 10, periodMs: 1_000, burst: 5 };

it('lets a burst through, then what flows in', () => {
  const buckets = new TokenBuckets(PER_SECOND);
  expect(Array.from({ length: 6 }, () => buckets.take('a', 0))).toEqual([0, 0, 0, 0, 0, 100]);
  expect(buckets.take('a', 99)).toBe(1);
  expect(buckets.take('a', 100)).toBe(0);
  expect(buckets.take('b', 100)).toBe(0);
});

it('counts what was taken elsewhere, down to a debt of one burst', () => {
  const buckets = new TokenBuckets(PER_SECOND);
  buckets.spend('a', 5, 0);
  expect(buckets.take('a', 0)).toBe(100);
  buckets.spend('a', 1_000_000, 0);
  expect(buckets.take('a', 0)).toBe(600);
  expect(buckets.take('a', 600)).toBe(0);
});

it('tells once what was taken here, and nothing of what was refused or told', () => {
  const buckets = new TokenBuckets(PER_SECOND);
  for (let request = 0; request < 8; request += 1) buckets.take('a', 0);
  buckets.take('b', 0);
  buckets.spend('c', 3, 0);
  expect([...buckets.takeSpent()]).toEqual([
    ['a', 5],
    ['b', 1],
  ]);
  expect(buckets.takeSpent().size).toBe(0);
  for (let client = 0; client < 5_000; client += 1) buckets.take(`k${client}`, 0);
  expect(buckets.takeSpent().size).toBe(1_024);
});

it('holds a bounded number of keys, and forgets the longest unused', () => {
  const buckets = new TokenBuckets({ average: 1, periodMs: 3_600_000, burst: 1 }, 100);
  buckets.take('hot', 0);
  for (let client = 0; client < 10_000; client += 1) {
    buckets.take(`k${client}`, client);
    if (client % 20 === 0) expect(buckets.take('hot', client)).toBeGreaterThan(0);
    expect(buckets.size).toBeLessThanOrEqual(101);
  }
  expect(buckets.take('k0', 10_000)).toBe(0);
});

it('forgets buckets that are full again', () => {
  const buckets = new TokenBuckets(PER_SECOND);
  for (let client = 0; client < 1_000; client += 1) buckets.take(`k${client}`, 0);
  buckets.take('a', 2_000);
  buckets.take('a', 4_000);
  expect(buckets.size).toBe(1);
});
