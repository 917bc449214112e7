import type { Log } from '@dproxy/core';
import type { IdleGroup } from './idle-group.ts';
import { isRunning } from './idle-judge.ts';
import { AwakeSchedule, type AwakeScheduleOptions } from './awake-schedule.ts';

/** An awake time that could not be begun is tried again. */
const AGAIN_MS = 60_000;

export interface AwakeKeeperOptions extends AwakeScheduleOptions {
  readonly log: Log;
  /** As in `IdleStopOptions`. */
  readonly wake: (group: string) => Promise<boolean>;
  readonly nowMs: () => number;
}

/** Keeps groups awake in their times, and wakes them when one begins. */
export class AwakeKeeper {
  readonly #options: AwakeKeeperOptions;
  readonly #schedule: AwakeSchedule;
  /** By group: when it may be tried again; infinite while it is being woken. */
  readonly #againMs = new Map<string, number>();

  constructor(options: AwakeKeeperOptions) {
    this.#options = options;
    this.#schedule = new AwakeSchedule(options);
  }

  /** A zone that nobody knows keeps it awake: to guess would put it to sleep when it is needed. */
  isAwakeTime({ plan }: IdleGroup): boolean {
    try {
      return this.#schedule.isAwake(plan);
    } catch (error) {
      this.#options.log.error({ group: plan.id, error }, 'the awake times of a group cannot be read; it stays awake');
      return true;
    }
  }

  isWaking({ plan }: IdleGroup): boolean {
    return this.#againMs.get(plan.id) === Number.POSITIVE_INFINITY;
  }

  /** Once for each awake time, without a request; a stop by hand within it holds. */
  keep(group: IdleGroup): void {
    const { plan } = group;
    const { nowMs, log } = this.#options;
    if (plan.awake.length === 0 || nowMs() < (this.#againMs.get(plan.id) ?? 0)) return;
    if (!this.isAwakeTime(group) || !this.#schedule.isDue(plan)) return;
    if (plan.members.some(isRunning)) {
      this.#schedule.settle(plan);
      return;
    }
    log.info({ group: plan.id, name: plan.name }, 'a group is woken: an awake time has begun');
    this.#againMs.set(plan.id, Number.POSITIVE_INFINITY);
    void this.#wake(group);
  }

  forget(group: string): void {
    this.#againMs.delete(group);
  }

  async #wake({ plan }: IdleGroup): Promise<void> {
    const { wake, nowMs } = this.#options;
    const isAwake = await wake(plan.id);
    if (isAwake) this.#schedule.settle(plan);
    this.#againMs.set(plan.id, isAwake ? 0 : nowMs() + AGAIN_MS);
  }
}
