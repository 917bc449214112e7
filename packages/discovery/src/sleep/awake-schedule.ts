import { awakeSinceMs, nextAwakeChangeMs, type AwakeTime, type WakePlan } from '@dproxy/core';
import type { SleepRecords } from './sleep-records.ts';

export interface AwakeScheduleOptions {
  readonly records: Pick<SleepRecords, 'wokenForMs' | 'setWokenFor'>;
  /** Epoch milliseconds. */
  readonly wallMs: () => number;
  /** IANA name of the zone of this machine. */
  readonly machineZone: string;
}

/** What one list of times says from `atMs` until `untilMs`. */
interface Stretch {
  readonly atMs: number;
  readonly untilMs: number;
  /** Undefined: not awake. */
  readonly sinceMs: number | undefined;
}

/** Lists that differ. With more of them each plan still has its own. */
const MAX_KNOWN = 1_000;

/** Which groups are kept awake now, and which are to be woken because such a time has begun. */
export class AwakeSchedule {
  readonly #options: AwakeScheduleOptions;
  /** A list is worked out once, and again when what it says has ended, */
  readonly #byList = new WeakMap<readonly AwakeTime[], Stretch>();
  /** and once for all groups that have the same: by the times as JSON. */
  readonly #known = new Map<string, Stretch>();

  constructor(options: AwakeScheduleOptions) {
    this.#options = options;
  }

  /** @throws RangeError for a zone that nobody knows */
  isAwake({ awake }: Pick<WakePlan, 'awake'>): boolean {
    return this.#sinceMs(awake) !== undefined;
  }

  /** An awake time has begun for which it was not woken: once for each, also over restarts, so that a stop by hand holds. */
  isDue({ id, awake }: Pick<WakePlan, 'id' | 'awake'>): boolean {
    const sinceMs = this.#sinceMs(awake);
    return sinceMs !== undefined && this.#options.records.wokenForMs(id) !== sinceMs;
  }

  /** It runs, or was woken. */
  settle({ id, awake }: Pick<WakePlan, 'id' | 'awake'>): void {
    const sinceMs = this.#sinceMs(awake);
    if (sinceMs !== undefined) this.#options.records.setWokenFor(id, sinceMs);
  }

  #sinceMs(times: readonly AwakeTime[]): number | undefined {
    if (times.length === 0) return undefined;
    const nowMs = this.#options.wallMs();
    const known = this.#byList.get(times);
    if (known !== undefined && holds(known, nowMs)) return known.sinceMs;
    const stretch = this.#stretchOf(times, nowMs);
    this.#byList.set(times, stretch);
    return stretch.sinceMs;
  }

  #stretchOf(times: readonly AwakeTime[], nowMs: number): Stretch {
    const key = JSON.stringify(times);
    const known = this.#known.get(key);
    if (known !== undefined && holds(known, nowMs)) return known;
    const { machineZone } = this.#options;
    const sinceMs = awakeSinceMs(times, nowMs, machineZone);
    const untilMs = nextAwakeChangeMs(times, nowMs, machineZone) ?? Number.POSITIVE_INFINITY;
    const stretch = { atMs: nowMs, untilMs, sinceMs };
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(key, stretch);
    return stretch;
  }
}

function holds({ atMs, untilMs }: Stretch, nowMs: number): boolean {
  return nowMs >= atMs && nowMs < untilMs;
}
