import { expect, it } from 'vitest';
import { ReadinessState } from './readiness-state.ts';

const REFUSED = 'the connection is refused';

it('is healthy from the first connection on, and not asked again', () => {
  const state = new ReadinessState(false);
  expect([state.note(REFUSED), state.state]).toEqual([false, 'starting']);
  expect([state.note(''), state.state]).toEqual([true, 'healthy']);
  expect(state.nextPauseMs()).toBeUndefined();
  expect([state.note(REFUSED), state.state]).toEqual([false, 'healthy']);
});

it('is asked soon, then every second, and after a minute every five', () => {
  const state = new ReadinessState(false);
  const pauses = Array.from({ length: 70 }, () => {
    state.note(REFUSED);
    return state.nextPauseMs();
  });
  expect(pauses.slice(0, 8)).toEqual([20, 40, 80, 160, 320, 640, 1_000, 1_000]);
  expect(pauses.slice(64)).toEqual([1_000, 1_000, 5_000, 5_000, 5_000, 5_000]);
});

it('is late once, when it has been asked for about ten seconds', () => {
  const state = new ReadinessState(false);
  const late = Array.from({ length: 100 }, () => {
    state.note(REFUSED);
    return state.isLate;
  });
  expect(late.filter(Boolean)).toHaveLength(1);
  expect(late.indexOf(true)).toBe(15);
});

it('is healthy without a question when it served before', () => {
  const state = new ReadinessState(true);
  expect([state.state, state.nextPauseMs(), state.isLate]).toEqual(['healthy', undefined, false]);
});
