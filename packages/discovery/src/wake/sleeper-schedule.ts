import { awakeSinceMs, nextAwakeChangeMs, type AwakeTime, type WakePlan } from '@dproxy/core';
import type { SleepRecords } from './sleeper-records.ts';

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

/** Lists of times that differ. */
const MAX_KNOWN = 1_000;

/** Which groups are kept awake now, and which are to be woken because such a time has begun. */
export class AwakeSchedule {
  readonly #options: AwakeScheduleOptions;
  /** By the times as JSON: a list is worked out once, and again when what it says has ended. */
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
    const key = JSON.stringify(times);
    const known = this.#known.get(key);
    if (known !== undefined && nowMs >= known.atMs && nowMs < known.untilMs) return known.sinceMs;
    const { machineZone } = this.#options;
    const sinceMs = awakeSinceMs(times, nowMs, machineZone);
    const untilMs = nextAwakeChangeMs(times, nowMs, machineZone) ?? Number.POSITIVE_INFINITY;
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(key, { atMs: nowMs, untilMs, sinceMs });
    return sinceMs;
  }
}
