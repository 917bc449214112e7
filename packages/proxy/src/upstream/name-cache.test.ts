import type { LookupAddress } from 'node:dns';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ProxyError, silentLog } from '@dproxy/core';
import { backendOf, Origin, snapshotOf } from '@dproxy/testkit';
import { Counters } from '../counters.ts';
import { DeadlineWheel } from '../deadline-wheel.ts';
import { NameCache } from './name-cache.ts';
import { UpstreamPool } from './upstream-pool.ts';

const HERE: LookupAddress = { address: '127.0.0.1', family: 4 };
/** Loopback too, but nobody listens there. */
const ELSEWHERE: LookupAddress = { address: '127.9.9.9', family: 4 };
const MINUTES = 60_000;

describe('names of backends', () => {
  let nowMs = 0;
  let asked = 0;
  let answer: () => Promise<readonly LookupAddress[]>;
  let names: NameCache;

  beforeEach(() => {
    [nowMs, asked] = [1_000, 0];
    answer = async () => [HERE];
    names = new NameCache(
      () => nowMs,
      () => {
        asked++;
        return answer();
      },
    );
  });

  test('are asked for once by all who wait for them, and kept', async () => {
    expect(await Promise.all([names.resolve('x'), names.resolve('x')])).toEqual([[HERE], [HERE]]);
    await names.resolve('x');
    expect(asked).toBe(1);
  });

  test('are asked for again after a while; who asks meanwhile gets the old answer', async () => {
    await names.resolve('x');
    nowMs += MINUTES;
    answer = async () => [ELSEWHERE];
    expect(await names.resolve('x')).toEqual([HERE]);
    await Promise.resolve();
    expect(await names.resolve('x')).toEqual([ELSEWHERE]);
  });

  test('that stop resolving keep their addresses for some minutes, then fail', async () => {
    await names.resolve('x');
    answer = async () => {
      throw new Error('SERVFAIL');
    };
    nowMs += 4 * MINUTES;
    expect(await names.resolve('x')).toEqual([HERE]);
    nowMs += 2 * MINUTES;
    await expect(names.resolve('x')).rejects.toThrow('SERVFAIL');
    answer = async () => [HERE];
    expect(await names.resolve('x')).toEqual([HERE]);
  });
});

describe('a backend whose name has several addresses', () => {
  let wheel: DeadlineWheel;
  beforeEach(() => {
    wheel = new DeadlineWheel((error) => {
      throw error;
    });
  });
  afterEach(() => wheel.dispose());

  /** The state in which a connection to it ends. */
  async function connectTo(addresses: readonly LookupAddress[], port: number): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>();
    const names = new NameCache(undefined, async () => addresses);
    const { limits } = snapshotOf().settings;
    const context = { wheel, counters: new Counters(), names, log: silentLog, bufferBytes: limits.bufferBytes };
    const pool = new UpstreamPool(backendOf({ address: 'backend.test', port }), context, limits);
    pool.connect(
      {
        onUpstreamReady: () => resolve('ready'),
        onUpstreamData: () => false,
        onUpstreamDrain: () => undefined,
        onUpstreamEnd: () => resolve('ended'),
        onUpstreamClosed: (error: ProxyError) => resolve(error.code),
        onUpstreamDeadline: () => resolve('deadline'),
      },
      5_000,
    );
    const outcome = await promise;
    pool.destroy();
    return outcome;
  }

  test('is reached at the one that answers, wherever that stands', async () => {
    await using origin = await Origin.start();
    expect(await connectTo([ELSEWHERE, HERE], origin.port)).toBe('ready');
    expect(await connectTo([HERE, ELSEWHERE], origin.port)).toBe('ready');
    expect(await connectTo([{ address: '::1', family: 6 }, ELSEWHERE, HERE], origin.port)).toBe('ready');
  });

  test('is refused when none answers, and unresolved when there is none', async () => {
    await using origin = await Origin.start();
    expect(await connectTo([ELSEWHERE, { address: '127.9.9.8', family: 4 }], origin.port)).toBe('upstream-refused');
    expect(await connectTo([], origin.port)).toBe('upstream-unresolved');
  });
});
