import type { WakeMember } from '@dproxy/core';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { memberOf } from '../wake/_plan-of.ts';
import { WakeTrouble } from '../wake/wake-trouble.ts';
import { Endings, type EngineLook } from './endings.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const web = memberOf('web');
const seen = (state: 'running' | 'exited' | 'paused', startedMs = web.startedMs) => ({ state, startedMs });
const closing = new AbortController();

/** One container that was asked to end. */
function begin(look: EngineLook, isDone = true) {
  const happened: string[] = [];
  const endings = new Endings({
    look,
    members: [web],
    onGoingOn: (ids) => happened.push(`going on: ${ids.join()}`),
    onOverdue: () => happened.push('overdue'),
    signal: closing.signal,
  });
  endings.add(web, isDone);
  const settled = endings
    .settle()
    .then((running) => happened.push(`settled ${running.map(({ name }) => name).join()}`));
  return { endings, happened, settled, pass: async (ms: number) => void (await vi.advanceTimersByTimeAsync(ms)) };
}

it.each<[string, readonly WakeMember[]]>([
  ['the end', [memberOf('web', { state: 'stopped' })]],
  ['a pause', [memberOf('web', { state: 'paused' })]],
  ['a new start', [memberOf('web', { startedMs: 9_000 })]],
  ['the removal', []],
])('has settled as soon as the source tells of %s', async (_what, members) => {
  const { endings, happened, pass } = begin(async () => seen('exited'));
  endings.follow([web]);
  await pass(1_000);
  expect(happened).toEqual([]);
  endings.follow(members);
  await pass(0);
  expect(happened).toEqual(['settled ']);
});

it('has not settled before all have been asked, whatever the source tells meanwhile', async () => {
  const look: EngineLook = async () => seen('exited');
  const endings = new Endings({
    look,
    members: [web],
    onGoingOn: () => {},
    onOverdue: () => {},
    signal: closing.signal,
  });
  endings.follow([web]);
  endings.want();
  endings.add(web, true);
  const onSettled = vi.fn<() => void>();
  void endings.settle().then(onSettled);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(onSettled.mock.calls).toEqual([]);
});

it('lets a wake go on after ten seconds without a word, and stays unsettled until there is one', async () => {
  const { endings, happened, pass } = begin(async () => seen('exited'));
  await pass(9_999);
  expect(happened).toEqual([]);
  await pass(60_001);
  expect(new Set(happened)).toEqual(new Set(['overdue']));
  endings.follow([memberOf('web', { startedMs: 9_000 })]);
  await pass(0);
  expect(happened.at(-1)).toBe('settled ');
});

it('is told by the engine that it goes on', async () => {
  const { happened, settled, pass } = begin(async () => seen('running'));
  await pass(10_000);
  await settled;
  expect(happened).toEqual(['going on: web-id', 'overdue', 'settled web']);
});

it('hears soon of the end of a pause that the source has missed, once somebody ends it', async () => {
  let state: 'paused' | 'running' = 'paused';
  const { endings, happened, pass } = begin(async () => seen(state));
  await pass(15_000);
  endings.want();
  await pass(500);
  expect(new Set(happened)).toEqual(new Set(['overdue']));
  state = 'running';
  await pass(1_000);
  expect(happened.at(-1)).toBe('settled ');
});

it.each([
  ['has done it', true, []],
  ['has not said whether it does it', false, ['settled web']],
])('an engine that %s, and is away then', async (_what, isDone, expected) => {
  const { happened, pass } = begin(async () => {
    throw new WakeTrouble('away', 'the engine cannot be reached');
  }, isDone);
  await pass(30_000);
  expect(happened.filter((word) => word.startsWith('settled'))).toEqual(expected);
});

it('asks nothing any more when dproxy ends', async () => {
  const ending = new AbortController();
  const look = vi.fn<EngineLook>(async () => seen('exited'));
  const endings = new Endings({
    look,
    members: [web],
    onGoingOn: () => {},
    onOverdue: () => {},
    signal: ending.signal,
  });
  endings.add(web, true);
  const settled = endings.settle();
  ending.abort();
  await vi.advanceTimersByTimeAsync(10_000);
  expect([await settled, look.mock.calls]).toEqual([[], []]);
});
