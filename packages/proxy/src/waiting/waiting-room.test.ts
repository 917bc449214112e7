import { DEFAULT_LIMITS, ProxyError } from '@dproxy/core';
import { expect, it } from 'vitest';
import type { CompiledSnapshot } from '../compiled-snapshot.ts';
import { Counters } from '../counters.ts';
import { DeadlineWheel } from '../deadline-wheel.ts';
import { GROUP } from '../fixtures/waiting-edge.ts';
import { BackendAges } from '../upstream/backend-ages.ts';
import type { Promising } from './prospects.ts';
import { WaitingRoom } from './waiting-room.ts';

it('leaves a quarter of its places to those who wait for a moment only', () => {
  const wheel = new DeadlineWheel((error) => {
    throw error;
  });
  const counters = new Counters();
  // All that matters of a table to who enters.
  const compiled = { limits: { ...DEFAULT_LIMITS, heldRequests: 8 } } as CompiledSnapshot;
  const services = { wheel, counters, compiled, ages: new BackendAges() };
  const room = new WaitingRoom({ services, onWake: () => undefined });
  const waiter = { onAdmitted: () => undefined, onTurnedAway: () => undefined };
  const enter = (at: number, outlook: Promising): string => {
    const entered = room.enter({ place: { kind: 'route', id: `r${at}` }, client: `192.0.2.${at}`, waiter, outlook });
    return entered instanceof ProxyError ? entered.code : 'waits';
  };
  const untilMs = performance.now() + 20_000;
  const waking = Array.from({ length: 8 }, (_, at) => enter(at, { kind: 'wake', group: GROUP, untilMs }));
  expect(waking).toEqual([...Array.from({ length: 6 }, () => 'waits'), 'too-many-waiting', 'too-many-waiting']);
  const holding = [10, 11, 12].map((at) => enter(at, { kind: 'hold', untilMs }));
  expect(holding).toEqual(['waits', 'waits', 'too-many-waiting']);
  room.dispose();
  expect(counters.held).toBe(0);
  expect(enter(20, { kind: 'wake', group: GROUP, untilMs })).toBe('waits');
  room.dispose();
  wheel.dispose();
});
