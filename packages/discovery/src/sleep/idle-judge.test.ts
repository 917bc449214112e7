import type { WakeMember } from '@dproxy/core';
import { expect, it } from 'vitest';
import { memberOf, planOf } from '../wake/_plan-of.ts';
import { IdleJudge, type IdleFacts, type IdleVerdict } from './idle-judge.ts';

const SILENT = { open: 0, idleMs: Number.POSITIVE_INFINITY };

function factsAt(nowMs: number, more: Partial<IdleFacts> = {}): IdleFacts {
  return {
    plan: planOf(),
    activity: SILENT,
    isAwakeTime: false,
    isWaking: false,
    unwakeable: '',
    nowMs,
    ...more,
  };
}

/** Of a group that was first seen at 0. */
function judgeOf({ members } = planOf()): IdleJudge {
  const judge = new IdleJudge();
  judge.follow(members, 0);
  return judge;
}

function judgedAt(nowMs: number, more: Partial<IdleFacts> = {}): IdleVerdict {
  return judgeOf(more.plan).judge(factsAt(nowMs, more));
}

it('is silent after as long without use as the plan says, and not a moment before', () => {
  expect(judgedAt(59_999)).toEqual({ state: 'awake', reason: 'it was used or started a moment ago' });
  expect(judgedAt(60_000)).toEqual({ state: 'silent', reason: '' });
});

const running = (name: string, more: Partial<WakeMember> = {}) => planOf({ members: [memberOf(name, more)] });

it.each<[string, Partial<IdleFacts>]>([
  ['it never sleeps', { plan: planOf({ idleMs: 0 }) }],
  ['it is being woken', { isWaking: true }],
  ['it is kept awake at this time', { isAwakeTime: true }],
  ['no route leads to it', { unwakeable: 'no route leads to it' }],
  ['web is starting', { plan: running('web', { health: 'starting' }) }],
  ['db is being removed', { plan: planOf({ members: [memberOf('web'), memberOf('db', { state: 'removing' })] }) }],
  ['not all workers have said whether it is in use', { activity: undefined }],
  ['requests or connections are open', { activity: { open: 2, idleMs: Number.POSITIVE_INFINITY } }],
  ['it was used or started a moment ago', { activity: { open: 0, idleMs: 10 } }],
])('stays awake, and says why: %s', (reason, facts) => {
  expect(judgedAt(1_000_000, facts)).toEqual({ state: 'awake', reason });
});

it('takes a start or the end of a pause for use, whoever it was', () => {
  const judge = new IdleJudge();
  const at = (nowMs: number, member: Partial<WakeMember>) => {
    judge.follow([memberOf('web', member)], nowMs);
    return judge.judge(factsAt(nowMs)).state;
  };
  expect(at(0, {})).toBe('awake');
  expect(at(60_000, { startedMs: 2_000 })).toBe('awake');
  expect(at(119_000, { startedMs: 2_000 })).toBe('awake');
  expect(at(120_000, { startedMs: 2_000 })).toBe('silent');
  expect(at(121_000, { startedMs: 2_000, state: 'paused' })).toBe('asleep');
  expect(at(122_000, { startedMs: 2_000 })).toBe('awake');
  expect(at(182_000, { startedMs: 2_000 })).toBe('silent');
});

it('does not believe the clock of the engine', () => {
  expect(judgedAt(60_000, { plan: running('web', { startedMs: Number.MAX_SAFE_INTEGER }) }).state).toBe('silent');
  expect(judgedAt(59_000, { plan: running('web', { startedMs: 1 }) }).state).toBe('awake');
});

it('remembers the use that a worker told of before it left', () => {
  const judge = judgeOf();
  judge.judge(factsAt(100_000, { activity: { open: 0, idleMs: 5_000 } }));
  expect(judge.judge(factsAt(101_000)).state).toBe('awake');
  expect(judge.idleMs(101_000)).toBe(6_000);
  expect(judge.judge(factsAt(155_000)).state).toBe('silent');
});

it('counts what workers do not see as use', () => {
  const judge = judgeOf();
  judge.noteUse(90_000);
  expect(judge.judge(factsAt(100_000)).state).toBe('awake');
  expect(judge.judge(factsAt(150_000)).state).toBe('silent');
});

it('is asleep when nothing of it runs, and as long as one of it runs it is not', () => {
  const members = [memberOf('web', { state: 'stopped' }), memberOf('db', { state: 'paused' })];
  expect(judgedAt(0, { plan: planOf({ members }) })).toEqual({ state: 'asleep', reason: 'nothing of it runs' });
  expect(judgedAt(60_000, { plan: planOf({ members: [...members, memberOf('job')] }) }).state).toBe('silent');
});
