import { silentLog } from '@dproxy/core';
import { collectLog, eventually } from '@dproxy/testkit';
import { expect, it } from 'vitest';
import { OperationQueue } from './operation-queue.ts';

it('runs one operation at a time, in order, past those that fail', async () => {
  const queue = new OperationQueue(10_000, silentLog);
  const gate = Promise.withResolvers<void>();
  const steps: string[] = [];
  const first = queue.run('first', async () => {
    await gate.promise;
    steps.push('first');
    throw new Error('first failed');
  });
  const second = queue.run('second', async () => void steps.push('second'));
  gate.resolve();
  await expect(first).rejects.toThrow('first failed');
  expect(await second).toBe(true);
  expect(steps).toEqual(['first', 'second']);
});

it('answers false after a while and goes on in the background, where a failure is logged', async () => {
  const log = collectLog();
  const queue = new OperationQueue(1, log);
  const gate = Promise.withResolvers<void>();
  expect(await queue.run('slow', () => gate.promise)).toBe(false);
  gate.reject(new Error('late'));
  await eventually(() => log.messages('warn').length === 1);
  await queue.idle();
});
