import type { WakeProgress } from '@dproxy/core';
import { eventually } from '@dproxy/testkit';
import { afterEach, expect, it } from 'vitest';
import { DeadlineWheel } from '../deadline-wheel.ts';
import { WakeCalls } from './wake-calls.ts';

const opened: Disposable[] = [];
afterEach(() => {
  for (const each of opened.splice(0)) each[Symbol.dispose]();
});

/** @param waiting who waits, the longest first */
function open(waiting: readonly string[] = []) {
  const said: (readonly [group: string, client: string])[] = [];
  const wheel = new DeadlineWheel((error) => {
    throw error;
  });
  const calls = new WakeCalls({ wheel, whoWaits: () => waiting[0], onWake: (...word) => said.push(word) });
  opened.push({
    [Symbol.dispose]: () => {
      calls.dispose();
      wheel.dispose();
    },
  });
  return { calls, said };
}

it('names who waits longest, not who asks most often', async () => {
  const waiting = ['192.0.2.1'];
  const { calls, said } = open(waiting);
  calls.wake('shop', '198.51.100.9');
  waiting[0] = '192.0.2.2';
  await eventually(() => {
    calls.wake('shop', '198.51.100.9');
    return said.length >= 2;
  });
  expect(said.map(([, client]) => client)).toEqual(['192.0.2.1', '192.0.2.2']);
});

it('lets one client that asks for everything tell so much and no more, by its whole network', () => {
  const { calls, said } = open();
  for (let at = 0; at < 1_000; at++) calls.wake(`group ${at}`, `2001:db8::${at.toString(16)}`);
  const greedy = said.length;
  calls.wake('another', '192.0.2.1');
  expect(said.at(-1)).toEqual(['another', '192.0.2.1']);
  expect(new Set(said.slice(0, greedy).map(([, client]) => client)).size).toBe(1);
  expect(greedy).toBeGreaterThanOrEqual(64);
  expect(greedy).toBeLessThan(200);
});

it('forgets what was said of groups that have left the table', () => {
  const { calls } = open();
  const said: WakeProgress = { group: 'shop', state: 'waking', message: '', retryAfterS: 0, steps: [], log: [] };
  calls.told(said);
  expect(calls.progressOf('shop')).toBe(said);
  calls.follow(new Map());
  expect(calls.progressOf('shop')).toBeUndefined();
});
