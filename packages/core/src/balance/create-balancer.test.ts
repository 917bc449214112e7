import { describe, expect, it } from 'vitest';
import type { BalanceStrategy } from '../balance-policy.ts';
import { chanceFrom, type FakeBackend, sharesOf } from './_shares.ts';
import type { Balancer } from './balancer.ts';
import { createBalancer } from './create-balancer.ts';

const STRATEGIES: readonly BalanceStrategy[] = [
  'roundRobin',
  'leastConnections',
  'powerOfTwo',
  'leastTime',
  'hash',
  'random',
  'first',
];

function balancer(strategy: BalanceStrategy, backends: string, worker = { index: 0, count: 1 }) {
  const shares = sharesOf(backends);
  const balance = createBalancer(strategy, shares, { worker, chance: chanceFrom(1), previous: undefined });
  return { balance, of: (id: string) => shares.find((share) => share.id === id)?.target };
}

function picks(balance: Balancer<FakeBackend>, count: number, exclude?: ReadonlySet<string>): string {
  return Array.from({ length: count }, (_, turn) => balance.next(exclude, `key${turn}`)?.id ?? '-').join('');
}

describe.each(STRATEGIES)('%s', (strategy) => {
  it('never chooses what is excluded, and has nobody when nobody is left', () => {
    const { balance } = balancer(strategy, 'a b:3 c');
    expect(balance.length).toBeGreaterThan(0);
    expect(picks(balance, 50, new Set(['a', 'c']))).toBe('b'.repeat(50));
    expect(picks(balance, 1, new Set(['a', 'b', 'c']))).toBe('-');
    expect(picks(balancer(strategy, '').balance, 2)).toBe('--');
    expect(balancer(strategy, '').balance.length).toBe(0);
  });
});

describe('least connections', () => {
  it('chooses who has the fewest requests, by weight', () => {
    const { balance, of } = balancer('leastConnections', 'a b:2 c');
    Object.assign(of('a') ?? {}, { active: 2 });
    Object.assign(of('b') ?? {}, { active: 4 });
    Object.assign(of('c') ?? {}, { active: 3 });
    expect(picks(balance, 1)).toBe('b');
    Object.assign(of('b') ?? {}, { active: 6 });
    expect(picks(balance, 1)).toBe('a');
  });

  it('goes round while all are idle, and begins elsewhere on another worker', () => {
    expect(picks(balancer('leastConnections', 'a b c').balance, 6)).toBe('abcabc');
    expect(picks(balancer('leastConnections', 'a b c d', { index: 1, count: 2 }).balance, 4)).toBe('cdab');
  });

  it('keeps shares by weight when every request stays', () => {
    const { balance, of } = balancer('leastConnections', 'a b:3');
    for (let request = 0; request < 400; request += 1) {
      const chosen = balance.next();
      if (chosen !== undefined) chosen.active += 1;
    }
    expect([of('a')?.active, of('b')?.active]).toEqual([100, 300]);
  });
});

describe('least time', () => {
  it('chooses who answers soonest, times what is ahead', () => {
    const { balance, of } = balancer('leastTime', 'a b');
    Object.assign(of('a') ?? {}, { averageMs: 10 });
    Object.assign(of('b') ?? {}, { averageMs: 35 });
    const order = Array.from({ length: 5 }, () => {
      const chosen = balance.next();
      if (chosen !== undefined) chosen.active += 1;
      return chosen?.id;
    });
    expect(order.join('')).toBe('aaaba');
  });

  it('asks one that never answered once, and not again before it does', () => {
    const { balance, of } = balancer('leastTime', 'a b');
    Object.assign(of('a') ?? {}, { averageMs: 10, active: 5 });
    const first = balance.next();
    expect(first?.id).toBe('b');
    Object.assign(of('b') ?? {}, { active: 1 });
    expect(picks(balance, 3)).toBe('aaa');
  });
});

describe('power of two', () => {
  it('never chooses the busiest of all, and spreads the rest', () => {
    const { balance, of } = balancer('powerOfTwo', 'a b c');
    Object.assign(of('b') ?? {}, { active: 10 });
    const chosen = picks(balance, 300);
    expect(chosen).not.toContain('b');
    expect(chosen.split('a').length - 1).toBeGreaterThan(100);
    expect(chosen.split('c').length - 1).toBeGreaterThan(100);
  });
});

describe('random', () => {
  it('gives each its share by weight', () => {
    const chosen = picks(balancer('random', 'a b:3').balance, 4_000);
    expect(Math.abs((chosen.split('b').length - 1) / 4_000 - 3 / 4)).toBeLessThan(0.03);
  });
});

describe('first', () => {
  it('chooses the first, and the next only when it is not wanted', () => {
    const { balance } = balancer('first', 'a b c');
    expect(picks(balance, 3)).toBe('aaa');
    expect(picks(balance, 3, new Set(['a']))).toBe('bbb');
  });
});

it('round robin goes on where the balancer before it was', () => {
  const worker = { index: 0, count: 1 };
  const shares = sharesOf('a b c');
  const before = createBalancer('roundRobin', shares, { worker, chance: chanceFrom(1), previous: undefined });
  before.next();
  const after = createBalancer('roundRobin', shares, { worker, chance: chanceFrom(1), previous: before });
  expect(picks(after, 3)).toBe('bca');
  const other = createBalancer('first', shares, { worker, chance: chanceFrom(1), previous: after });
  expect(picks(other, 1)).toBe('a');
});
