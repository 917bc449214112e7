import { describe, expect, it } from 'vitest';
import { sampleBackend } from './_samples.ts';
import type { BackendState } from './backend.ts';
import { readyShares, RoundRobin, type Share, type WorkerSlot } from './balance.ts';

const ALONE: WorkerSlot = { index: 0, count: 1 };

/** `a:3 b` is a with weight 3 and b with weight 1. */
function shares(text: string): Share<string>[] {
  if (text === '') return [];
  return text.split(' ').map((word) => {
    const [id = '', weight = '1'] = word.split(':');
    return { id, weight: Number(weight), target: id };
  });
}

function picks(balance: RoundRobin<string>, count: number, exclude?: ReadonlySet<string>): string {
  return Array.from({ length: count }, () => balance.next(exclude) ?? '-').join('');
}

describe('one worker', () => {
  it.each([
    ['a', 'aaa'],
    ['a b c', 'abcabcab'],
    ['a:2 b:2', 'abab'],
    ['a:2 b:1', 'abaaba'],
    ['a:3 b:1', 'aabaaaba'],
    ['a:5 b:1 c:1', 'abaaacaabaaaca'],
    ['a:3 b:3 c:1', 'abacbab'],
    ['a:1000 b:1000', 'abab'],
    ['', '---'],
  ])('%s goes %s', (backends, expected) => {
    expect(picks(new RoundRobin(shares(backends), ALONE), expected.length)).toBe(expected);
  });

  it('passes over what is excluded, without a turn of its own being used up', () => {
    const balance = new RoundRobin(shares('a b c'), ALONE);
    expect(picks(balance, 1)).toBe('a');
    expect(balance.next(new Set(['a', 'b']))).toBe('c');
    expect(picks(balance, 3)).toBe('bca');
    expect(picks(balance, 4, new Set(['b']))).toBe('acac');
    expect(picks(balance, 1, new Set())).toBe('b');
  });

  it('spreads the share of a dead backend over all others', () => {
    const balance = new RoundRobin(shares('a b c'), ALONE);
    const dead = new Set(['a']);
    const answered = Array.from({ length: 6 }, () => {
      const first = balance.next();
      return first === 'a' ? balance.next(dead) : first;
    });
    expect(answered.join('')).toBe('bbccbc');
  });

  it('does not begin every request with the dead one of two', () => {
    const balance = new RoundRobin(shares('a b'), ALONE);
    const dead = new Set(['a']);
    const first = Array.from({ length: 6 }, () => {
      const choice = balance.next();
      if (choice === 'a') expect(balance.next(dead)).toBe('b');
      return choice;
    });
    expect(first.join('')).toBe('ababab');
  });

  it('has nobody left when all are excluded', () => {
    const balance = new RoundRobin(shares('a:3 b'), ALONE);
    expect(balance.next(new Set(['a', 'b']))).toBeUndefined();
  });

  it('keeps shares true where weights are too fine for the ring', () => {
    const backends = Array.from({ length: 20 }, (_, index) => `b${index}:${index === 0 ? 1_000 : 991 + (index % 7)}`);
    const balance = new RoundRobin(shares(backends.join(' ')), ALONE);
    expect(balance.length).toBeLessThanOrEqual(4_096 + 20);
    const first = Array.from({ length: balance.length }, () => balance.next()).filter((id) => id === 'b0').length;
    expect(Math.abs(first / balance.length - 1 / 20)).toBeLessThan(1 / 1_000);
  });
});

describe('several workers', () => {
  it('start spread over the ring, so that a small burst is even', () => {
    const starts = (backends: string, count: number): string =>
      Array.from({ length: count }, (_, index) => new RoundRobin(shares(backends), { index, count }).next()).join('');
    expect(starts('a b c d', 4)).toBe('abcd');
    expect(starts('a b', 4)).toBe('aabb');
    expect(starts('a b c d', 2)).toBe('ac');
    expect(starts('a:3 b:1', 2)).toBe('ab');
  });

  it('take an index beyond the count, as it is for a moment while the count changes', () => {
    expect(new RoundRobin(shares('a b'), { index: 5, count: 4 }).next()).toBe('a');
  });
});

describe('a new Snapshot', () => {
  it('goes on where it was when the backends are the same', () => {
    const before = new RoundRobin(shares('a b c'), ALONE);
    picks(before, 2);
    expect(picks(new RoundRobin(shares('a b c'), ALONE, before), 3)).toBe('cab');
  });

  it('goes on with whose turn it is when others come or go', () => {
    const before = new RoundRobin(shares('a b c'), ALONE);
    picks(before, 1);
    expect(picks(new RoundRobin(shares('b c d'), ALONE, before), 3)).toBe('bcd');
    expect(picks(new RoundRobin(shares('x a b'), ALONE, before), 3)).toBe('bxa');
  });

  it('goes on somewhere when that one is gone, too', () => {
    const before = new RoundRobin(shares('a b c'), ALONE);
    picks(before, 2);
    expect(picks(new RoundRobin(shares('a b'), ALONE, before), 2)).toBe('ab');
    expect(picks(new RoundRobin(shares(''), ALONE, before), 1)).toBe('-');
    expect(picks(new RoundRobin(shares('a'), ALONE, new RoundRobin<string>([], ALONE)), 1)).toBe('a');
  });
});

it('only ready backends with a weight have a share', () => {
  const backends = new Map(
    [
      sampleBackend('ready'),
      sampleBackend('down', { state: 'unhealthy' }),
      sampleBackend('starting', { state: 'starting' }),
      sampleBackend('spare'),
    ].map((backend) => [backend.id, backend]),
  );
  const refs = ['ready', 'down', 'starting', 'spare', 'unknown'].map((backendId) => ({
    backendId,
    weight: backendId === 'spare' ? 0 : 2,
  }));
  expect(readyShares(refs, backends)).toEqual([{ id: 'ready', weight: 2, target: backends.get('ready') }]);
});

it.each([
  ['ready draining', 'ready'],
  ['draining paused', 'draining'],
  ['draining unhealthy starting', 'draining'],
  ['unhealthy', ''],
] as const)('of %s backends those that are %s may be chosen', (all, expected) => {
  expect(chosenOf(all, false)).toBe(expected);
});

it.each([
  ['ready unhealthy', 'ready'],
  ['draining unhealthy', 'draining'],
  ['unhealthy starting paused stopped', 'unhealthy'],
  ['starting stopped', ''],
] as const)('of %s backends those that are %s may be chosen where the route panics', (all, expected) => {
  expect(chosenOf(all, true)).toBe(expected);
});

function chosenOf(all: string, panics: boolean): string {
  const states = all.split(' ') as BackendState[];
  const backends = new Map(states.map((state) => [state, sampleBackend(state, { state })]));
  const refs = states.map((backendId) => ({ backendId, weight: 1 }));
  return readyShares(refs, backends, panics)
    .map(({ id }) => id)
    .join(' ');
}
