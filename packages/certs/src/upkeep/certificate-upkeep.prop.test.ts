import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IssueError, type IssueProblem } from '../ports.ts';
import {
  type Bench,
  benchOf,
  DAY_MS,
  HOUR_MS,
  LETS_ENCRYPT,
  MINUTE_MS,
  OTHER,
  routesOf,
  settingsOf,
} from './fixtures/bench.ts';
import { ManualClock } from './fixtures/manual-clock.ts';
import { MemoryStore } from './fixtures/memory-store.ts';
import { RecordingIssuer } from './fixtures/recording-issuer.ts';

const HOSTS = ['a.example.com', 'b.example.com', 'c.example.org'];
const PROBLEMS: readonly IssueProblem[] = ['unauthorized', 'rate-limited', 'unreachable', 'rejected', 'misconfigured'];
const TWO = settingsOf({ authorities: [LETS_ENCRYPT, OTHER] });

describe('whatever happens', () => {
  it('a certificate of a healthy authority never has less than a third, or a half, of its life left', async () => {
    const suggestion = fc.record({
      fromShare: fc.double({ min: -1, max: 2, noNaN: true }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    const steps = fc.array(
      fc.record({ share: fc.double({ min: 0.01, max: 0.3, noNaN: true }), restarts: fc.boolean() }),
      {
        minLength: 4,
        maxLength: 8,
      },
    );
    const lives = fc.noBias(fc.integer({ min: 2, max: 200 }));
    await fc.assert(
      fc.asyncProperty(lives, fc.option(suggestion), steps, async (days, suggested, plan) => {
        const clock = new ManualClock();
        const store = new MemoryStore();
        const issuer = new RecordingIssuer(clock);
        issuer.lifeMs = days * DAY_MS;
        const tickMs = issuer.lifeMs / 200;
        issuer.window = (pem) => {
          const fromMs = Number(pem.split(' ')[0]);
          const startMs = fromMs + (suggested?.fromShare ?? 0) * issuer.lifeMs;
          const endMs = startMs + (suggested?.share ?? 0) * issuer.lifeMs;
          return suggested === null
            ? undefined
            : { startMs, endMs, explanationUrl: '', askAgainMs: startMs + 6 * HOUR_MS };
        };
        const start = async (): Promise<Bench> => {
          const bench = benchOf({ clock, store, issuer, more: { tickMs } });
          bench.upkeep.want(routesOf('a.example.com'), []);
          await bench.start();
          await clock.advance(MINUTE_MS);
          return bench;
        };
        let bench = await start();
        for (const { share, restarts } of plan) {
          if (restarts) {
            await bench.upkeep.stop();
            bench = await start();
          }
          for (let passed = 0; passed < share; passed += 0.02) {
            await clock.advance(0.02 * issuer.lifeMs);
            const ends = [...store.certificates.values()].map(({ notAfterMs }) => notAfterMs);
            const least = issuer.lifeMs / (issuer.lifeMs < 10 * DAY_MS ? 2 : 3);
            expect(Math.max(...ends) - clock.nowMs()).toBeGreaterThanOrEqual(least - tickMs - MINUTE_MS);
          }
        }
        await bench.upkeep.stop();
      }),
      { numRuns: 15 },
    );
  });

  it('no name is ordered twice at once, and nothing that is valid stops being served', async () => {
    const event = fc.oneof(
      fc.record({ type: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 3 * DAY_MS }) }),
      fc.record({ type: fc.constant('jump' as const), ms: fc.integer({ min: -2 * DAY_MS, max: 2 * DAY_MS }) }),
      fc.record({ type: fc.constant('answer' as const), problem: fc.option(fc.constantFrom(...PROBLEMS)) }),
      fc.record({ type: fc.constant('want' as const), hosts: fc.subarray(HOSTS) }),
      fc.record({ type: fc.constant('retry' as const), host: fc.constantFrom(...HOSTS) }),
      fc.record({ type: fc.constant('restart' as const), which: fc.integer({ min: 0, max: 1 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 10, maxLength: 30 }), async (events) => {
        const clock = new ManualClock();
        const store = new MemoryStore();
        const issuer = new RecordingIssuer(clock);
        let problem: IssueProblem | null = null;
        issuer.decide = async () => {
          await new Promise<void>((resolve) => void clock.after(2_000, resolve));
          if (problem !== null) throw new IssueError(problem, 'no', { advice: '', retryAfterMs: HOUR_MS });
        };
        let hosts: readonly string[] = HOSTS;
        const start = async (): Promise<Bench> => {
          const bench = benchOf({ clock, store, issuer, settings: TWO, more: { tickMs: HOUR_MS } });
          bench.upkeep.want(routesOf(...hosts), []);
          await bench.start();
          return bench;
        };
        const benches = [await start(), await start()];
        for (const happening of events) {
          if (happening.type === 'advance') await clock.advance(happening.ms);
          else if (happening.type === 'jump') clock.jump(happening.ms);
          else if (happening.type === 'answer') ({ problem } = happening);
          else if (happening.type === 'retry') for (const { upkeep } of benches) upkeep.retryNow(happening.host);
          else if (happening.type === 'want') {
            ({ hosts } = happening);
            for (const { upkeep } of benches) upkeep.want(routesOf(...hosts), []);
          } else {
            const leaving = benches[happening.which]?.upkeep.stop();
            await clock.advance(5_000);
            await leaving;
            benches[happening.which] = await start();
          }
        }
        await clock.advance(11 * MINUTE_MS);
        expect(issuer.mostForOneName).toBeLessThanOrEqual(1);
        expect(issuer.mostAtOnce).toBeLessThanOrEqual(10);
        const valid = [...store.certificates.values()].filter(({ notAfterMs }) => notAfterMs > clock.nowMs());
        for (const { served, log } of benches) {
          for (const { names } of valid) expect(served()).toEqual(expect.arrayContaining([...names]));
          expect(log.messages('error').filter((message) => /broke off|stumbled/.test(message))).toEqual([]);
        }
        const leaving = benches.map(({ upkeep }) => upkeep.stop());
        await clock.advance(5_000);
        await Promise.all(leaving);
      }),
      { numRuns: 25 },
    );
  });
});
