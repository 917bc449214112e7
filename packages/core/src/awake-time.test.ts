import { expect, it } from 'vitest';
import { awakeSinceMs, isAwakeTime, isTimeZone, nextAwakeChangeMs } from './awake-time.ts';
import type { AwakeTime } from './wake.ts';

const WEEKDAYS = [1, 2, 3, 4, 5];
const EVERY_DAY = [0, 1, 2, 3, 4, 5, 6];

function time(days: readonly number[], from: string, to: string, timeZone = 'Europe/Berlin'): AwakeTime {
  return { days, from: minutes(from), to: minutes(to), timeZone };
}

function minutes(text: string): number {
  const [hours = 0, rest = 0] = text.split(':').map(Number);
  return hours * 60 + rest;
}

const at = (iso: string): number => Date.parse(iso);
const iso = (ms: number | undefined): string | undefined => (ms === undefined ? undefined : new Date(ms).toISOString());

// 2026-03-02 is a Monday; Berlin is one hour before UTC in winter, two in summer.
const OFFICE = [time(WEEKDAYS, '9:00', '18:00')];

it.each([
  ['2026-03-02T07:59:59Z', false],
  ['2026-03-02T08:00:00Z', true],
  ['2026-03-02T16:59:59Z', true],
  ['2026-03-02T17:00:00Z', false],
  ['2026-03-06T12:00:00Z', true],
  ['2026-03-07T12:00:00Z', false],
  ['2026-07-06T07:00:00Z', true],
  ['2026-07-06T16:00:00Z', false],
])('is awake in office hours of its own zone: %s %s', (now, expected) => {
  expect(isAwakeTime(OFFICE, at(now), 'America/New_York')).toBe(expected);
});

it('takes the zone of the machine where none is named', () => {
  const office = [time(WEEKDAYS, '9:00', '18:00', '')];
  expect(isAwakeTime(office, at('2026-03-02T15:00:00Z'), 'America/New_York')).toBe(true);
  expect(isAwakeTime(office, at('2026-03-02T08:00:00Z'), 'America/New_York')).toBe(false);
});

it.each([
  ['2026-03-06T21:00:00Z', true],
  ['2026-03-07T00:59:00Z', true],
  ['2026-03-07T01:00:00Z', false],
  ['2026-03-07T21:00:00Z', false],
])('goes on after midnight of the days on which it begins: %s %s', (now, expected) => {
  expect(isAwakeTime([time([5], '22:00', '2:00')], at(now), 'UTC')).toBe(expected);
});

it('may end at midnight, and may be a whole day', () => {
  const evening = [time([1], '20:00', '24:00', 'UTC')];
  expect(isAwakeTime(evening, at('2026-03-02T23:59:59Z'), 'UTC')).toBe(true);
  expect(isAwakeTime(evening, at('2026-03-03T00:00:00Z'), 'UTC')).toBe(false);
  const day = [time([1], '6:00', '6:00', 'UTC')];
  expect(isAwakeTime(day, at('2026-03-03T05:59:00Z'), 'UTC')).toBe(true);
  expect(isAwakeTime(day, at('2026-03-03T06:00:00Z'), 'UTC')).toBe(false);
});

it('says since when it is awake, the same at every moment', () => {
  const began = '2026-03-02T08:00:00.000Z';
  expect(iso(awakeSinceMs(OFFICE, at('2026-03-02T08:00:00Z'), 'UTC'))).toBe(began);
  expect(iso(awakeSinceMs(OFFICE, at('2026-03-02T16:59:59.999Z'), 'UTC'))).toBe(began);
  expect(awakeSinceMs(OFFICE, at('2026-03-02T17:00:00Z'), 'UTC')).toBeUndefined();
});

it('says when that changes', () => {
  expect(iso(nextAwakeChangeMs(OFFICE, at('2026-03-02T08:00:00Z'), 'UTC'))).toBe('2026-03-02T17:00:00.000Z');
  expect(iso(nextAwakeChangeMs(OFFICE, at('2026-03-06T17:00:00Z'), 'UTC'))).toBe('2026-03-09T08:00:00.000Z');
});

it('takes times that follow each other for one, also those of other zones', () => {
  const both = [time([1], '8:00', '12:00', 'UTC'), time([1], '13:00', '15:30')];
  expect(iso(awakeSinceMs(both, at('2026-03-02T14:00:00Z'), 'UTC'))).toBe('2026-03-02T08:00:00.000Z');
  expect(iso(nextAwakeChangeMs(both, at('2026-03-02T08:00:00Z'), 'UTC'))).toBe('2026-03-02T14:30:00.000Z');
});

it('has no beginning and no end where it covers the whole week', () => {
  const always = [time(EVERY_DAY, '0:00', '24:00')];
  expect(awakeSinceMs(always, at('2026-03-29T12:00:00Z'), 'UTC')).toBe(0);
  expect(nextAwakeChangeMs(always, at('2026-03-29T12:00:00Z'), 'UTC')).toBeUndefined();
  expect(nextAwakeChangeMs([], at('2026-03-29T12:00:00Z'), 'UTC')).toBeUndefined();
  expect(awakeSinceMs([], at('2026-03-29T12:00:00Z'), 'UTC')).toBeUndefined();
});

it('is an hour shorter on the night in which summer time begins', () => {
  // 2026-03-29: at 01:00 UTC the clock in Berlin goes from 02:00 to 03:00.
  const night = [time([6], '23:00', '5:00')];
  const now = at('2026-03-29T00:30:00Z');
  expect(iso(awakeSinceMs(night, now, 'UTC'))).toBe('2026-03-28T22:00:00.000Z');
  expect(iso(nextAwakeChangeMs(night, now, 'UTC'))).toBe('2026-03-29T03:00:00.000Z');
});

it('leaves out a time that summer time leaves out, and ends one that ends in it', () => {
  expect(iso(nextAwakeChangeMs([time([0], '2:15', '2:45')], at('2026-03-29T00:00:00Z'), 'UTC'))).toBe(
    '2026-04-05T00:15:00.000Z',
  );
  const ends = [time([0], '1:00', '2:30')];
  expect(iso(nextAwakeChangeMs(ends, at('2026-03-29T00:30:00Z'), 'UTC'))).toBe('2026-03-29T01:00:00.000Z');
});

it('is an hour longer on the night in which summer time ends, and comes twice within the hour that does', () => {
  // 2026-10-25: at 01:00 UTC the clock in Berlin goes from 03:00 back to 02:00.
  const night = [time([6], '23:00', '5:00')];
  const now = at('2026-10-25T00:30:00Z');
  expect(iso(awakeSinceMs(night, now, 'UTC'))).toBe('2026-10-24T21:00:00.000Z');
  expect(iso(nextAwakeChangeMs(night, now, 'UTC'))).toBe('2026-10-25T04:00:00.000Z');
  const twice = [time([0], '2:15', '2:45')];
  expect(iso(nextAwakeChangeMs(twice, at('2026-10-25T00:00:00Z'), 'UTC'))).toBe('2026-10-25T00:15:00.000Z');
  expect(iso(nextAwakeChangeMs(twice, at('2026-10-25T00:50:00Z'), 'UTC'))).toBe('2026-10-25T01:15:00.000Z');
});

it('counts the days of its own zone where the date is another one', () => {
  const kathmandu = [time([2], '0:10', '0:20', 'Asia/Kathmandu')];
  expect(iso(nextAwakeChangeMs(kathmandu, at('2026-03-02T12:00:00Z'), 'UTC'))).toBe('2026-03-02T18:25:00.000Z');
});

it('knows a name of a zone from another text', () => {
  expect(['Europe/Berlin', 'UTC', 'Asia/Kathmandu', '', 'Mars/Olympus', '__proto__'].map(isTimeZone)).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
  expect(() => isAwakeTime([time([1], '9:00', '18:00', 'Mars/Olympus')], 0, 'UTC')).toThrow(RangeError);
});
