import type { WakeMember } from '@dproxy/core';
import { expect, it } from 'vitest';
import { memberOf } from '../wake/_plan-of.ts';
import { isStillAsleep, type SleepRecord } from './sleep-records.ts';

const RECORD: SleepRecord = {
  group: 'g',
  method: 'stop',
  sinceMs: 5_000,
  containers: [
    { id: 'web-id', startedMs: 1_000 },
    { id: 'db-id', startedMs: 1_000 },
  ],
};

it.each<[string, readonly WakeMember[], boolean]>([
  ['all are as we left them', [memberOf('web', { state: 'stopped' }), memberOf('db', { state: 'stopped' })], true],
  ['one is', [memberOf('web'), memberOf('db', { state: 'stopped' })], true],
  ['all run', [memberOf('web'), memberOf('db')], false],
  ['one was started since, and stopped by somebody', [memberOf('web', { state: 'stopped', startedMs: 2_000 })], false],
  ['they are gone', [memberOf('other', { state: 'stopped' })], false],
])('%s', (_case, members, expected) => {
  expect(isStillAsleep(RECORD, members)).toBe(expected);
});

it('tells our pause from a stop by hand', () => {
  const paused: SleepRecord = { ...RECORD, method: 'pause' };
  expect(isStillAsleep(paused, [memberOf('web', { state: 'paused' })])).toBe(true);
  expect(isStillAsleep(paused, [memberOf('web', { state: 'stopped' })])).toBe(false);
  expect(isStillAsleep(RECORD, [memberOf('web', { state: 'paused' })])).toBe(false);
});
