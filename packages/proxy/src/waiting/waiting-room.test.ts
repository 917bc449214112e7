import { ProxyError } from '@dproxy/core';
import { expect, it } from 'vitest';
import { GROUP, PATIENT, startWaitingEdge } from '../fixtures/waiting-edge.ts';
import type { Promising } from './prospects.ts';

it('leaves a quarter of its places to those who wait for a moment only', async () => {
  const limits = { ...PATIENT, heldRequests: 8, heldRequestsPerClient: 4 };
  await using edge = await startWaitingEdge({
    routes: [{ host: 'a.test', to: [], wakeGroup: GROUP.id }],
    wakeGroups: [GROUP],
    limits,
  });
  const { waiting } = edge.plane;
  const waiter = { onAdmitted: () => {}, onTurnedAway: () => {} };
  const enter = (at: number, outlook: Promising): string => {
    const entered = waiting.enter({
      place: { kind: 'route', id: `r${at}` },
      client: `192.0.2.${at}`,
      waiter,
      outlook,
    });
    return entered instanceof ProxyError ? entered.code : 'waits';
  };
  const untilMs = performance.now() + 20_000;
  const waking = Array.from({ length: 8 }, (_, at) => enter(at, { kind: 'wake', group: GROUP, untilMs }));
  expect(waking.filter((outcome) => outcome === 'waits')).toHaveLength(6);
  expect(waking.at(-1)).toBe('too-many-waiting');
  const holding = [10, 11, 12].map((at) => enter(at, { kind: 'hold', untilMs }));
  expect(holding).toEqual(['waits', 'waits', 'too-many-waiting']);
  expect(edge.plane.stats().held).toBe(8);
});
