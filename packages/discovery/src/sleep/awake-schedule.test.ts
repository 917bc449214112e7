import { expect, it } from 'vitest';
import { planOf } from '../wake/_plan-of.ts';
import { AwakeSchedule } from './awake-schedule.ts';

const OFFICE = [{ days: [1, 2, 3, 4, 5], from: 9 * 60, to: 18 * 60, timeZone: '' }];
const plan = planOf({ awake: OFFICE });

/** A schedule with a clock that the test sets; records live as long as the test. */
function scheduleAt(iso: string, woken = new Map<string, number>()) {
  let nowMs = Date.parse(iso);
  const schedule = new AwakeSchedule({
    records: { wokenForMs: (id) => woken.get(id), setWokenFor: (id, sinceMs) => void woken.set(id, sinceMs) },
    wallMs: () => nowMs,
    machineZone: 'UTC',
  });
  return { schedule, woken, set: (now: string) => void (nowMs = Date.parse(now)) };
}

it('is due once in each awake time', () => {
  const { schedule, set } = scheduleAt('2026-03-02T08:59:59Z');
  expect([schedule.isAwake(plan), schedule.isDue(plan)]).toEqual([false, false]);
  set('2026-03-02T09:00:00Z');
  expect([schedule.isAwake(plan), schedule.isDue(plan)]).toEqual([true, true]);
  schedule.settle(plan);
  expect(schedule.isDue(plan)).toBe(false);
  set('2026-03-02T17:59:59Z');
  expect(schedule.isDue(plan)).toBe(false);
  set('2026-03-02T18:00:00Z');
  expect([schedule.isAwake(plan), schedule.isDue(plan)]).toEqual([false, false]);
  set('2026-03-03T09:30:00Z');
  expect(schedule.isDue(plan)).toBe(true);
});

it('is not due again after a restart within the same awake time', () => {
  const before = scheduleAt('2026-03-02T09:00:00Z');
  before.schedule.settle(plan);
  const after = scheduleAt('2026-03-02T12:00:00Z', before.woken);
  expect([after.schedule.isAwake(plan), after.schedule.isDue(plan)]).toEqual([true, false]);
  expect(scheduleAt('2026-03-02T12:00:00Z').schedule.isDue(plan)).toBe(true);
});

it('looks again when the clock of the machine is set back', () => {
  const { schedule, set } = scheduleAt('2026-03-02T12:00:00Z');
  expect(schedule.isAwake(plan)).toBe(true);
  set('2026-03-01T12:00:00Z');
  expect(schedule.isAwake(plan)).toBe(false);
});

it('never wakes what has no awake times', () => {
  const { schedule, woken } = scheduleAt('2026-03-02T12:00:00Z');
  schedule.settle(planOf());
  expect([schedule.isAwake(planOf()), schedule.isDue(planOf()), woken.size]).toEqual([false, false, 0]);
});
