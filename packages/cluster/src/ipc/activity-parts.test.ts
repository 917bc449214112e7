import type { GroupActivity } from '@dproxy/core';
import { expect, it } from 'vitest';
import { ActivityParts, splitActivity } from './activity-parts.ts';

function groupsOf(count: number, idLength: number): GroupActivity[] {
  return Array.from({ length: count }, (_, at) => ({ group: String(at).padEnd(idLength, 'x'), open: at, idleMs: 0 }));
}

it('puts together again what does not fit into one message', () => {
  const groups = groupsOf(10_000, 100);
  const split = splitActivity(groups);
  expect(split.length).toBeGreaterThan(1);
  const parts = new ActivityParts();
  const whole = split.map((part, at) => parts.add(1, part, at === split.length - 1));
  expect(whole.slice(0, -1).every((part) => part === undefined)).toBe(true);
  expect(whole.at(-1)).toEqual(groups);
});

it('has a part to send where there are no groups', () => {
  expect(splitActivity([])).toEqual([[]]);
});

it('takes neither more groups nor longer ids from one worker than any host has', () => {
  const long = groupsOf(1_000, 4_096);
  const parts = new ActivityParts();
  parts.add(1, long, false);
  parts.add(1, long, false);
  expect(() => parts.add(1, long, false)).toThrow('activity of more than');
  const many = groupsOf(10_000, 8);
  const others = new ActivityParts();
  for (let part = 0; part < 10; part++) others.add(1, many, false);
  expect(() => others.add(1, many, true)).toThrow('activity of more than');
  others.drop(1);
  expect(others.add(1, many, true)).toHaveLength(10_000);
});
