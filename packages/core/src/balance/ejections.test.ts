import { expect, it } from 'vitest';
import { Ejections } from './ejections.ts';

const POLICY = { failures: 3, windowMs: 10_000, ejectMs: 30_000, statuses: false };

it('passes over who fails so often within the window, for a while', () => {
  const ejections = new Ejections(POLICY, ['a', 'b']);
  expect(ejections.failed('a', 0)).toBe(false);
  expect(ejections.failed('a', 5_000)).toBe(false);
  expect(ejections.ejected(5_000)).toBeUndefined();
  expect(ejections.failed('a', 9_999)).toBe(true);
  expect(ejections.ejected(9_999)).toEqual(new Set(['a']));
  expect(ejections.leftMs('a', 19_999)).toBe(20_000);
  expect(ejections.ejected(39_998)).toEqual(new Set(['a']));
  expect(ejections.ejected(39_999)).toBeUndefined();
  expect(ejections.leftMs('a', 39_999)).toBe(0);
});

it('does not count failures that are older than the window', () => {
  const ejections = new Ejections(POLICY, ['a', 'b']);
  const passed = [0, 6_000, 12_000, 18_000, 24_000].map((atMs) => ejections.failed('a', atMs));
  expect(passed).toEqual([false, false, false, false, false]);
  expect(ejections.failed('a', 25_000)).toBe(true);
});

it('begins to count anew when it comes back', () => {
  const ejections = new Ejections({ ...POLICY, failures: 2 }, ['a', 'b']);
  expect([ejections.failed('a', 0), ejections.failed('a', 1)]).toEqual([false, true]);
  expect(ejections.failed('a', 2)).toBe(false);
  expect(ejections.failed('a', 30_001)).toBe(false);
  expect(ejections.failed('a', 30_002)).toBe(true);
});

it('never passes over a backend that is alone, and knows nobody else', () => {
  const ejections = new Ejections({ ...POLICY, failures: 1 }, ['a']);
  expect(ejections.failed('a', 0)).toBe(false);
  expect(ejections.failed('x', 0)).toBe(false);
  expect(ejections.ejected(0)).toBeUndefined();
});

it('remembers over a change of the route, and forgets who is gone', () => {
  const before = new Ejections({ ...POLICY, failures: 1 }, ['a', 'b', 'c']);
  before.failed('a', 0);
  before.failed('b', 1_000);
  const after = new Ejections(POLICY, ['a', 'c', 'd'], before);
  expect(after.ejected(2_000)).toEqual(new Set(['a']));
  expect(after.ejected(30_000)).toBeUndefined();
});
