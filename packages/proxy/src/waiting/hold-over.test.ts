import { describe, expect, it } from 'vitest';
import type { BackendStanding } from '../upstream/backend-ages.ts';
import { expectsSuccessor } from './hold-over.ts';

const NOW = 1_000_000;
const READY_MS = 10_000;

function standing(state: BackendStanding['state'], readyForMs: number, sinceMs = NOW - 100): BackendStanding {
  return { state, readyForMs, sinceMs };
}

function expects(present: BackendStanding[], former: BackendStanding[] = []): boolean {
  return expectsSuccessor({ present, former, readyMs: READY_MS, nowMs: NOW });
}

describe('a successor is expected', () => {
  it.each(['draining', 'stopped', 'starting'] as const)('of one that was ready for long and is %s', (state) => {
    expect(expects([standing(state, READY_MS)])).toBe(true);
    expect(expects([standing(state, Number.POSITIVE_INFINITY)])).toBe(true);
  });

  it.each(['starting', 'stopped'] as const)('of one that was removed, when another one that is %s is new', (state) => {
    expect(expects([standing(state, 0)], [standing('removed', READY_MS)])).toBe(true);
  });

  it('of one that does not stand behind the route any more, when another one begins to start', () => {
    expect(expects([standing('starting', 500)], [standing('ready', READY_MS)])).toBe(true);
  });
});

describe('nobody is expected', () => {
  it.each(['unhealthy', 'paused', 'unreachable', 'ready'] as const)('of one that is %s', (state) => {
    expect(expects([standing(state, READY_MS)])).toBe(false);
  });

  it.each(['draining', 'stopped', 'starting'] as const)('of one that was not ready for long, and is %s', (state) => {
    expect(expects([standing(state, READY_MS - 1)])).toBe(false);
  });

  it('of one that was removed and has nobody in its place', () => {
    expect(expects([], [standing('removed', READY_MS)])).toBe(false);
  });

  it('of one that was removed, from one that has been there for long', () => {
    const long = NOW - 61_000;
    expect(expects([standing('starting', 0, long)], [standing('removed', READY_MS)])).toBe(false);
    expect(expects([standing('stopped', 0, Number.NEGATIVE_INFINITY)], [standing('removed', READY_MS)])).toBe(false);
  });

  it('of one that was removed, from one that has just been stopped', () => {
    expect(expects([standing('stopped', 500)], [standing('removed', READY_MS)])).toBe(false);
  });

  it('of one that was removed after a short life', () => {
    expect(expects([standing('starting', 0)], [standing('removed', READY_MS - 1)])).toBe(false);
  });

  it('where nobody ever was', () => {
    expect(expects([])).toBe(false);
    expect(expects([standing('starting', 0)])).toBe(false);
  });
});
