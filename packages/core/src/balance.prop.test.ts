import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RoundRobin, type Share } from './balance.ts';

function sharesOf(weights: readonly number[]): Share<number>[] {
  return weights.map((weight, index) => ({ id: `b${index}`, weight, target: index }));
}

function countPicks(balances: readonly RoundRobin<number>[], picks: readonly number[], backends: number): number[] {
  const counts = Array.from({ length: backends }, () => 0);
  for (const [worker, times] of picks.entries()) {
    for (let pick = 0; pick < times; pick += 1) {
      const chosen = balances[worker]?.next() ?? -1;
      counts[chosen] = (counts[chosen] ?? Number.NaN) + 1;
    }
  }
  return counts;
}

const backendCount = fc.integer({ min: 1, max: 12 });
const workerPicks = fc.array(fc.nat(60), { minLength: 1, maxLength: 8 });

describe('round robin', () => {
  it('with equal weights, one worker is even to within one after any number of requests', () => {
    fc.assert(
      fc.property(
        backendCount,
        fc.nat(200),
        fc.nat(7),
        fc.integer({ min: 1, max: 1_000 }),
        (size, times, index, weight) => {
          const balance = new RoundRobin(sharesOf(Array.from({ length: size }, () => weight)), { index, count: 8 });
          const counts = countPicks([balance], [times], size);
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        },
      ),
    );
  });

  it('all workers together are even to within one per worker, however requests fall on them', () => {
    fc.assert(
      fc.property(backendCount, workerPicks, (size, picks) => {
        const balances = picks.map(
          (_, index) => new RoundRobin(sharesOf(Array.from({ length: size }, () => 1)), { index, count: picks.length }),
        );
        const counts = countPicks(balances, picks, size);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(picks.length);
      }),
    );
  });

  it('a burst of one request per worker, or of one per backend, is even to within one', () => {
    fc.assert(
      fc.property(backendCount, fc.integer({ min: 1, max: 16 }), (size, workers) => {
        const burst = (times: (worker: number) => number): number[] => {
          const balances = Array.from(
            { length: workers },
            (_, index) => new RoundRobin(sharesOf(Array.from({ length: size }, () => 1)), { index, count: workers }),
          );
          return countPicks(
            balances,
            balances.map((_, worker) => times(worker)),
            size,
          );
        };
        const one = burst(() => 1);
        expect(Math.max(...one) - Math.min(...one)).toBeLessThanOrEqual(1);
        // As many requests for each worker as there are places up to where the next worker started.
        const round = burst(
          (worker) => Math.floor(((worker + 1) * size) / workers) - Math.floor((worker * size) / workers),
        );
        expect(new Set(round)).toEqual(new Set([1]));
      }),
    );
  });

  it('a resize in the middle keeps it even to within one per worker that ever was', () => {
    fc.assert(
      fc.property(backendCount, workerPicks, workerPicks, (size, before, after) => {
        const shares = sharesOf(Array.from({ length: size }, () => 1));
        const first = before.map((_, index) => new RoundRobin(shares, { index, count: before.length }));
        const counts = countPicks(first, before, size);
        const second = after.map((_, index) => new RoundRobin(shares, { index, count: after.length }, first[index]));
        const more = countPicks(second, after, size);
        const total = counts.map((count, index) => count + (more[index] ?? 0));
        expect(Math.max(...total) - Math.min(...total)).toBeLessThanOrEqual(Math.max(before.length, after.length));
      }),
    );
  });

  it('with weights, one round gives each its share exactly, and no moment is far from it', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(weights, (all) => {
        const balance = new RoundRobin(sharesOf(all), { index: 0, count: 1 });
        const sum = all.reduce((total, weight) => total + weight, 0);
        const counts = all.map(() => 0);
        for (let pick = 1; pick <= balance.length; pick += 1) {
          const chosen = balance.next() ?? 0;
          counts[chosen] = (counts[chosen] ?? 0) + 1;
          for (const [index, weight] of all.entries()) {
            expect(Math.abs((counts[index] ?? 0) - (pick * weight) / sum)).toBeLessThan(2);
          }
        }
        expect(counts).toEqual(all.map((weight) => (weight * balance.length) / sum));
      }),
    );
  });

  it('never chooses what is excluded, and finds whoever is left', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 6 });
    fc.assert(
      fc.property(weights, fc.array(fc.nat(5)), fc.nat(20), (all, excluded, skip) => {
        const balance = new RoundRobin(sharesOf(all), { index: 0, count: 1 });
        for (let pick = 0; pick < skip; pick += 1) balance.next();
        const exclude = new Set(excluded.map((index) => `b${index}`));
        const left = all.map((_, index) => index).filter((index) => !exclude.has(`b${index}`));
        const chosen = balance.next(exclude);
        expect(chosen === undefined ? left.length === 0 : left.includes(chosen)).toBe(true);
      }),
    );
  });
});
