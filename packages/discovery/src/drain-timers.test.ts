import { eventually } from '@dproxy/testkit';
import { expect, test } from 'vitest';
import { DrainTimers } from './drain-timers.ts';
import type { KillEvent } from './engine-events.ts';

const kill = (id: string, atMs: number): KillEvent => ({ type: 'killed', id, signal: 15, atMs });

test('a drain is over after its time, counted from the last signal', async () => {
  const over: KillEvent[] = [];
  const timers = new DrainTimers((each) => over.push(each));
  timers.begin(kill('a', 1), 1);
  timers.begin(kill('a', 2), 5);
  timers.begin(kill('b', 3), 50);
  await eventually(() => over.length === 2);
  expect(over).toEqual([kill('a', 2), kill('b', 3)]);
});

test('one without an end, or longer than a timer lasts, is never over; nor is any after the end', async () => {
  const over: string[] = [];
  const timers = new DrainTimers(({ id }) => over.push(id));
  const others = new DrainTimers(({ id }) => over.push(id));
  timers.begin(kill('endless', 1), Number.POSITIVE_INFINITY);
  timers.begin(kill('long', 1), 2 ** 40);
  others.begin(kill('stopped', 1), 1);
  others.stop();
  timers.begin(kill('short', 1), 20);
  await eventually(() => over.length > 0);
  expect(over).toEqual(['short']);
});
