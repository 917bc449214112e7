import type { EngineEndpoint, Log, Snapshot, SourceState, WakeGroupView, WakeProgress } from '@dproxy/core';
import { Waker, WakeTrouble, type IdleStop, type WakeBudgetSettings, type WakeEngine } from '@dproxy/discovery';
import { ServedGroups } from './served-groups.ts';
import { WakeEngines } from './wake-engines.ts';
import { WakePlans } from './wake-plans.ts';

export interface WakingParts {
  readonly log: Log;
  readonly snapshot: () => Snapshot | undefined;
  readonly endpoints: () => readonly EngineEndpoint[];
  readonly budget: () => WakeBudgetSettings;
  /** Tells all workers. */
  readonly publish: (progress: WakeProgress) => void;
  /** Tells one of them. */
  readonly answer: (worker: number, progress: WakeProgress) => void;
}

/** What puts groups to sleep, as far as waking asks it. */
type AskedIdleStop = Pick<IdleStop, 'asleepByUs' | 'beforeWake' | 'describe'>;

/** Groups of containers that requests wake. */
export interface Waking {
  readonly waker: Waker;
  readonly plans: WakePlans;
  /** Of an engine, by its source. @throws WakeTrouble */
  engineOf(source: string): Promise<WakeEngine>;
  /** To be called with every word of an engine, */
  follow(state: SourceState): void;
  /** when an engine is followed no longer, */
  forget(source: string): void;
  /** and after every table. */
  published(): void;
  /** What puts groups to sleep, once there is something that does. */
  attach(idleStop: AskedIdleStop): void;
  views(): readonly WakeGroupView[];
}

/** Nobody puts anything to sleep: what sleeps was stopped by hand. */
const NO_IDLE_STOP: AskedIdleStop = { asleepByUs: () => new Set(), beforeWake: async () => {}, describe: () => [] };

export function openWaking(parts: WakingParts, opened: AsyncDisposableStack): Waking {
  const plans = new WakePlans();
  const served = new ServedGroups(parts.snapshot);
  const engines = new WakeEngines(parts.endpoints);
  let idleStop = NO_IDLE_STOP;
  const waker = new Waker({
    // What no route leads to has no host that was declared.
    plan: (group) => (parts.snapshot()?.wakeGroups.has(group) === true ? plans.find(group)?.plan : undefined),
    isServed: (group, left) => served.isServed(group, left),
    servers: (group) => served.servers(group),
    unserved: (group) => served.unserved(group),
    engine: async (group) => {
      const source = plans.find(group)?.source;
      if (source === undefined) throw new WakeTrouble('failed', 'it is not there any more');
      return await engines.of(source);
    },
    publish: parts.publish,
    answer: parts.answer,
    budget: parts.budget,
    idleStop: { asleepByUs: (group) => idleStop.asleepByUs(group), beforeWake: (group) => idleStop.beforeWake(group) },
    log: parts.log,
    nowMs: () => performance.now() + performance.timeOrigin,
  });
  opened.defer(async () => {
    const closed = waker.close();
    // Cuts calls that would take long; what an engine was asked for, it does all the same.
    engines.close();
    await closed;
  });
  return {
    waker,
    plans,
    engineOf: (source) => engines.of(source),
    follow: (state) => {
      if (plans.set(state)) waker.changed();
    },
    forget: (source) => plans.remove(source),
    published: () => waker.changed(),
    attach: (next) => void (idleStop = next),
    views: () => {
      const idle = new Map(idleStop.describe().map(({ group, ...view }) => [group, view]));
      return plans.all().map((plan) => ({ ...waker.view(plan), idle: idle.get(plan.id) ?? null }));
    },
  };
}
