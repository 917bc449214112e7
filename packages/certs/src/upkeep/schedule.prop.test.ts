import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS } from './fixtures/bench.ts';
import { backstopMs, renewalMs, urgentMs } from './schedule.ts';

const certificate = fc.record({
  id: fc.stringMatching(/^[0-9a-f]{64}$/),
  notBeforeMs: fc.integer({ min: 0, max: 4e12 }),
  lifeMs: fc.integer({ min: HOUR_MS, max: 400 * DAY_MS }),
});
const window = fc.record({
  startMs: fc.integer({ min: 0, max: 5e12 }),
  lengthMs: fc.integer({ min: -DAY_MS, max: 400 * DAY_MS }),
});

describe('the moment of a renewal', () => {
  it('is never after the back-stop, whatever the authority suggests, and the back-stop leaves a third or a half', () => {
    fc.assert(
      fc.property(certificate, fc.option(window), ({ id, notBeforeMs, lifeMs }, suggested) => {
        const life = { id, notBeforeMs, notAfterMs: notBeforeMs + lifeMs };
        const given = suggested && {
          startMs: suggested.startMs,
          endMs: suggested.startMs + suggested.lengthMs,
          explanationUrl: '',
          askAgainMs: 0,
        };
        const backstop = backstopMs(life);
        const at = renewalMs(life, given ?? undefined);
        expect(at).toBeLessThanOrEqual(backstop);
        const share = lifeMs < 10 * DAY_MS ? 2 : 3;
        expect(life.notAfterMs - backstop).toBeGreaterThanOrEqual(Math.floor(lifeMs / share));
        expect(backstop).toBeGreaterThan(notBeforeMs);
        expect(urgentMs(life)).toBeGreaterThan(backstop);
        // Before the back-stop only in a window of the authority.
        if (at < backstop) {
          expect(at).toBeGreaterThanOrEqual(given?.startMs ?? Number.NaN);
          expect(at).toBeLessThanOrEqual(given?.endMs ?? Number.NaN);
        }
      }),
    );
  });

  it('is spread over the window, evenly', () => {
    const startMs = 30 * DAY_MS;
    const suggested = { startMs, endMs: startMs + DAY_MS, explanationUrl: '', askAgainMs: 0 };
    const at = Array.from({ length: 256 }, (_, index) => {
      const id = index.toString(16).padStart(2, '0').repeat(32);
      return (renewalMs({ id, notBeforeMs: 0, notAfterMs: 90 * DAY_MS }, suggested) - startMs) / DAY_MS;
    });
    for (let quarter = 0; quarter < 4; quarter += 1) {
      const inside = at.filter((share) => Math.floor(share * 4) === quarter).length;
      expect(Math.abs(inside - 64)).toBeLessThanOrEqual(1);
    }
  });
});
