import { expect, test } from 'vitest';
import { pollUntil } from './poll-until.ts';

const signal = new AbortController().signal;

function counting(retryAfter?: string) {
  let value = 0;
  return { ask: async () => ({ value: ++value, retryAfter }), count: () => value };
}

test('asks until it is done', async () => {
  const { ask } = counting();
  const options = { ask, isDone: (value: number) => value === 3, firstPauseMs: 1, deadlineMs: 60_000, signal };
  expect(await pollUntil(options)).toBe(3);
});

test('gives up at the deadline, and does not begin a wait that would pass it', async () => {
  const { ask, count } = counting('3600');
  const options = { ask, isDone: () => false, firstPauseMs: 1, deadlineMs: 1_000, signal };
  expect(await pollUntil(options)).toBeUndefined();
  expect(count()).toBe(1);
});

test('ends when aborted', async () => {
  const abort = new AbortController();
  const ask = async () => {
    abort.abort(new Error('dproxy stops'));
    return { value: 0, retryAfter: undefined };
  };
  const options = { ask, isDone: () => false, firstPauseMs: 60_000, deadlineMs: 120_000, signal: abort.signal };
  await expect(pollUntil(options)).rejects.toMatchObject({ cause: { message: 'dproxy stops' } });
});
