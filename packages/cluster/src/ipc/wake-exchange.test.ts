import type { GroupActivity, WakeProgress } from '@dproxy/core';
import { eventually } from '@dproxy/testkit';
import { expect, it } from 'vitest';
import { log, primary, rawWorker, useExchange, worker } from '../fixtures/exchange.ts';

useExchange();

function progressOf(part: Partial<WakeProgress> = {}): WakeProgress {
  return { group: 'g', state: 'waking', message: 'on its way', retryAfterS: 0, steps: [], log: [], ...part };
}

it('hears which groups the clients of a worker ask for, and of which worker', async () => {
  const server = await primary();
  const heard: unknown[] = [];
  const stop = server.onWake((...words) => heard.push(words));
  const one = worker();
  await server.waitUntil((workers) => workers.length === 1, 10_000);
  one.client.wake('docker:local/project:shop', '192.0.2.1');
  await eventually(() => heard.length === 1);
  expect(heard).toEqual([['docker:local/project:shop', '192.0.2.1', one.pid]]);
  stop();
});

it('hears no more than a bounded number of such words from one worker', async () => {
  const server = await primary();
  const heard: string[] = [];
  server.onWake((_, client) => heard.push(client));
  const [loud, quiet] = [worker(), worker()];
  await server.waitUntil((workers) => workers.length === 2, 10_000);
  for (let at = 0; at < 5_000; at++) loud.client.wake('g', 'loud');
  loud.client.ready({ listeners: [], failed: [] });
  await server.waitUntil((workers) => workers.some(({ state }) => state === 'online'), 10_000);
  expect(heard.length).toBeLessThan(2_500);
  quiet.client.wake('g', 'quiet');
  await eventually(() => heard.includes('quiet'));
});

it('tells every worker what becomes of a group, and the one that comes later what is still under way', async () => {
  const server = await primary();
  const both = [worker(), worker()];
  await server.waitUntil((workers) => workers.length === 2, 10_000);
  server.publishWaking(progressOf({ group: 'done' }));
  server.publishWaking(
    progressOf({ group: 'done', state: 'failed', message: 'web: exited with code 1', retryAfterS: 5 }),
  );
  server.publishWaking(progressOf({ steps: [{ name: 'db', state: 'ready' }], log: ['ready'] }));
  await eventually(() => both.every(({ waking }) => waking.length === 3));
  expect(both[0]?.waking[1]).toMatchObject({ state: 'failed', retryAfterS: 5 });
  const late = worker();
  await eventually(() => late.waking.length === 1);
  expect(late.waking).toEqual([progressOf({ steps: [{ name: 'db', state: 'ready' }], log: ['ready'] })]);
});

it('answers one worker alone', async () => {
  const server = await primary();
  const [one, two] = [worker(), worker()];
  await server.waitUntil((workers) => workers.length === 2, 10_000);
  server.answerWake(one.pid, progressOf({ state: 'refused', client: '192.0.2.1' }));
  server.publishWaking(progressOf({ group: 'last' }));
  await eventually(() => two.waking.length === 1 && one.waking.length === 2);
  expect(two.waking[0]?.group).toBe('last');
  expect(one.waking[0]).toEqual(progressOf({ state: 'refused', client: '192.0.2.1' }));
});

it('adds up what workers have to do for each group', async () => {
  const server = await primary();
  worker({ activity: () => [activityOf('a', 1, 300), activityOf('b', 0, 5_000)] });
  worker({ activity: () => [activityOf('a', 2, 400)] });
  await server.waitUntil((workers) => workers.length === 2, 10_000);
  const { groups, complete } = await server.activity(10_000);
  expect(complete).toBe(true);
  expect(groups.toSorted((a, b) => (a.group < b.group ? -1 : 1))).toEqual([
    activityOf('a', 3, 300),
    activityOf('b', 0, 5_000),
  ]);
});

it('knows when it does not know the whole: without workers, and when one is silent', async () => {
  const server = await primary();
  expect(await server.activity(1_000)).toEqual({ groups: [], complete: false });
  worker({ activity: () => [activityOf('a', 1, 0)] });
  const silent = await rawWorker();
  await silent.get('welcome');
  await server.waitUntil((workers) => workers.length === 2, 10_000);
  expect(await server.activity(100)).toEqual({ groups: [activityOf('a', 1, 0)], complete: false });
});

it('takes more groups than fit into one message', async () => {
  const server = await primary();
  const groups = Array.from({ length: 9_000 }, (_, at) =>
    activityOf(`docker:local/project:${at}${'\u0001'.repeat(100)}`, 0, at),
  );
  worker({ activity: () => groups });
  await server.waitUntil((workers) => workers.length === 1, 10_000);
  expect(await server.activity(10_000)).toEqual({ groups, complete: true });
});

it('keeps nothing of activity that nobody asked for, and cuts off a worker that never comes to an end', async () => {
  const server = await primary();
  const raw = await rawWorker();
  await raw.get('welcome');
  const groups = Array.from({ length: 10_000 }, () => activityOf('g', 1, 0));
  for (let at = 0; at < 12; at++) raw.send({ type: 'activity', request: 7, groups, isLast: false });
  const asked = server.activity(10_000);
  const { request } = await raw.get('activity');
  expect(server.workers()).toHaveLength(1);
  for (let at = 0; at < 12; at++) raw.send({ type: 'activity', request, groups, isLast: false });
  await server.waitUntil((workers) => workers.length === 0, 10_000);
  expect(log.messages('warn')).toEqual(['a worker is cut off: it does not keep to the protocol']);
  expect(await asked).toEqual({ groups: [], complete: false });
});

function activityOf(group: string, open: number, idleMs: number): GroupActivity {
  return { group, open, idleMs };
}
