import * as fc from 'fast-check';
import { snapshotOf } from '@dproxy/testkit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SHOP, SleepWorld, type Call } from './_sleep-world.ts';

const LONG = process.env['DPROXY_TEST_LONG'] === '1';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const SNAPSHOT = snapshotOf({
  routes: [{ host: 'shop.test', to: { id: 'web', port: 80, containerId: 'web-id' }, wakeGroup: SHOP }],
});

type Step =
  | { readonly does: 'ask'; readonly worker: number; readonly lastsMs: number }
  | { readonly does: 'pass'; readonly ms: number }
  | { readonly does: 'pass until it leaves'; readonly plusMs: number }
  | { readonly does: 'replace'; readonly worker: number }
  | { readonly does: 'delay table'; readonly worker: number; readonly ms: number }
  | { readonly does: 'delay news'; readonly ms: number }
  | { readonly does: 'be silent'; readonly isSilent: boolean }
  | { readonly does: 'end'; readonly call: Call }
  | { readonly does: 'start'; readonly call: Call };

const worker = fc.nat(1);
const ms = fc.constantFrom(0, 1, 5, 50, 300, 1_000, 4_000);
const afterMs = fc.constantFrom(1, 20, 3_000, 12_000);
const call = (...comes: readonly Call['comes'][]) => fc.record({ comes: fc.constantFrom(...comes), afterMs });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ does: fc.constant('ask' as const), worker, lastsMs: ms }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('pass' as const), ms }) },
  // The moments that count are those in which it goes to sleep.
  { weight: 4, arbitrary: fc.record({ does: fc.constant('pass until it leaves' as const), plusMs: fc.nat(8) }) },
  fc.record({ does: fc.constant('replace' as const), worker }),
  fc.record({ does: fc.constant('delay table' as const), worker, ms: fc.constantFrom(1, 300, 6_000) }),
  fc.record({ does: fc.constant('delay news' as const), ms: fc.constantFrom(5, 800, 25_000) }),
  fc.record({ does: fc.constant('be silent' as const), isSilent: fc.boolean() }),
  fc.record({ does: fc.constant('end' as const), call: call('done', 'refused', 'late', 'lost') }),
  fc.record({ does: fc.constant('start' as const), call: call('done', 'late', 'refused') }),
);

async function take(world: SleepWorld, next: Step): Promise<void> {
  switch (next.does) {
    case 'ask':
      void world.ask(next.worker, next.lastsMs);
      return;
    case 'pass':
      await vi.advanceTimersByTimeAsync(next.ms);
      return;
    case 'pass until it leaves':
      await whenLeaving(world);
      await vi.advanceTimersByTimeAsync(next.plusMs);
      return;
    case 'replace':
      world.replace(next.worker);
      return;
    case 'delay table':
      for (const [index, each] of world.workers.entries()) if (index === next.worker) each.delayMs = next.ms;
      return;
    case 'delay news':
      world.newsMs = next.ms;
      return;
    case 'be silent':
      world.isSilent = next.isSilent;
      return;
    case 'end':
      world.ends.push(next.call);
      return;
    case 'start':
      world.starts.push(next.call);
      return;
    default:
      next satisfies never;
  }
}

async function whenLeaving(world: SleepWorld): Promise<void> {
  const isLeaving = (): boolean => world.idle.describe()[0]?.state === 'leaving';
  for (let passedMs = 0; passedMs < 3_000 && !isLeaving(); passedMs++) await vi.advanceTimersByTimeAsync(1);
}

/** Nothing is slow any more. */
async function calm(world: SleepWorld): Promise<void> {
  world.newsMs = 5;
  world.isSilent = false;
  for (const each of world.workers) each.delayMs = 1;
  world.ends.length = 0;
  world.starts.length = 0;
  await vi.advanceTimersByTimeAsync(180_000);
}

test('whatever is slow, fails or comes late: no request is lost, none waits for ever, and what sleeps can be woken', async () => {
  const property = fc.asyncProperty(
    fc.constantFrom('stop', 'pause'),
    fc.array(step, { maxLength: 40, size: 'max' }),
    async (method, steps) => {
      const world = new SleepWorld(method, SNAPSHOT);
      let asked = 0;
      for (const next of steps) {
        asked += Number(next.does === 'ask');
        await take(world, next);
      }
      await calm(world);
      expect(world.wrongs).toEqual([]);
      expect(world.outcomes).toHaveLength(asked);
      const mayFail = steps.some((each) => each.does === 'start' && each.call.comes !== 'done');
      if (!mayFail) expect(world.outcomes.filter((outcome) => outcome !== 'answered')).toEqual([]);
      world.outcomes.length = 0;
      for (const index of [0, 1]) void world.ask(index, 10);
      await vi.advanceTimersByTimeAsync(5_000);
      expect([world.outcomes, world.states]).toEqual([['answered', 'answered'], expect.any(String)]);
      await vi.advanceTimersByTimeAsync(75_000);
      expect(world.states).toBe(method === 'stop' ? 'web stopped, db stopped' : 'web paused, db paused');
      await world.close();
    },
  );
  await fc.assert(property, { numRuns: LONG ? 2_000 : 40 });
}, 300_000);
