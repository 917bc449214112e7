import { TokenBuckets } from '@dproxy/core';
import type { WakeRefusal } from './wake-tally.ts';

/** `wake.budget` of the settings. */
export interface WakeBudgetSettings {
  /** Wakes a minute that one client may cause. */
  readonly clientPerMinute: number;
  /** By all clients together. */
  readonly perMinute: number;
  /** Groups of which containers are being started at the same time. */
  readonly concurrent: number;
}

/** There may be no more wakes now. */
export interface OverBudget {
  readonly budget: Extract<WakeRefusal, 'client-budget' | 'group-budget' | 'total-budget'>;
  /** Until there may be one. */
  readonly waitMs: number;
}

const MINUTE_MS = 60_000;
/** Of all wakes: one that ends as soon as it is awake does not spend those of all others. */
const GROUP_SHARE = 0.25;

/** How many wakes clients may cause: one that asks for everything neither starts everything nor keeps others from it. */
export class WakeBudget {
  readonly #byClient: TokenBuckets;
  readonly #byGroup: TokenBuckets;
  readonly #all: TokenBuckets;

  constructor({ clientPerMinute, perMinute }: WakeBudgetSettings) {
    this.#byClient = new TokenBuckets({ average: clientPerMinute, periodMs: MINUTE_MS, burst: clientPerMinute });
    const groupPerMinute = Math.ceil(perMinute * GROUP_SHARE);
    this.#byGroup = new TokenBuckets({ average: groupPerMinute, periodMs: MINUTE_MS, burst: groupPerMinute });
    this.#all = new TokenBuckets({ average: perMinute, periodMs: MINUTE_MS, burst: perMinute }, 2);
  }

  /** @returns undefined when there may be one more wake */
  take(client: string, group: string, nowMs: number): OverBudget | undefined {
    // The client first: what it may not cause is not taken from the others.
    return (
      overBudget('client-budget', this.#byClient.take(client, nowMs)) ??
      overBudget('group-budget', this.#byGroup.take(group, nowMs)) ??
      overBudget('total-budget', this.#all.take('', nowMs))
    );
  }
}

function overBudget(budget: OverBudget['budget'], waitMs: number): OverBudget | undefined {
  return waitMs === 0 ? undefined : { budget, waitMs };
}
