import type { ComingState, WakePlan } from '@dproxy/core';
import { eventually } from '@dproxy/testkit';
import { expect, it } from 'vitest';
import { memberOf, planOf } from '../wake/_plan-of.ts';
import { WakeTrouble } from '../wake/wake-trouble.ts';
import { SleepMarks } from './sleep-marks.ts';
import { SleepRun, type SleepRunOptions } from './sleep-run.ts';

const plan = planOf({
  members: [
    memberOf('web', { dependsOn: [{ service: 'db', condition: 'started', required: true }] }),
    memberOf('db'),
    memberOf('job', { state: 'stopped' }),
  ],
});

const nothing = async (): Promise<undefined> => {};
const ENGINE = { look: nothing, stop: nothing, pause: nothing, cpu: nothing };

/** Everything that a run does, in order; its engine tells of an end at once unless it is told not to. */
function start(more: Partial<SleepRunOptions> & { readonly silent?: boolean } = {}) {
  const done: string[] = [];
  const down = new Set<string>();
  const used = more.plan ?? plan;
  const follow = () =>
    run.follow(used.members.map((member) => (down.has(member.containerId) ? { ...member, state: 'stopped' } : member)));
  const end = async (word: string, id: string): Promise<void> => {
    done.push(`${word} ${id}`);
    down.add(id);
    if (more.silent !== true) follow();
  };
  const marks = new SleepMarks({
    setComing: async (coming: ReadonlyMap<string, ComingState>) => {
      done.push(`coming ${[...coming].map(([id, state]) => `${id}=${state}`).join(' ')}`.trim());
      return 7;
    },
  });
  const run = new SleepRun({
    plan: used,
    engine: { ...ENGINE, stop: (id) => end('stop', id), pause: (id) => end('pause', id) },
    marks,
    records: {
      add: async ({ containers }) => void done.push(`record ${containers.map(({ id }) => id).join(' ')}`),
      remove: () => void done.push('forget'),
      get: () => undefined,
    },
    whenServed: async (version) => done.push(`served ${version}`) > 0,
    askAgain: async () => (done.push('ask'), ''),
    wallMs: () => 1_000,
    signal: new AbortController().signal,
    ...more,
  });
  return { run, done, follow };
}

it('takes a group out of the table, asks, and stops it in the order of its needs', async () => {
  const { run, done } = start();
  expect(await run.run()).toEqual({ state: 'asleep', reason: '' });
  expect(done).toEqual([
    'coming web-id=stopped db-id=stopped',
    'served 7',
    'record web-id db-id',
    'ask',
    'stop web-id',
    'stop db-id',
    'coming',
  ]);
  await run.released;
});

it('pauses all of it at once', async () => {
  const { run, done } = start({ plan: { ...plan, method: 'pause' } satisfies WakePlan });
  expect((await run.run()).state).toBe('asleep');
  expect(done.filter((word) => /pause|stop/.test(word))).toEqual([
    'coming web-id=paused db-id=paused',
    'pause web-id',
    'pause db-id',
  ]);
});

it('goes back when a worker does not take the table, and asks nothing of the engine', async () => {
  const { run, done } = start({ whenServed: async () => false });
  expect(await run.run()).toEqual({ state: 'back', reason: 'not all workers have taken the table' });
  expect(done).toEqual(['coming web-id=stopped db-id=stopped', 'forget', 'coming']);
});

it('goes back when it is in use after all', async () => {
  const { run, done } = start({ askAgain: async () => 'requests or connections are open' });
  expect(await run.run()).toEqual({ state: 'back', reason: 'requests or connections are open' });
  expect(done.slice(-2)).toEqual(['forget', 'coming']);
  expect(done.some((word) => word.startsWith('stop'))).toBe(false);
});

it('is taken back at once by a wake while nothing was asked of the engine', async () => {
  const asked = Promise.withResolvers<string>();
  const { run, done } = start({ askAgain: () => asked.promise });
  const running = run.run();
  await eventually(() => done.includes('record web-id db-id'));
  run.cancel();
  expect(done.at(-1)).toBe('coming');
  asked.resolve('');
  expect(await running).toEqual({ state: 'back', reason: 'a request came' });
  expect(done.some((word) => word.startsWith('stop'))).toBe(false);
});

it('cannot be taken back once it is being stopped: it has ended before a wake goes on', async () => {
  const stopped = Promise.withResolvers<void>();
  let hasEnded = false;
  const asked = Promise.withResolvers<void>();
  const { run } = start({
    plan: planOf(),
    engine: { ...ENGINE, stop: () => (asked.resolve(), stopped.promise) },
  });
  const running = run.run();
  void run.released.then(() => (hasEnded = true));
  await asked.promise;
  run.cancel();
  expect(hasEnded).toBe(false);
  stopped.resolve();
  run.follow([memberOf('web', { state: 'stopped' })]);
  expect((await running).state).toBe('asleep');
  await run.released;
});

it('stays out of the table until the engine tells of the end, or of a new start', async () => {
  const { run, done, follow } = start({ silent: true });
  const running = run.run();
  await eventually(() => done.includes('stop db-id'));
  expect(done.at(-1)).toBe('stop db-id');
  follow();
  await running;
  expect(done.at(-1)).toBe('coming');

  const again = start({ silent: true, plan: planOf() });
  const second = again.run.run();
  await eventually(() => again.done.includes('stop web-id'));
  again.run.follow([memberOf('web', { startedMs: 9_000 })]);
  expect((await second).state).toBe('asleep');
});

it('does not stop what it did not take out of the table', async () => {
  const { run, done } = start({
    askAgain: async () => {
      run.follow([...plan.members.slice(0, 2), memberOf('job')]);
      return '';
    },
  });
  expect(await run.run()).toEqual({ state: 'back', reason: 'its containers have changed' });
  expect(done.at(-1)).toBe('coming');
});

it('is in the table again when the engine refuses, and leaves alone what the others need', async () => {
  const asked: string[] = [];
  const refuse = async (id: string): Promise<void> => {
    asked.push(id);
    throw new WakeTrouble('failed', 'the engine refuses');
  };
  const { run, done } = start({ engine: { ...ENGINE, stop: refuse, pause: refuse } });
  expect(await run.run()).toMatchObject({ state: 'failed', reason: 'the engine refuses' });
  expect(asked).toEqual(['web-id']);
  expect(done.at(-1)).toBe('coming');
  await run.released;
});

const asleep = (name: string) => ({ id: `${name}-id`, startedMs: 1_000 });

it('keeps the word on what sleeps since an attempt that went half-way, also when this one comes to nothing', async () => {
  const [web, db, job] = [asleep('web'), asleep('db'), asleep('job')];
  const half = { group: plan.id, method: 'stop', sinceMs: 500, containers: [web, job] } as const;
  const kept: unknown[] = [];
  const records = {
    add: async (record: unknown) => void kept.push(record),
    remove: () => kept.push('gone'),
    get: () => half,
  };
  await start({ records }).run.run();
  expect(kept.splice(0)).toEqual([{ ...half, sinceMs: 1_000, containers: [job, web, db] }]);
  await start({ records, askAgain: async () => 'it is in use' }).run.run();
  expect(kept.at(-1)).toEqual({ ...half, containers: [job] });
});
