import type { WorkerState } from '@dproxy/core';
import { expect, it } from 'vitest';
import { areAllConnected } from './known-workers.ts';

const worker = (pid: number, state: WorkerState) => ({ id: pid, pid, state, snapshot: 1 });

it.each<[string, WorkerState, number, boolean]>([
  ['one that serves and is connected', 'online', 10, true],
  ['one that drains and is connected', 'draining', 10, true],
  ['one that serves and is silent', 'online', 11, false],
  ['one that starts, or has lost its connection', 'starting', 11, false],
  ['one that drains without a word', 'draining', 11, false],
  ['one that is not there yet', 'starting', 0, true],
  ['one that ended', 'stopped', 11, true],
  ['one that crashes again and again', 'errored', 11, true],
])('%s: %s', (_who, state, pid, expected) => {
  expect(areAllConnected([worker(10, 'online'), worker(pid, state)], new Set([10]))).toBe(expected);
});

it('is not so while nobody is known at all', () => {
  expect(areAllConnected([], new Set())).toBe(false);
});
