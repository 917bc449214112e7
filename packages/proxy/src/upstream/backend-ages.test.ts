import { backendOf as specOf } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import type { Backend } from '@dproxy/core';
import { BackendAges } from './backend-ages.ts';

const FOREVER = Number.NEGATIVE_INFINITY;

const backendOf = (id: string, more: Partial<Backend> = {}): Backend => specOf({ port: 80, id, ...more });

function tableOf(...backends: readonly Backend[]): { backends: ReadonlyMap<string, Backend> } {
  return { backends: new Map(backends.map((backend) => [backend.id, backend])) };
}

describe('the ages of backends', () => {
  it('counts those of the first table as ready for ever', () => {
    const ages = new BackendAges();
    ages.follow(tableOf(backendOf('a'), backendOf('b', { state: 'stopped' })), 1_000);
    expect(ages.readySinceMs('a')).toBe(FOREVER);
    expect(ages.readySinceMs('b')).toBeUndefined();
    ages.follow(tableOf(backendOf('a', { state: 'draining' })), 2_000);
    expect(ages.stateSince('a')).toEqual({ state: 'draining', sinceMs: 2_000, readyForMs: Number.POSITIVE_INFINITY });
  });

  it('counts from the table in which a backend became ready, whatever else of it changes', () => {
    const ages = new BackendAges();
    ages.follow(tableOf(), 0);
    ages.follow(tableOf(backendOf('a', { state: 'starting' })), 10);
    ages.follow(tableOf(backendOf('a')), 20);
    ages.follow(tableOf(backendOf('a', { name: 'renamed' })), 30);
    expect(ages.readySinceMs('a')).toBe(20);
    expect(ages.stateSince('a')).toEqual({ state: 'ready', sinceMs: 20, readyForMs: 0 });
  });

  it('knows how long the last time of readiness was, over all that followed', () => {
    const ages = new BackendAges();
    ages.follow(tableOf(), 0);
    ages.follow(tableOf(backendOf('a')), 100);
    for (const [atMs, state] of [
      [400, 'draining'],
      [500, 'stopped'],
      [600, 'starting'],
    ] as const) {
      ages.follow(tableOf(backendOf('a', { state })), atMs);
      expect(ages.stateSince('a')).toEqual({ state, sinceMs: atMs, readyForMs: 300 });
    }
    ages.follow(tableOf(backendOf('a')), 700);
    expect(ages.stateSince('a')).toEqual({ state: 'ready', sinceMs: 700, readyForMs: 300 });
    ages.follow(tableOf(backendOf('a', { state: 'stopped' })), 710);
    expect(ages.stateSince('a')?.readyForMs).toBe(10);
  });

  it('begins anew for another address', () => {
    const ages = new BackendAges();
    ages.follow(tableOf(backendOf('a')), 0);
    ages.follow(tableOf(backendOf('a', { address: '127.0.0.9' })), 50);
    expect(ages.readySinceMs('a')).toBe(50);
  });

  it('remembers for a minute who has left, and goes on when it comes back', () => {
    const ages = new BackendAges();
    ages.follow(tableOf(backendOf('a'), backendOf('b')), 0);
    ages.follow(tableOf(), 1_000);
    expect(ages.stateSince('a')).toEqual({ state: 'removed', sinceMs: 1_000, readyForMs: Number.POSITIVE_INFINITY });
    expect(ages.readySinceMs('a')).toBeUndefined();
    ages.follow(tableOf(backendOf('a')), 2_000);
    expect(ages.readySinceMs('a')).toBe(2_000);
    ages.follow(tableOf(backendOf('a')), 61_001);
    expect(ages.stateSince('a')?.state).toBe('ready');
    expect(ages.stateSince('b')).toBeUndefined();
  });

  it('remembers only so many of those', () => {
    const ages = new BackendAges();
    const many = Array.from({ length: 5_000 }, (_, index) => backendOf(`b${index}`));
    ages.follow(tableOf(...many), 0);
    ages.follow(tableOf(), 1);
    ages.follow(tableOf(), 2);
    expect(many.filter(({ id }) => ages.stateSince(id) !== undefined)).toHaveLength(4_096);
    expect(ages.stateSince('b4999')?.state).toBe('removed');
  });
});
