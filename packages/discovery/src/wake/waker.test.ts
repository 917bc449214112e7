import { collectLog, eventually } from '@dproxy/testkit';
import { afterEach, expect, it } from 'vitest';
import { memberOf } from './_plan-of.ts';
import { sleepingPlan } from './_toy-engine.ts';
import { BUDGET, closeWakers, world } from './fixtures/waker-world.ts';
import { WakeTrouble } from './wake-trouble.ts';

afterEach(closeWakers);

it('starts a group once, however many ask for it', async () => {
  const { waker, engine, ended, published } = world([sleepingPlan('web')]);
  for (let ask = 0; ask < 500; ask++) waker.wake('web', `client ${ask}`, ask % 2);
  expect(waker.isWaking('web')).toBe(true);
  expect(await ended('web')).toMatchObject({
    state: 'awake',
    retryAfterS: 0,
    steps: [{ name: 'web', state: 'ready' }],
  });
  expect(engine.calls).toEqual(['start web-id']);
  expect(published.map(({ state }) => state)).toEqual(['waking', 'awake']);
  expect(waker.isWaking('web')).toBe(false);
});

it('starts nothing that the table does not name, and nothing that does not start by itself', () => {
  const { waker, engine, published, answered } = world([sleepingPlan('web', { autostart: false })]);
  for (let ask = 0; ask < 10_000; ask++) waker.wake(`random-${ask}`, '192.0.2.1', 1);
  for (const name of ['__proto__', 'constructor', '', 'web']) waker.wake(name, '192.0.2.1', 1);
  expect([waker.ignored, engine.calls, published, answered]).toEqual([10_004, [], [], []]);
  const view = waker.view(sleepingPlan('web', { autostart: false }));
  expect(view).toMatchObject({ state: 'asleep', message: 'a request does not start it: wake.autostart' });
});

it('wakes no more groups for one client than its budget, and tells only the worker that asked', async () => {
  const names = Array.from({ length: 6 }, (_, at) => `g${at}`);
  const budget = { ...BUDGET, clientPerMinute: 5 };
  const { waker, engine, answered, ended, published } = world(
    names.map((name) => sleepingPlan(name)),
    { budget: () => budget },
  );
  for (const name of names) waker.wake(name, '192.0.2.1', 7);
  await Promise.all(names.slice(0, 5).map(ended));
  expect(answered).toMatchObject([
    [7, { group: 'g5', state: 'refused', client: '192.0.2.1', message: 'too much was asked for' }],
  ]);
  expect(answered[0]?.[1].retryAfterS).toBeGreaterThan(0);
  expect([...waker.counts]).toEqual([
    ['client-budget', 1],
    ['ready', 5],
  ]);
  expect(published.some(({ group }) => group === 'g5')).toBe(false);
  waker.wake('g5', '192.0.2.2', 7);
  expect(await ended('g5')).toMatchObject({ state: 'awake' });
  expect(engine.calls).toHaveLength(6);
});

it('wakes so many groups at the same time; the others wait for their turn, and are told so', async () => {
  const gate = Promise.withResolvers<object>();
  const { waker, engine, last, ended } = world(
    ['a', 'b', 'c'].map((name) => sleepingPlan(name)),
    {
      budget: () => ({ ...BUDGET, concurrent: 2 }),
    },
  );
  for (const id of ['a-id', 'b-id']) engine.onStart.set(id, () => gate.promise);
  for (const name of ['a', 'b', 'c']) waker.wake(name, '192.0.2.1', 1);
  await eventually(() => engine.calls.length === 2);
  expect(last('c')).toMatchObject({ state: 'waking', message: 'it waits for its turn' });
  gate.resolve({ state: 'running' });
  expect(await ended('c')).toMatchObject({ state: 'awake' });
});

it('lets nobody wait for a turn behind what is started and never becomes ready', async () => {
  const { waker, engine, ended } = world([sleepingPlan('sick'), sleepingPlan('web')], {
    budget: () => ({ ...BUDGET, concurrent: 1 }),
  });
  engine.onStart.set('sick-id', async () => ({ state: 'running', health: 'starting' }));
  for (const name of ['sick', 'web']) waker.wake(name, '192.0.2.1', 1);
  expect(await ended('web')).toMatchObject({ state: 'awake' });
  expect(waker.isWaking('sick')).toBe(true);
});

it('lets nobody wait for a turn behind what is being stopped and does not end', async () => {
  const asleep = Promise.withResolvers<void>();
  const beforeWake = async (group: string): Promise<void> => (group === 'stubborn' ? await asleep.promise : undefined);
  const { waker, ended } = world([sleepingPlan('stubborn'), sleepingPlan('web')], {
    budget: () => ({ ...BUDGET, concurrent: 1 }),
    idleStop: { asleepByUs: () => new Set(), beforeWake },
  });
  for (const name of ['stubborn', 'web']) waker.wake(name, '192.0.2.1', 1);
  expect(await ended('web')).toMatchObject({ state: 'awake' });
  expect(waker.isWaking('stubborn')).toBe(true);
  asleep.resolve();
  expect(await ended('stubborn')).toMatchObject({ state: 'awake' });
});

it('takes no more groups into the queue than 64', () => {
  const gate = Promise.withResolvers<object>();
  const names = Array.from({ length: 70 }, (_, at) => `g${at}`);
  const { waker, engine, answered } = world(
    names.map((name) => sleepingPlan(name)),
    {
      budget: () => ({ clientPerMinute: 100, perMinute: 100, concurrent: 4 }),
    },
  );
  for (const name of names) engine.onStart.set(`${name}-id`, () => gate.promise);
  for (const name of names) waker.wake(name, '192.0.2.1', 1);
  expect(answered.map(([, { group, state }]) => [group, state])).toEqual([
    ['g68', 'refused'],
    ['g69', 'refused'],
  ]);
  gate.resolve({});
});

it('leaves a group that failed alone for a while, for twice as long each time, until its containers are made anew', async () => {
  const { waker, engine, plans, published, answered, clock, ended } = world([sleepingPlan('web')]);
  engine.onStart.set('web-id', async () => ({ state: 'exited', exitCode: 1 }));
  const waits: number[] = [];
  for (let attempt = 0; attempt < 6; attempt++) {
    published.length = 0;
    engine.put('web');
    waker.wake('web', `client ${attempt}`, 1);
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const { state, message, retryAfterS } = await ended('web');
    expect([state, message]).toEqual(['failed', 'web: exited with code 1']);
    waits.push(retryAfterS);
    waker.wake('web', `client ${attempt}`, 1);
    expect(answered.at(-1)).toMatchObject([1, { state: 'failed', message: 'web: exited with code 1' }]);
    clock.aheadMs += retryAfterS * 1_000;
  }
  expect(waits).toEqual([5, 10, 20, 40, 60, 60]);
  expect(engine.calls).toHaveLength(6);
  expect(waker.view(sleepingPlan('web'))).toMatchObject({
    state: 'asleep',
    failure: 'web: exited with code 1',
    retryAfterS: 0,
  });
  clock.aheadMs -= 30_000;
  plans.set('web', sleepingPlan('web', { members: [memberOf('web2', { state: 'stopped' })] }));
  engine.put('web2');
  published.length = 0;
  waker.wake('web', 'another', 1);
  expect(await ended('web')).toMatchObject({ state: 'awake' });
  expect(waker.view(sleepingPlan('web')).failure).toBe('');
});

it('fails at the end of its time, with what it waited for', async () => {
  const plan = sleepingPlan('web', { timeoutMs: 6_000 });
  const { waker, engine, ended } = world([plan]);
  engine.onStart.set('web-id', async () => ({ state: 'running', health: 'starting' }));
  waker.wake('web', '192.0.2.1', 1);
  expect(await ended('web')).toMatchObject({
    state: 'failed',
    message: 'web: did not become healthy in time',
    retryAfterS: 5,
  });
});

it('is not awake before requests are served', async () => {
  let isServed = false;
  const { waker, last, ended } = world([sleepingPlan('web')], { isServed: () => isServed });
  waker.wake('web', '192.0.2.1', 1);
  await eventually(() => last('web')?.message === 'waiting for it to take requests');
  isServed = true;
  waker.changed();
  expect(await ended('web')).toMatchObject({ state: 'awake' });
});

it('does not wake what somebody stopped by hand where the plan says so, but what we put to sleep', async () => {
  const ours = new Set<string>();
  const idleStop = { asleepByUs: () => ours, beforeWake: async () => {} };
  const { waker, engine, answered, ended } = world([sleepingPlan('web', { afterManualStop: false })], { idleStop });
  waker.wake('web', '192.0.2.1', 3);
  expect(answered).toMatchObject([[3, { state: 'refused', message: 'it was stopped by hand' }]]);
  const plan = sleepingPlan('web', { afterManualStop: false });
  expect(waker.view(plan)).toMatchObject({ state: 'asleep', message: 'it was stopped by hand' });
  ours.add('web-id');
  expect(waker.view(plan)).toMatchObject({ state: 'asleep', message: '' });
  waker.wake('web', '192.0.2.1', 3);
  await ended('web');
  expect(engine.calls).toEqual(['start web-id']);
});

it('starts the others where somebody has stopped one by hand that they can do without', async () => {
  const members = [memberOf('web', { state: 'stopped' }), memberOf('mail', { state: 'stopped' })];
  const plan = sleepingPlan('shop', { afterManualStop: false, members });
  const left: ReadonlySet<string>[] = [];
  const { waker, engine, ended } = world([plan], {
    idleStop: { asleepByUs: () => new Set(['web-id']), beforeWake: async () => {} },
    servers: () => new Set(['web-id']),
    isServed: (_, those) => left.push(those) > 0,
  });
  waker.wake('shop', '192.0.2.1', 1);
  expect(await ended('shop')).toMatchObject({ state: 'awake', steps: [{ name: 'web' }] });
  expect(engine.calls).toEqual(['start web-id']);
  expect(left[0]).toEqual(new Set(['mail-id']));
  const awake = { ...plan, members: members.map((each) => (each.name === 'web' ? memberOf('web') : each)) };
  expect([plan, awake].map((each) => waker.view(each).state)).toEqual(['asleep', 'awake']);
});

it('starts nothing where only what somebody has stopped by hand could answer, but when an awake time begins', async () => {
  const members = [memberOf('web', { state: 'stopped' }), memberOf('db', { state: 'stopped' })];
  const plan = sleepingPlan('shop', { afterManualStop: false, members });
  const { waker, engine, answered } = world([plan], {
    idleStop: { asleepByUs: () => new Set(['db-id']), beforeWake: async () => {} },
    servers: () => new Set(['web-id']),
  });
  waker.wake('shop', '192.0.2.1', 1);
  expect(answered).toMatchObject([[1, { state: 'refused', message: 'it was stopped by hand' }]]);
  expect(waker.view(plan).message).toBe('it was stopped by hand');
  expect(engine.calls).toEqual([]);
  expect(await waker.wakeUp('shop')).toBe(true);
  expect(engine.calls.toSorted()).toEqual(['start db-id', 'start web-id']);
});

it('starts nothing before what is on its way to sleep sleeps', async () => {
  const asleep = Promise.withResolvers<void>();
  const { waker, engine, ended } = world([sleepingPlan('web')], {
    idleStop: { asleepByUs: () => new Set(), beforeWake: () => asleep.promise },
  });
  waker.wake('web', '192.0.2.1', 1);
  await new Promise(setImmediate);
  expect(engine.calls).toEqual([]);
  asleep.resolve();
  expect(await ended('web')).toMatchObject({ state: 'awake' });
});

it('costs nothing to wait for what runs, but a start that it comes to', async () => {
  const running = sleepingPlan('web', { members: [memberOf('web')] });
  const { waker, engine, published, ended } = world([running], {
    budget: () => ({ clientPerMinute: 1, perMinute: 60, concurrent: 1 }),
  });
  const outcomes: (readonly [string, string | undefined])[] = [];
  for (const state of ['running', 'running', 'exited', 'exited'] as const) {
    engine.put('web', { state });
    published.length = 0;
    waker.wake('web', '192.0.2.1', 1);
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const end = await ended('web');
    outcomes.push([end.state, end.client]);
  }
  expect(outcomes).toEqual([
    ['awake', undefined],
    ['awake', undefined],
    ['awake', undefined],
    ['refused', '192.0.2.1'],
  ]);
  expect(engine.calls).toEqual(['start web-id']);
});

it('is refused while the engine is away, and tried again at the next request', async () => {
  const { waker, engine, ended, published } = world([sleepingPlan('web')]);
  engine.trouble = new WakeTrouble('away', 'the engine cannot be reached');
  waker.wake('web', '192.0.2.1', 1);
  expect(await ended('web')).toMatchObject({
    state: 'refused',
    message: 'the engine cannot be reached',
    retryAfterS: 5,
  });
  engine.trouble = undefined;
  published.length = 0;
  waker.wake('web', '192.0.2.1', 1);
  expect(await ended('web')).toMatchObject({ state: 'awake' });
});

it('says what the engine said in the log only', async () => {
  const log = collectLog();
  const { waker, engine, ended } = world([sleepingPlan('web')], { log });
  const cause = Object.assign(new Error('exec: "/srv/secret/run": stat: no such file or directory'), {
    statusCode: 400,
  });
  engine.onStart.set('web-id', () => Promise.reject(cause));
  waker.wake('web', '192.0.2.1', 1);
  expect((await ended('web')).message).toBe('web: its program cannot be started');
  expect(log.messages('warn')).toContain('a container could not be woken');
});

it('wakes without a request and beyond the budgets for an awake time', async () => {
  const { waker } = world([sleepingPlan('web')], {
    budget: () => ({ clientPerMinute: 1, perMinute: 1, concurrent: 1 }),
  });
  expect(await Promise.all([waker.wakeUp('web'), waker.wakeUp('web')])).toEqual([true, true]);
  expect(await waker.wakeUp('nobody')).toBe(false);
});

it('ends with what was asked for and starts nothing more when it is closed', async () => {
  const gate = Promise.withResolvers<object>();
  const { waker, engine, published } = world([sleepingPlan('a'), sleepingPlan('b')], {
    budget: () => ({ ...BUDGET, concurrent: 1 }),
  });
  engine.onStart.set('a-id', () => gate.promise);
  const both = Promise.all([waker.wakeUp('a'), waker.wakeUp('b')]);
  await eventually(() => engine.calls.length === 1);
  const closed = waker.close();
  gate.resolve({ state: 'running' });
  await closed;
  expect(await both).toEqual([false, false]);
  expect(engine.calls).toEqual(['start a-id']);
  expect(published.every(({ state }) => state === 'waking')).toBe(true);
});

it('goes on waiting for each route, tells who waits for one that never comes, and blames nothing else for it', async () => {
  const plan = sleepingPlan('web', { timeoutMs: 4_000 });
  let unserved: readonly string[] = [];
  const { waker, plans, published, answered, ended, last } = world([plan], {
    isServed: () => false,
    unserved: () => unserved,
  });
  waker.wake('web', '192.0.2.1', 1);
  await eventually(() => last('web')?.message === 'waiting for it to take requests');
  plans.set('web', { ...plan, members: [memberOf('web')] });
  unserved = ['admin.test/'];
  expect(await ended('web')).toMatchObject({ state: 'failed', message: 'it runs, but does not take requests' });
  expect([...waker.counts]).toEqual([['partly', 1]]);
  waker.wake('web', '192.0.2.1', 1);
  expect(answered.at(-1)).toMatchObject([1, { state: 'failed', message: 'it runs, but does not take requests' }]);
  // Another route has nobody now, because it was put to sleep or anything else.
  unserved = [];
  plans.set('web', plan);
  published.length = 0;
  waker.wake('web', '192.0.2.1', 1);
  expect(waker.isWaking('web')).toBe(true);
});

it('counts nothing and says little when nothing has to be started', async () => {
  const log = collectLog();
  const { waker, engine, ended } = world([sleepingPlan('web', { members: [memberOf('web')] })], { log });
  engine.put('web', { state: 'running' });
  waker.wake('web', '192.0.2.1', 1);
  expect(await ended('web')).toMatchObject({ state: 'awake' });
  expect([[...waker.counts], log.messages('info')]).toEqual([[], []]);
});

it('says whose request it was also where what it found running was about to end', async () => {
  const log = collectLog();
  const { waker, ended } = world([sleepingPlan('web', { members: [memberOf('web')] })], { log });
  waker.wake('web', '192.0.2.1', 1);
  expect(await ended('web')).toMatchObject({ state: 'awake' });
  expect(log.messages('info')).toEqual(['a request wakes a group', 'a group is awake']);
});
