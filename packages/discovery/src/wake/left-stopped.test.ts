import type { WakeMember } from '@dproxy/core';
import { expect, it } from 'vitest';
import { memberOf, planOf } from './_plan-of.ts';
import { leftStopped, withoutMembers } from './left-stopped.ts';

const stopped = (name: string, more: Partial<WakeMember> = {}) => memberOf(name, { state: 'stopped', ...more });
const needs = (service: string, required = true) => ({
  dependsOn: [{ service, condition: 'started', required } as const],
});

it.each<[string, readonly WakeMember[], readonly string[], readonly string[]]>([
  ['nothing that runs', [memberOf('web')], [], []],
  ['what somebody has stopped', [stopped('web'), memberOf('db')], [], ['web-id']],
  ['nothing that we put to sleep', [stopped('web'), stopped('db')], ['web-id', 'db-id'], []],
  ['of both only what somebody has stopped', [stopped('web'), stopped('db')], ['db-id'], ['web-id']],
  ['nothing that was only made so far', [stopped('web', { startedMs: 0 })], [], []],
  ['what cannot do without it', [stopped('web', needs('db')), stopped('db')], ['web-id'], ['db-id', 'web-id']],
  [
    'what cannot do without that',
    [stopped('edge', needs('web')), stopped('web', needs('db')), stopped('db')],
    ['edge-id', 'web-id'],
    ['db-id', 'web-id', 'edge-id'],
  ],
  ['not what may do without it', [stopped('web', needs('db', false)), stopped('db')], ['web-id'], ['db-id']],
  [
    'not what has another one of it',
    [stopped('web', needs('db')), stopped('db'), replica('db')],
    ['web-id'],
    ['db-id'],
  ],
  [
    'no task that has done its work',
    [stopped('web', { dependsOn: [{ service: 'setup', condition: 'completed', required: true }] }), stopped('setup')],
    ['web-id'],
    [],
  ],
])('leaves as it is %s', (_what, members, ours, expected) => {
  expect([...leftStopped(planOf({ afterManualStop: false, members }), new Set(ours))]).toEqual(expected);
  expect(leftStopped(planOf({ afterManualStop: true, members }), new Set(ours)).size).toBe(0);
});

it('takes them out of the group, and out of what the others need', () => {
  const plan = planOf({ members: [stopped('web', needs('db', false)), stopped('db')] });
  expect(withoutMembers(plan, new Set())).toBe(plan);
  expect(withoutMembers(plan, new Set(['db-id'])).members).toEqual([stopped('web')]);
});

function replica(service: string): WakeMember {
  return memberOf('other', { service });
}
