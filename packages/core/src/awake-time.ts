import type { AwakeTime } from './wake.ts';

const MINUTE_MS = 60_000;
/**
 * Offsets from UTC are whole quarters of an hour everywhere, and change on them: within one the clock on the wall runs evenly. So a
 * look at each quarter sees every change of summer time, without arithmetic on local times that do not exist, or exist twice.
 */
const QUARTER_MINUTES = 15;
/** All is said of a week, and of the hour that it may be longer. */
const MAX_QUARTERS = 8 * 24 * 4;
const DAY_MINUTES = 1_440;

/** What the clock on the wall shows. */
interface WallTime {
  /** 0 (Sunday) to 6. */
  readonly day: number;
  /** Since midnight. */
  readonly minute: number;
}

/**
 * Whether one of these times is now, by the clock on the wall of its zone: an hour that summer time leaves out is not there, one
 * that comes twice counts twice.
 *
 * @param machineZone IANA name for times that name none
 * @throws RangeError for a zone that nobody knows
 */
export function isAwakeTime(times: readonly AwakeTime[], nowMs: number, machineZone: string): boolean {
  return times.some((time) => covers(time, wallTime(nowMs, time.timeZone || machineZone)));
}

/**
 * When the awake time that is now began, in epoch milliseconds on a full minute: the same for every moment of it, also across
 * times that follow each other without a gap. Undefined: it is none now; 0: it has no beginning.
 */
export function awakeSinceMs(times: readonly AwakeTime[], nowMs: number, machineZone: string): number | undefined {
  const timeline = new Timeline(times, machineZone);
  if (!timeline.isAwake(minuteOf(nowMs))) return undefined;
  const last = timeline.findBefore(minuteOf(nowMs), false);
  return last === undefined ? 0 : (last + 1) * MINUTE_MS;
}

/** When what `isAwakeTime` says changes next, in epoch milliseconds; undefined: never. */
export function nextAwakeChangeMs(times: readonly AwakeTime[], nowMs: number, machineZone: string): number | undefined {
  const timeline = new Timeline(times, machineZone);
  const next = timeline.findAfter(minuteOf(nowMs), !timeline.isAwake(minuteOf(nowMs)));
  return next === undefined ? undefined : next * MINUTE_MS;
}

/** Whether a name is one of a time zone. */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/**
 * Minutes since the epoch, each awake or not. The clock is looked at once for each zone and quarter, not for each time: 64 times in a
 * label took half a second of the primary, with all that waits for it.
 */
class Timeline {
  readonly #times: readonly AwakeTime[];
  readonly #machineZone: string;
  readonly #byZone: ReadonlyMap<string, readonly AwakeTime[]>;

  constructor(times: readonly AwakeTime[], machineZone: string) {
    this.#times = times;
    this.#machineZone = machineZone;
    this.#byZone = Map.groupBy(times, ({ timeZone }) => timeZone || machineZone);
  }

  isAwake(minute: number): boolean {
    return isAwakeTime(this.#times, minute * MINUTE_MS, this.#machineZone);
  }

  /** The last minute before this one that is as wanted. */
  findBefore(minute: number, wanted: boolean): number | undefined {
    const first = quarterOf(minute);
    for (let quarter = first; quarter > first - MAX_QUARTERS; quarter--) {
      const found = this.#quarter(quarter).findLastIndex((is, at) => is === wanted && startOf(quarter) + at < minute);
      if (found !== -1) return startOf(quarter) + found;
    }
    return undefined;
  }

  /** The first minute after this one that is as wanted. */
  findAfter(minute: number, wanted: boolean): number | undefined {
    const first = quarterOf(minute);
    for (let quarter = first; quarter < first + MAX_QUARTERS; quarter++) {
      const found = this.#quarter(quarter).findIndex((is, at) => is === wanted && startOf(quarter) + at > minute);
      if (found !== -1) return startOf(quarter) + found;
    }
    return undefined;
  }

  /** Fifteen minutes at the price of one look at the clock. */
  #quarter(quarter: number): boolean[] {
    const minutes = Array.from({ length: QUARTER_MINUTES }, () => false);
    for (const [zone, times] of this.#byZone) {
      const { day, minute } = wallTime(startOf(quarter) * MINUTE_MS, zone);
      for (const at of minutes.keys()) minutes[at] ||= times.some((time) => covers(time, { day, minute: minute + at }));
    }
    return minutes;
  }
}

function covers({ days, from, to }: AwakeTime, { day, minute }: WallTime): boolean {
  if (to > from) return days.includes(day) && minute >= from && minute < to;
  const dayBefore = (day + 6) % 7;
  return (days.includes(day) && minute >= from) || (days.includes(dayBefore) && minute < to);
}

function minuteOf(epochMs: number): number {
  return Math.floor(epochMs / MINUTE_MS);
}

function quarterOf(minute: number): number {
  return Math.floor(minute / QUARTER_MINUTES);
}

function startOf(quarter: number): number {
  return quarter * QUARTER_MINUTES;
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
/** Making one costs a thousand times what using it does. Names come from labels, but only those that are zones get here. */
const formats = new Map<string, Intl.DateTimeFormat>();

function wallTime(epochMs: number, timeZone: string): WallTime {
  const parts = new Map(
    formatOf(timeZone)
      .formatToParts(epochMs)
      .map(({ type, value }) => [type, value]),
  );
  const minute = Number(parts.get('hour')) * 60 + Number(parts.get('minute'));
  return { day: DAYS.indexOf(parts.get('weekday') ?? ''), minute: minute % DAY_MINUTES };
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  formats.set(timeZone, format);
  return format;
}
