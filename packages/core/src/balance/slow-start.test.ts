import { describe, expect, it } from 'vitest';
import { RoundRobin } from '../balance.ts';
import { chanceFrom, type FakeBackend, sharesOf } from './_shares.ts';
import { drawByKey, SlowStart, slowStartShare } from './slow-start.ts';

const OLD = Number.NEGATIVE_INFINITY;

it.each([
  [0, 0.1],
  [-5, 0.1],
  [500, 0.55],
  [1_000, 1],
  [5_000, 1],
  [Number.POSITIVE_INFINITY, 1],
])('a backend that is ready for %d of 1,000 ms has %d of its share', (ageMs, share) => {
  expect(slowStartShare(ageMs, 1_000)).toBeCloseTo(share);
});

interface Run {
  readonly names: string;
  readonly sinceMs: Readonly<Record<string, number>>;
  readonly nowMs: number;
  readonly exclude?: readonly string[];
  readonly draw?: () => number;
}

/** Shares of 100,000 requests, in percent. */
function sharesIn({ names, sinceMs, nowMs, exclude, draw = chanceFrom(1) }: Run): Record<string, number> {
  const balance = new RoundRobin(sharesOf(names), { index: 0, count: 1 });
  const slow = new SlowStart<FakeBackend>(1_000, new Map(Object.entries(sinceMs)), ({ id }) => id);
  const counts: Record<string, number> = {};
  const excluded = exclude === undefined ? undefined : new Set(exclude);
  for (let request = 0; request < 100_000; request += 1) {
    const chosen = slow.choose({ pick: (without) => balance.next(without), exclude: excluded, nowMs, draw });
    const id = chosen?.id ?? '-';
    counts[id] = (counts[id] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(counts).map(([id, count]) => [id, Math.round(count / 1_000)]));
}

describe('a young backend', () => {
  it.each([
    [0, { a: 95, b: 5 }],
    [500, { a: 73, b: 28 }],
    [1_000, { a: 50, b: 50 }],
  ])('gets its share little by little: at %d ms', (nowMs, shares) => {
    const found = sharesIn({ names: 'a b', sinceMs: { a: OLD, b: 0 }, nowMs });
    expect(Math.abs((found['b'] ?? 0) - shares.b)).toBeLessThanOrEqual(1);
    expect(Math.abs((found['a'] ?? 0) - shares.a)).toBeLessThanOrEqual(1);
  });

  it('gets a tenth of what its weight says', () => {
    const { b = 0 } = sharesIn({ names: 'a:1 b:3', sinceMs: { a: OLD, b: 0 }, nowMs: 0 });
    expect(Math.abs(b - 8)).toBeLessThanOrEqual(1);
  });

  it('gives what it does not take to all others alike', () => {
    const { b, ...others } = sharesIn({ names: 'a b c', sinceMs: { a: OLD, b: 0, c: OLD }, nowMs: 0 });
    expect(Math.abs((b ?? 0) - 3)).toBeLessThanOrEqual(1);
    for (const share of Object.values(others)) expect(Math.abs(share - 48)).toBeLessThanOrEqual(1);
  });

  it('takes everything where nobody else is left', () => {
    expect(sharesIn({ names: 'b', sinceMs: { b: 0 }, nowMs: 0 })).toEqual({ b: 100 });
    expect(sharesIn({ names: 'a b', sinceMs: { a: OLD, b: 0 }, nowMs: 0, exclude: ['a'] })).toEqual({ b: 100 });
    expect(sharesIn({ names: 'a', sinceMs: {}, nowMs: 0, exclude: ['a'] })).toEqual({ '-': 100 });
  });

  it('has its share at once where all are as young', () => {
    expect(sharesIn({ names: 'a b', sinceMs: { a: 0, b: 0 }, nowMs: 0 })).toEqual({ a: 50, b: 50 });
  });

  it('draws nothing when nobody is young any more', () => {
    const draw = (): number => {
      throw new Error('nobody had to draw');
    };
    expect(sharesIn({ names: 'a b', sinceMs: { a: OLD, b: 0 }, nowMs: 1_000, draw })).toEqual({ a: 50, b: 50 });
    expect(sharesIn({ names: 'a b', sinceMs: { a: OLD, b: OLD }, nowMs: 0, draw })).toEqual({ a: 50, b: 50 });
  });
});

it('moves each key once, from whoever stands in to the backend that grows older', () => {
  const keys = Array.from({ length: 1_000 }, (_, index) => `key ${index}`);
  const chances = [0, 0.1, 0.3, 0.7, 1];
  const counts = chances.map((chance) => keys.filter((key) => drawByKey(key)('b') < chance));
  for (const [index, taken] of counts.entries()) {
    expect(Math.abs(taken.length / 1_000 - (chances[index] ?? 0))).toBeLessThan(0.05);
    expect((counts[index - 1] ?? []).every((key) => taken.includes(key))).toBe(true);
  }
  expect(drawByKey('x')('a')).not.toBe(drawByKey('x')('b'));
});
