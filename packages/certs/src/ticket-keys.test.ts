import { expect, it } from 'vitest';
import { TicketKeys } from './ticket-keys.ts';

const HOUR_MS = 3_600_000;

function start() {
  const published: (readonly Uint8Array[])[] = [];
  let nowMs = 1_000_000;
  const keys = new TicketKeys({ nowMs: () => nowMs, publish: (next) => published.push(next) });
  const passHours = (hours: number): void => {
    nowMs += hours * HOUR_MS;
    keys.refresh();
  };
  return { published, passHours };
}

it('publishes one key of 48 random bytes at once', () => {
  const [first, second] = [start(), start()].map(({ published }) => published[0]?.[0]);
  expect(first).toHaveLength(48);
  expect(first).not.toEqual(second);
});

it('rotates every twelve hours and keeps the key before for twelve more', () => {
  const { published, passHours } = start();
  for (let hour = 0; hour < 11; hour++) passHours(1);
  expect(published).toHaveLength(1);
  passHours(1);
  passHours(12);
  expect(published.map((keys) => keys.length)).toEqual([1, 2, 2]);
  expect(published[1]?.[1]).toBe(published[0]?.[0]);
  expect(published[2]?.[1]).toBe(published[1]?.[0]);
  expect(new Set(published.map((keys) => keys[0])).size).toBe(3);
});

it('gives up both keys of a machine that slept for a day', () => {
  const { published, passHours } = start();
  passHours(24);
  expect(published[1]).toHaveLength(1);
  expect(published[1]?.[0]).not.toBe(published[0]?.[0]);
});

it('rotates when the clock was set back', () => {
  const { published, passHours } = start();
  passHours(-1);
  expect(published).toHaveLength(2);
});
