import type { WakeMember } from '@dproxy/core';
import { expect, it } from 'vitest';
import { memberOf } from '../wake/_plan-of.ts';
import { stillAsleep, type SleepRecord } from './sleep-records.ts';

const RECORD: SleepRecord = {
  group: 'g',
  method: 'stop',
  sinceMs: 5_000,
  containers: [
    { id: 'web-id', startedMs: 1_000 },
    { id: 'db-id', startedMs: 1_000 },
  ],
};

it.each<[string, readonly WakeMember[], readonly string[]]>([
  [
    'all are as we left them',
    [memberOf('web', { state: 'stopped' }), memberOf('db', { state: 'stopped' })],
    ['web-id', 'db-id'],
  ],
  ['one is', [memberOf('web'), memberOf('db', { state: 'stopped' })], ['db-id']],
  ['all run', [memberOf('web'), memberOf('db')], []],
  ['one was started since, and stopped by somebody', [memberOf('web', { state: 'stopped', startedMs: 2_000 })], []],
  ['they are gone', [memberOf('other', { state: 'stopped' })], []],
])('%s', (_case, members, expected) => {
  expect([...stillAsleep(RECORD, members)]).toEqual(expected);
});

it('tells our pause from a stop by hand', () => {
  const paused: SleepRecord = { ...RECORD, method: 'pause' };
  const count = (record: SleepRecord, state: WakeMember['state']) =>
    stillAsleep(record, [memberOf('web', { state })]).size;
  expect([count(paused, 'paused'), count(paused, 'stopped'), count(RECORD, 'paused')]).toEqual([1, 0, 0]);
});
