import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { awakeSinceMs, isAwakeTime, nextAwakeChangeMs } from './awake-time.ts';
import type { AwakeTime } from './wake.ts';

const MINUTE_MS = 60_000;
const times: fc.Arbitrary<AwakeTime[]> = fc.array(
  fc.record({
    days: fc.subarray([0, 1, 2, 3, 4, 5, 6]),
    from: fc.integer({ min: 0, max: 1_439 }),
    to: fc.integer({ min: 1, max: 1_440 }),
    timeZone: fc.constantFrom('', 'UTC', 'Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe', 'Asia/Kathmandu'),
  }),
  { maxLength: 3 },
);
const now = fc.integer({ min: Date.parse('2026-01-01T00:00:00Z'), max: Date.parse('2027-01-01T00:00:00Z') });

it('is as it is now until the next change, and otherwise from then on', () => {
  fc.assert(
    fc.property(times, now, (awake, nowMs) => {
      const is = isAwakeTime(awake, nowMs, 'Europe/Berlin');
      const next = nextAwakeChangeMs(awake, nowMs, 'Europe/Berlin');
      if (next === undefined) return;
      expect(next).toBeGreaterThan(nowMs);
      expect(isAwakeTime(awake, next, 'Europe/Berlin')).toBe(!is);
      expect(isAwakeTime(awake, next - 1, 'Europe/Berlin')).toBe(is);
      const between = nowMs + Math.floor((next - nowMs) / 2);
      expect(isAwakeTime(awake, between, 'Europe/Berlin')).toBe(is);
    }),
    { numRuns: 60 },
  );
});

it('began when it says, and has the same beginning a minute later', () => {
  fc.assert(
    fc.property(times, now, (awake, nowMs) => {
      const since = awakeSinceMs(awake, nowMs, 'Europe/Berlin');
      expect(since !== undefined).toBe(isAwakeTime(awake, nowMs, 'Europe/Berlin'));
      if (since === undefined || since === 0) return;
      expect(isAwakeTime(awake, since, 'Europe/Berlin')).toBe(true);
      expect(isAwakeTime(awake, since - MINUTE_MS, 'Europe/Berlin')).toBe(false);
      const later = awakeSinceMs(awake, nowMs + MINUTE_MS, 'Europe/Berlin');
      if (later !== undefined) expect(later === since || later === nowMs - (nowMs % MINUTE_MS) + MINUTE_MS).toBe(true);
    }),
    { numRuns: 60 },
  );
});
