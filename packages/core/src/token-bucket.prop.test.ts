import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { TokenBuckets } from './token-bucket.ts';

const rate = fc.record({
  average: fc.integer({ min: 1, max: 1_000 }),
  periodMs: fc.integer({ min: 1, max: 100_000 }),
  burst: fc.integer({ min: 1, max: 100 }),
});
const waits = fc.array(fc.nat(2_000), { minLength: 1, maxLength: 200 });

it('never lets more through in any span than the burst and what flows in meanwhile', () => {
  fc.assert(
    fc.property(rate, waits, (limit, pauses) => {
      const buckets = new TokenBuckets(limit);
      const taken: number[] = [];
      let nowMs = 0;
      for (const pause of pauses) {
        nowMs += pause;
        if (buckets.take('k', nowMs) === 0) taken.push(nowMs);
      }
      for (let from = 0; from < taken.length; from += 1) {
        for (let to = from; to < taken.length; to += 1) {
          const span = (taken[to] ?? 0) - (taken[from] ?? 0);
          expect(to - from + 1).toBeLessThanOrEqual(limit.burst + (span * limit.average) / limit.periodMs + 1e-3);
        }
      }
    }),
    { numRuns: 50 },
  );
});

it('whoever waits as long as it says gets through', () => {
  fc.assert(
    fc.property(rate, fc.array(fc.nat(50), { maxLength: 100 }), (limit, pauses) => {
      const buckets = new TokenBuckets(limit);
      let nowMs = 0;
      for (const pause of pauses) {
        nowMs += pause;
        const waitMs = buckets.take('k', nowMs);
        if (waitMs === 0) continue;
        nowMs += waitMs;
        expect(buckets.take('k', nowMs)).toBe(0);
      }
    }),
  );
});

it('lets as much through as it may: what is refused was too soon', () => {
  fc.assert(
    fc.property(rate, waits, (limit, pauses) => {
      const buckets = new TokenBuckets(limit);
      let nowMs = 0;
      let tokens = limit.burst;
      for (const pause of pauses) {
        nowMs += pause;
        tokens = Math.min(limit.burst, tokens + (pause * limit.average) / limit.periodMs);
        const isTaken = buckets.take('k', nowMs) === 0;
        if (Math.abs(tokens - 1) > 1e-6) expect(isTaken).toBe(tokens > 1);
        if (isTaken) tokens -= 1;
      }
    }),
  );
});
