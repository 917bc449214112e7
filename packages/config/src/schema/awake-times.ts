import type { AwakeTime } from '@dproxy/core';
import type { Read } from './field.ts';

/** `AwakeTime` before its time zone is known. */
export type WeeklyTime = Omit<AwakeTime, 'timeZone'>;

export const AWAKE_TIMES = 'times such as 09:00-18:00 Mon-Fri, 10:00-14:00 Sat, or none';

const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;
const EVERY_DAY: readonly number[] = [0, 1, 2, 3, 4, 5, 6];
const CLOCK = /^(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})$/;
const MAX_TOKENS = 64;

/**
 * `09:00-18:00 Mon-Fri, 10:00-14:00 Sat`: each time begins an entry, the days after it are its own; without days it is every
 * day. `Mon-Fri 09:00-18:00` is read, too. A time that ends before it begins ends on the next day.
 */
export function readAwakeTimes(raw: string): Read<readonly WeeklyTime[]> {
  const tokens = raw
    .trim()
    .toLowerCase()
    .split(/[\s,]+/, MAX_TOKENS + 1);
  if (tokens.length > MAX_TOKENS) return { problem: 'too many times' };
  if (tokens.join() === 'none') return { value: [] };
  const startsWithDays = daysOf(tokens[0] ?? '') !== undefined;
  const entries: Entry[] = [];
  for (const token of tokens) {
    const days = daysOf(token);
    const clock = days === undefined ? clockOf(token) : undefined;
    if (days === undefined && clock === undefined) return { problem: 'neither a time nor a day' };
    const last = entries.at(-1);
    const isNext = startsWithDays ? days !== undefined && last?.clock !== undefined : clock !== undefined;
    const entry: Entry = last === undefined || isNext ? { days: [], clock: undefined } : last;
    if (entry !== last) entries.push(entry);
    if (clock !== undefined && entry.clock !== undefined) return { problem: 'two times for the same days' };
    entry.clock ??= clock;
    entry.days.push(...(days ?? []));
  }
  const times = entries.map(({ days, clock }) => (clock === undefined ? undefined : { ...clock, days: sorted(days) }));
  if (times.includes(undefined)) return { problem: 'days without a time' };
  return { value: times.filter((time) => time !== undefined) };
}

interface Entry {
  readonly days: number[];
  clock: Omit<WeeklyTime, 'days'> | undefined;
}

function sorted(days: readonly number[]): readonly number[] {
  return days.length === 0 ? EVERY_DAY : [...new Set(days)].sort((a, b) => a - b);
}

/** `Mon`, `Monday` or `Fri-Mon`. */
function daysOf(token: string): readonly number[] | undefined {
  const [first = '', last = first, ...more] = token.split('-', 3);
  const [from, to] = [dayOf(first), dayOf(last)];
  if (from === -1 || to === -1 || more.length > 0) return undefined;
  const count = ((to - from + 7) % 7) + 1;
  return Array.from({ length: count }, (_, index) => (from + index) % 7);
}

function dayOf(word: string): number {
  return DAYS.findIndex((day) => day === word || day.slice(0, 3) === word);
}

function clockOf(token: string): Omit<WeeklyTime, 'days'> | undefined {
  const [, fromHour, fromMinute, toHour, toMinute] = CLOCK.exec(token) ?? [];
  const from = minutesOf(fromHour, fromMinute);
  const to = minutesOf(toHour, toMinute);
  if (from === undefined || to === undefined || from >= 1_440) return undefined;
  // Midnight as an end is that of the same day.
  return { from, to: to === 0 ? 1_440 : to };
}

function minutesOf(hour: string | undefined, minute: string | undefined): number | undefined {
  const minutes = Number(hour) * 60 + Number(minute);
  return Number(minute) < 60 && minutes <= 1_440 ? minutes : undefined;
}

/** Names of IANA's database, such as Europe/Berlin. */
export function readTimeZone(raw: string): Read<string> {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(raw)) return { problem: 'not a name' };
  try {
    return { value: new Intl.DateTimeFormat('en', { timeZone: raw }).resolvedOptions().timeZone };
  } catch (error) {
    if (error instanceof RangeError) return { problem: 'no such time zone' };
    throw error;
  }
}
