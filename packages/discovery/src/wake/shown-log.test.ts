import { eventually } from '@dproxy/testkit';
import { afterEach, expect, it } from 'vitest';
import { sleepingPlan } from './_toy-engine.ts';
import { closeWakers, world } from './fixtures/waker-world.ts';
import { WakeTrouble } from './wake-trouble.ts';

afterEach(closeWakers);

it('shows the last lines of the log where the plan says so', async () => {
  let isServed = false;
  const groups = [sleepingPlan('loud', { showsLog: true }), sleepingPlan('quiet')];
  const { waker, last, ended } = world(groups, { isServed: () => isServed });
  for (const name of ['loud', 'quiet']) waker.wake(name, '192.0.2.1', 1);
  await eventually(() => last('loud')?.log[0] === 'log of loud-id');
  expect(last('quiet')?.log).toEqual([]);
  isServed = true;
  await Promise.all([ended('loud'), ended('quiet')]);
});

it('shows nothing of what a container wrote before it was started', async () => {
  const { waker, engine, published, ended } = world([sleepingPlan('web', { showsLog: true })]);
  engine.onStart.set('web-id', () => Promise.reject(new WakeTrouble('failed', 'its program cannot be started')));
  waker.wake('web', '192.0.2.1', 1);
  expect(await ended('web')).toMatchObject({ state: 'failed' });
  expect(published.flatMap(({ log }) => log)).toEqual([]);
});

it('shows what a program wrote last before it ended', async () => {
  const { waker, engine, ended } = world([sleepingPlan('web', { showsLog: true })]);
  engine.onStart.set('web-id', async () => {
    engine.logs.set('web-id', ['no such file: /data']);
    return { state: 'exited', exitCode: 3 };
  });
  waker.wake('web', '192.0.2.1', 1);
  expect(await ended('web')).toMatchObject({ state: 'failed', log: ['no such file: /data'] });
});

it.each(['running', 'exited'] as const)('does not wait for a log that cannot be read: %s', async (state) => {
  const gate = Promise.withResolvers<void>();
  const { waker, engine, ended } = world([sleepingPlan('web', { showsLog: true })]);
  engine.onStart.set('web-id', async () => ({ state, exitCode: 3 }));
  engine.logIsReadable = gate.promise;
  waker.wake('web', '192.0.2.1', 1);
  expect(await ended('web')).toMatchObject({ state: state === 'running' ? 'awake' : 'failed' });
  gate.resolve();
});
