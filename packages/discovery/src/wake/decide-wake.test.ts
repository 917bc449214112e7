import type { WakeDependency, WakeMember } from '@dproxy/core';
import { describe, expect, it } from 'vitest';
import { memberOf } from './_plan-of.ts';
import { seenOf } from './_seen-of.ts';
import { decideWake, isAsleep, NO_ATTEMPT, type Attempt, type MemberFacts } from './decide-wake.ts';
import type { SeenContainer } from './wake-engine.ts';

const NOW = 1_000_000;
const RUNS = { state: 'running' } as const;
const OURS = { startedMs: NOW - 2_000, runningMs: NOW - 1_900 };

interface Spec {
  readonly seen?: Partial<SeenContainer> | 'gone' | undefined;
  readonly needs?: readonly (readonly [string, WakeDependency['condition'], required?: boolean])[];
  readonly attempt?: Partial<Attempt>;
  readonly readyAfterMs?: number;
  readonly lookedMs?: number;
  readonly predecessor?: WakeMember['predecessor'];
}

function decide(specs: Readonly<Record<string, Spec>>, isServed = false) {
  const facts = Object.entries(specs).map(([name, spec]): MemberFacts => {
    const dependsOn = (spec.needs ?? []).map(([service, condition, required = true]) => ({
      service,
      condition,
      required,
    }));
    const seen = spec.seen === 'gone' ? 'gone' : seenOf(name, spec.seen ?? {});
    return {
      member: memberOf(name, {
        dependsOn,
        readyAfterMs: spec.readyAfterMs ?? 0,
        ...(spec.predecessor === undefined ? {} : { predecessor: spec.predecessor }),
      }),
      seen: 'seen' in spec && spec.seen === undefined ? undefined : seen,
      lookedMs: spec.lookedMs ?? NOW,
      attempt: { ...NO_ATTEMPT, ...spec.attempt },
    };
  });
  const { start, unpause, steps, ...rest } = decideWake(facts, { nowMs: NOW, isServed });
  const ids = (list: readonly SeenContainer[]): string => list.map(({ id }) => id.replace('-id', '')).join(' ');
  return {
    ...rest,
    start: ids(start),
    unpause: ids(unpause),
    steps: steps.map(({ name, state }) => `${name} ${state}`).join(', '),
  };
}

describe('what is started', () => {
  it('not before the container has ended whose place it takes, which may have its port', () => {
    const predecessor = memberOf('old');
    expect(decide({ web: { predecessor } })).toMatchObject({ start: '', outcome: 'going on', steps: 'web waiting' });
    const member = memberOf('web', { state: 'stopped' });
    expect([isAsleep([{ ...member, predecessor }]), isAsleep([member])]).toEqual([false, true]);
  });

  it('what needs nobody first, and what waits for it once it is healthy', () => {
    const web = { needs: [['db', 'healthy']] } as const;
    expect(decide({ web, db: {} })).toMatchObject({
      start: 'db',
      outcome: 'going on',
      steps: 'db starting, web waiting',
      message: 'db is being started',
    });
    const starting = { seen: { ...RUNS, health: 'starting' }, attempt: OURS } as const;
    expect(decide({ web, db: starting })).toMatchObject({
      start: '',
      steps: 'db running, web waiting',
      message: 'waiting for db to become healthy',
      lateMessage: 'db: did not become healthy in time',
    });
    const healthy = { seen: { ...RUNS, health: 'healthy' }, attempt: OURS } as const;
    expect(decide({ web, db: healthy })).toMatchObject({ start: 'web', steps: 'db ready, web starting' });
  });

  it('what needs nobody all at once', () => {
    expect(decide({ a: {}, b: {}, c: { needs: [['a', 'started']] } }).start).toBe('a b');
  });

  it('what needs another one to be started as soon as that runs', () => {
    const needs = [['db', 'started']] as const;
    const db = { seen: { ...RUNS, health: 'starting' }, attempt: OURS } as const;
    expect(decide({ web: { needs }, db }).start).toBe('web');
  });

  it('nothing twice: not while it is being started, not before the answer is newer than the look', () => {
    expect(decide({ web: { attempt: { isCalling: true } } })).toMatchObject({ start: '', steps: 'web starting' });
    const seen = { seen: RUNS, attempt: { isCalling: true, runningMs: NOW } };
    expect(decide({ web: seen })).toMatchObject({ outcome: 'going on', steps: 'web running' });
    const late = { attempt: { startedMs: NOW }, lookedMs: NOW };
    expect(decide({ web: late })).toMatchObject({ start: '', outcome: 'going on' });
  });

  it('what is paused, by the end of its pause, whatever it needs', () => {
    expect(decide({ web: { seen: { state: 'paused' }, needs: [['db', 'healthy']] }, db: {} })).toMatchObject({
      start: 'db',
      unpause: 'web',
    });
  });

  it('what others wait for to end, unless it has ended well before', () => {
    const web = { needs: [['migrate', 'completed']] } as const;
    expect(decide({ web, migrate: { seen: { exitCode: 137 } } }).start).toBe('migrate');
    expect(decide({ web, migrate: { seen: { state: 'created', startedMs: 0 } } }).start).toBe('migrate');
    expect(decide({ web, migrate: { seen: { exitCode: 0 } } }).start).toBe('web');
    expect(decide({ web, migrate: { seen: RUNS, attempt: OURS } })).toMatchObject({
      start: '',
      steps: 'migrate running, web waiting',
    });
    expect(decide({ web, migrate: { seen: { exitCode: 0 }, attempt: OURS } }).start).toBe('web');
  });

  it('what uses the network of another one after that', () => {
    const web = { seen: { networkOf: 'vpn-id' } };
    expect(decide({ web, vpn: {} }).start).toBe('vpn');
    expect(decide({ web, vpn: { seen: RUNS } }).start).toBe('web');
  });

  it('what can do without one that is missing, or that fails', () => {
    expect(decide({ web: { needs: [['cache', 'started', false]] } }).start).toBe('web');
    const cache = { attempt: { trouble: 'its image is gone' } };
    expect(decide({ web: { needs: [['cache', 'healthy', false]] }, cache })).toMatchObject({
      start: 'web',
      outcome: 'going on',
      steps: 'cache failed, web starting',
    });
  });

  it('all containers of a service, each by its own name', () => {
    const [one, two] = ['one', 'two'].map((name) => ({
      member: memberOf(name, { service: 'web' }),
      seen: seenOf(name),
      lookedMs: NOW,
      attempt: NO_ATTEMPT,
    })) as [MemberFacts, MemberFacts];
    const { start, steps } = decideWake([one, two], { nowMs: NOW, isServed: false });
    expect(start.map(({ id }) => id)).toEqual(['one-id', 'two-id']);
    expect(steps.map(({ name }) => name)).toEqual(['one', 'two']);
  });
});

describe('when it is ready', () => {
  it.each<[string, Spec, string]>([
    ['healthy, where it has a health check', { seen: { ...RUNS, health: 'healthy' } }, 'ready'],
    ['not while that is starting', { seen: { ...RUNS, health: 'starting' } }, 'going on'],
    [
      'not while its health check looks again after a pause',
      { seen: { ...RUNS, health: 'unhealthy' }, attempt: { isUnpaused: true } },
      'going on',
    ],
    [
      'not before its time',
      { seen: { ...RUNS, startedMs: NOW - 10 }, readyAfterMs: 5_000, attempt: { runningMs: NOW - 10 } },
      'going on',
    ],
    [
      'after its time by the clock of the engine',
      { seen: { ...RUNS, startedMs: NOW - 5_000 }, readyAfterMs: 5_000 },
      'ready',
    ],
    [
      'after its time by ours, where that of the engine is ahead',
      { seen: { ...RUNS, startedMs: NOW + 9_000 }, readyAfterMs: 5_000, attempt: { runningMs: NOW - 5_000 } },
      'ready',
    ],
    ['at once, where it ran before', { seen: RUNS }, 'ready'],
    ['a second after we started it', { seen: RUNS, attempt: OURS }, 'ready'],
    [
      'not at once after we started it',
      { seen: RUNS, attempt: { startedMs: NOW - 10, runningMs: NOW - 10 } },
      'going on',
    ],
    ['not soon after the engine had to start it again', { seen: { ...RUNS, restarts: 1 }, attempt: OURS }, 'going on'],
    [
      'when it has been running for long since',
      { seen: { ...RUNS, restarts: 1 }, attempt: { startedMs: 1, runningMs: NOW - 10_000 } },
      'ready',
    ],
  ])('%s', (_, web, outcome) => {
    expect(decide({ web }).outcome).toBe(outcome);
  });

  it('at once after we started it, where it is served', () => {
    const web = { seen: RUNS, attempt: { startedMs: NOW - 10, runningMs: NOW - 10 } };
    expect(decide({ web }, true).outcome).toBe('ready');
  });

  it('with what has ended well beside it', () => {
    expect(decide({ web: { seen: RUNS }, seed: { attempt: OURS } }).outcome).toBe('ready');
  });
});

describe('when it has failed', () => {
  it.each<[string, Readonly<Record<string, Spec>>, string]>([
    ['ended with an error', { web: { seen: { exitCode: 1 }, attempt: OURS } }, 'web: exited with code 1'],
    ['ended at once', { web: { seen: { exitCode: 0 }, attempt: OURS } }, 'web: ended as soon as it was started'],
    [
      'cannot be started',
      { web: { attempt: { trouble: 'its port is already taken' } } },
      'web: its port is already taken',
    ],
    ['is gone', { web: { seen: 'gone' } }, 'web: it is gone'],
    ['is being removed', { web: { seen: { state: 'removing' } } }, 'web: it is being removed'],
    ['was unhealthy before', { web: { seen: { ...RUNS, health: 'unhealthy' } } }, 'web: is unhealthy'],
    ['needs what is not there', { web: { needs: [['db', 'started']] } }, 'web: needs db, which is not there'],
    [
      'a circle, without those that only wait for it',
      { a: { needs: [['b', 'started']] }, b: { needs: [['a', 'healthy']] }, web: { needs: [['a', 'started']] } },
      'a, b: each needs another one to be first',
    ],
    ['needs itself', { web: { needs: [['web', 'started']] } }, 'web: each needs another one to be first'],
    ['no containers at all', {}, 'it has no containers'],
    [
      'a task ended with an error',
      { web: { needs: [['migrate', 'completed']] }, migrate: { seen: { exitCode: 3 }, attempt: OURS } },
      'migrate: exited with code 3',
    ],
  ])('%s', (_, specs, message) => {
    expect(decide(specs)).toMatchObject({ outcome: 'failed', message, start: '', unpause: '' });
  });

  it.each<[string, Spec, string]>([
    [
      'is started again and again',
      { seen: { state: 'restarting', exitCode: 7 }, attempt: OURS },
      'web: keeps ending with code 7',
    ],
    [
      'is started again and again, and runs for the moment',
      { seen: { ...RUNS, restarts: 3 }, attempt: OURS },
      'web: keeps ending',
    ],
    [
      'was unhealthy all the time',
      { seen: { ...RUNS, health: 'unhealthy' }, attempt: OURS },
      'web: did not become healthy in time',
    ],
    ['the engine hangs on it', { seen: undefined }, 'web: the engine does not say how it is'],
    ['the call takes too long', { attempt: { isCalling: true } }, 'web: was not started in time'],
    ['runs, but nobody is served', { seen: RUNS }, 'it runs, but does not take requests'],
  ])('says at the end of its time: %s', (_, web, lateMessage) => {
    expect(decide({ web }).lateMessage).toBe(lateMessage);
  });
});

it('sleeps when anything of it would have to be started, which a task that has ended well would not', () => {
  const web = memberOf('web', { dependsOn: [{ service: 'migrate', condition: 'completed', required: true }] });
  const ended = memberOf('migrate', { state: 'stopped' });
  expect(isAsleep([web, ended])).toBe(false);
  expect(isAsleep([web, { ...ended, exitCode: 1 }])).toBe(true);
  expect(isAsleep([web, { ...ended, startedMs: 0 }])).toBe(true);
  expect(isAsleep([{ ...web, state: 'paused' }, ended])).toBe(true);
  expect(isAsleep([memberOf('web', { state: 'stopped' })])).toBe(true);
});
