import { sameValue, TokenBuckets } from '@dproxy/core';
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
  readonly #settings: () => WakeBudgetSettings;
  #buckets: Buckets | undefined;

  /** @param settings those of now: when they change, everybody begins anew */
  constructor(settings: () => WakeBudgetSettings) {
    this.#settings = settings;
  }

  /** @returns undefined when there may be one more wake */
  take(client: string, group: string, nowMs: number): OverBudget | undefined {
    const { byClient, byGroup, all } = this.#current();
    // The client first: what it may not cause is not taken from the others.
    return (
      overBudget('client-budget', byClient.take(client, nowMs)) ??
      overBudget('group-budget', byGroup.take(group, nowMs)) ??
      overBudget('total-budget', all.take('', nowMs))
    );
  }

  #current(): Buckets {
    const settings = this.#settings();
    if (this.#buckets === undefined || !sameValue(this.#buckets.settings, settings))
      this.#buckets = bucketsOf(settings);
    return this.#buckets;
  }
}

interface Buckets {
  readonly settings: WakeBudgetSettings;
  readonly byClient: TokenBuckets;
  readonly byGroup: TokenBuckets;
  readonly all: TokenBuckets;
}

function bucketsOf(settings: WakeBudgetSettings): Buckets {
  const { clientPerMinute, perMinute } = settings;
  const bucketOf = (count: number, maxKeys?: number): TokenBuckets =>
    new TokenBuckets({ average: count, periodMs: MINUTE_MS, burst: count }, maxKeys);
  return {
    settings,
    byClient: bucketOf(clientPerMinute),
    byGroup: bucketOf(Math.ceil(perMinute * GROUP_SHARE)),
    all: bucketOf(perMinute, 2),
  };
}

function overBudget(budget: OverBudget['budget'], waitMs: number): OverBudget | undefined {
  return waitMs === 0 ? undefined : { budget, waitMs };
}
