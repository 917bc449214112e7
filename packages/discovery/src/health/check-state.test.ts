import { expect, it } from 'vitest';
import { CheckState } from './check-state.ts';

const RULES = { intervalMs: 10_000, unhealthyIntervalMs: 2_000, rise: 2, fall: 3 };

function run(state: CheckState, findings: string): string[] {
  return findings.split('').map((letter) => {
    state.note(letter === '+' ? '' : 'status 500');
    return state.state;
  });
}

it('is healthy after as many passes in a row as it takes', () => {
  expect(run(new CheckState(RULES, false), '+-++')).toEqual(['starting', 'starting', 'starting', 'healthy']);
});

it('is unhealthy after as many failures in a row as it takes, and then needs passes in a row', () => {
  const state = new CheckState(RULES, true);
  expect(run(state, '--+---')).toEqual(['healthy', 'healthy', 'healthy', 'healthy', 'healthy', 'unhealthy']);
  expect(run(state, '+-++')).toEqual(['unhealthy', 'unhealthy', 'unhealthy', 'healthy']);
});

it('tells when its state changes', () => {
  const state = new CheckState({ ...RULES, rise: 1 }, false);
  expect([state.note('status 500'), state.note(''), state.note('')]).toEqual([false, true, false]);
});

it('asks a backend that starts soon and then less often, a healthy one at its interval', () => {
  const state = new CheckState({ ...RULES, rise: 1, fall: 1 }, false);
  expect([1, 2, 3, 4, 5].map(() => state.nextPauseMs())).toEqual([250, 500, 1_000, 2_000, 2_000]);
  state.note('');
  expect(state.nextPauseMs()).toBe(10_000);
  state.note('status 500');
  expect(state.nextPauseMs()).toBe(2_000);
});

it('never asks more often than dproxy.yml may say, whatever a label does', () => {
  const state = new CheckState({ intervalMs: 1, unhealthyIntervalMs: 0, rise: 1, fall: 1 }, false);
  expect(state.nextPauseMs()).toBe(100);
  state.note('');
  expect(state.nextPauseMs()).toBe(100);
  state.note('status 500');
  expect(state.nextPauseMs()).toBe(100);
});
