import type { WakeProgress } from '@dproxy/core';
import { describe, expect, it } from 'vitest';
import { pageState, plainSentence } from './page-state.ts';

describe('what the primary says, as a sentence', () => {
  it.each([
    ['waiting for db to become healthy', 'Waiting for db to become healthy.'],
    ['db is being started', 'db is being started.'],
    ['db: keeps ending with code 1', 'db: keeps ending with code 1.'],
    ['It broke.', 'It broke.'],
    ['Why?', 'Why?'],
    ['it was stopped\u001b[2J by hand\n', 'It was stopped by hand.'],
    ['items: ended', 'items: ended.'],
    ['', ''],
  ])('%j is %j', (message, sentence) => {
    expect(plainSentence(message)).toBe(sentence);
  });
});

it('a page shows no more than it has room for', () => {
  const long = 'x'.repeat(5_000);
  const progress: WakeProgress = {
    group: 'g',
    state: 'waking',
    message: long,
    retryAfterS: 1e9,
    steps: Array.from({ length: 50 }, () => ({ name: long, state: 'starting' })),
    log: Array.from({ length: 50 }, () => long),
  };
  const state = pageState(long, progress);
  expect(state.heading.length).toBeLessThan(100);
  expect(state.message.length).toBeLessThanOrEqual(301);
  expect([state.steps.length, state.steps[0]?.name.length]).toEqual([32, 80]);
  expect([state.log.length, state.log[0]?.length, state.retryAfter]).toEqual([20, 200, 3_600]);
});

it.each([-1, 0, Number.NaN])('%j seconds are nothing that is known', (retryAfterS) => {
  const progress = { group: 'g', state: 'waking', message: '', retryAfterS, steps: [], log: [] } as const;
  expect(pageState('shop', progress).retryAfter).toBe(0);
});
