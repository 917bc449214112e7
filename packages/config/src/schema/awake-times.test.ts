import { describe, expect, test } from 'vitest';
import { readAwakeTimes, readTimeZone } from './awake-times.ts';

const WEEK = [0, 1, 2, 3, 4, 5, 6];
const WORKDAYS = [1, 2, 3, 4, 5];

describe('times of the week', () => {
  test.each([
    ['09:00-18:00', [{ days: WEEK, from: 540, to: 1_080 }]],
    ['09:00-18:00 Mon-Fri', [{ days: WORKDAYS, from: 540, to: 1_080 }]],
    ['9:00-18:00  monday-FRIDAY', [{ days: WORKDAYS, from: 540, to: 1_080 }]],
    ['Mon-Fri 09:00-18:00', [{ days: WORKDAYS, from: 540, to: 1_080 }]],
    ['22:00-06:00 Fri-Mon', [{ days: [0, 1, 5, 6], from: 1_320, to: 360 }]],
    ['09:00-18:00 Mon,Tue,Tue', [{ days: [1, 2], from: 540, to: 1_080 }]],
    ['00:00-24:00 Sat', [{ days: [6], from: 0, to: 1_440 }]],
    ['00:00-00:00', [{ days: WEEK, from: 0, to: 1_440 }]],
    ['18:00-00:00', [{ days: WEEK, from: 1_080, to: 1_440 }]],
    [
      '09:00-18:00 Mon-Fri, 10:00-14:00 Sat',
      [
        { days: WORKDAYS, from: 540, to: 1_080 },
        { days: [6], from: 600, to: 840 },
      ],
    ],
    [
      'Mon, Tue 09:00-12:00, Sun 10:30-11:30',
      [
        { days: [1, 2], from: 540, to: 720 },
        { days: [0], from: 630, to: 690 },
      ],
    ],
    [
      '08:00-12:00, 13:00-17:00 Mon',
      [
        { days: WEEK, from: 480, to: 720 },
        { days: [1], from: 780, to: 1_020 },
      ],
    ],
    ['none', []],
  ])('%s', (raw, expected) => {
    expect(readAwakeTimes(raw)).toEqual({ value: expected });
  });

  test.each([
    '',
    'Mon',
    '9-18',
    '09:60-10:00',
    '24:00-24:00',
    '09:00-25:00',
    '09:00-18:00 Moon',
    '09:00-18:00 Mon-Tue-Wed',
    'Mon 09:00-12:00 13:00-14:00',
    'none Mon',
    '09:00-18:00 '.repeat(100),
    'x'.repeat(100_000),
    '-,'.repeat(50_000),
  ])('%s is refused', (raw) => {
    expect(readAwakeTimes(raw)).toHaveProperty('problem');
  });
});

test('time zones are those that this machine knows', () => {
  expect(readTimeZone('Europe/Berlin')).toEqual({ value: 'Europe/Berlin' });
  expect(readTimeZone('UTC')).toEqual({ value: 'UTC' });
  for (const raw of ['Europe/Nowhere', '+02:00', '', '../etc', 'x'.repeat(1_000)]) {
    expect(readTimeZone(raw)).toHaveProperty('problem');
  }
});
