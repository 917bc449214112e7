import { type Backend, DEFAULT_LIMITS, silentLog } from '@dproxy/core';
import { backendOf, Origin } from '@dproxy/testkit';
import { expect, it } from 'vitest';
import { Counters } from '../counters.ts';
import { Deadline, DeadlineWheel } from '../deadline-wheel.ts';
import { NameCache } from './name-cache.ts';
import { UpstreamPools } from './upstream-pools.ts';
import type { UpstreamUser } from './upstream-user.ts';

const USER: UpstreamUser = {
  onUpstreamReady: () => undefined,
  onUpstreamData: () => false,
  onUpstreamDrain: () => undefined,
  onUpstreamEnd: () => undefined,
  onUpstreamDeadline: () => undefined,
  onUpstreamClosed: () => undefined,
};
const CONTAINER = { id: 'docker:x', protocol: 'https', containerId: 'c'.repeat(64) } as const;

/** What a connection that is being made has left when the backend becomes this. */
async function connectMsAfter(before: Partial<Backend>, now: Partial<Backend> | undefined): Promise<number> {
  // A handshake without an answer: no connection is made, and none is refused.
  await using silent = await Origin.start({ onConnection: () => undefined });
  const wheel = new DeadlineWheel((error) => {
    throw error;
  });
  const pools = new UpstreamPools({ wheel, counters: new Counters(), names: new NameCache(), log: silentLog });
  const rules = { limits: DEFAULT_LIMITS, isUsable: () => true };
  const tableOf = (...backends: readonly Backend[]) => new Map(backends.map((backend) => [backend.id, backend]));
  const first = { ...backendOf({ ...CONTAINER, port: silent.port }), ...before };
  pools.update(tableOf(first), rules);
  const connection = pools.get(first.id)?.connect(USER, 60_000);
  pools.update(now === undefined ? tableOf() : tableOf({ ...first, ...now }), rules);
  const soonest = new Deadline(wheel, { onDeadline: () => undefined });
  soonest.set(0);
  const leftMs = (connection?.deadline.atMs ?? Number.NaN) - soonest.atMs;
  pools.destroy();
  wheel.dispose();
  return leftMs;
}

const ENDED = { state: 'stopped', address: '' } as const;

it.each([
  ['a container that begins to drain may accept for another moment', {}, { state: 'draining' }, 1_000],
  ['one that has ended, after it drained, accepts nobody', { state: 'draining' }, ENDED, 0],
  ['nor does one that has ended at once', {}, ENDED, 0],
  ['nor one that was removed', {}, undefined, 0],
  ['a container at another address may accept at this one, too', {}, { address: '127.0.0.2' }, 1_000],
  ['so may what is no container, and left the file', { containerId: '' }, undefined, 1_000],
] as const)('%s', async (_what, before, now, leftMs) => {
  expect(await connectMsAfter(before, now)).toBe(leftMs);
});
