import { sameValue, type Log, type WakeGroupView, type WakePlan, type WakeProgress } from '@dproxy/core';
import { isAsleep } from './decide-wake.ts';
import { FailedWakes } from './failed-wakes.ts';
import { GroupWake, WAKE_TIMING, type WakeOutcome, type WakeReport, type WakeTiming } from './group-wake.ts';
import { WakeBudget, type WakeBudgetSettings } from './wake-budget.ts';
import type { WakeEngine } from './wake-engine.ts';

/** What puts groups to sleep. */
export interface Sleeper {
  /** True: it sleeps because we put it to sleep, not by somebody's hand. */
  isOurs(groupId: string): boolean;
  /** Takes a group back that is on its way to sleep, or waits until it sleeps. */
  beforeWake(groupId: string): Promise<void>;
}

export interface WakerOptions {
  /** The newest plan of a group that the table names; undefined: there is none. */
  readonly plan: (groupId: string) => WakePlan | undefined;
  /** Whether the table has somebody ready for it, or needs nobody. */
  readonly isServed: (groupId: string) => boolean;
  /** Of the engine that has the group. @throws WakeTrouble */
  readonly engine: (groupId: string) => Promise<WakeEngine>;
  /** Tells all workers. */
  readonly publish: (progress: WakeProgress) => void;
  /** Tells the worker that asked. */
  readonly answer: (worker: number, progress: WakeProgress) => void;
  readonly budget: () => WakeBudgetSettings;
  readonly sleeper: Sleeper;
  readonly log: Log;
  readonly nowMs: () => number;
  readonly timing?: WakeTiming;
}

/** Groups that wait for their turn. */
const MAX_QUEUE = 64;
/** After which a client may try again where the engine is away or too much is going on. */
const RETRY_S = 5;
const MANUAL_RETRY_S = 60;

interface Run {
  /** In whose name something may still have to be started; undefined: that is paid, or free. */
  readonly client: string | undefined;
  /** Undefined while it waits for its turn. */
  wake: GroupWake | undefined;
  progress: WakeProgress;
  /** Whether it is awake. */
  readonly ended: PromiseWithResolvers<boolean>;
}

/**
 * Starts groups of containers that requests ask for: each once, however many ask, as far as budgets allow. It takes nobody's word
 * for it that a group exists: only what the table names has a plan.
 */
export class Waker {
  readonly #options: WakerOptions;
  readonly #failed: FailedWakes;
  readonly #runs = new Map<string, Run>();
  readonly #queue: string[] = [];
  readonly #running = new Set<Promise<void>>();
  /** Calls of wakes that are over. */
  readonly #settling = new Set<Promise<void>>();
  #budget: { readonly settings: WakeBudgetSettings; readonly budget: WakeBudget } | undefined;
  #isClosed = false;
  /** Requests for groups that are not in the table, or do not start by themselves. */
  ignored = 0;

  constructor(options: WakerOptions) {
    this.#options = options;
    this.#failed = new FailedWakes(options.nowMs);
  }

  /** A client of a worker asks for it. Costs nothing while it is being woken. */
  wake(groupId: string, client: string, worker: number): void {
    const plan = this.#options.plan(groupId);
    if (plan === undefined || !plan.autostart || this.#isClosed) {
      this.ignored += 1;
      return;
    }
    if (this.#runs.has(groupId)) return;
    const refusal = this.#failed.answer(plan) ?? this.#refuse(plan, client);
    if (refusal !== undefined) return this.#options.answer(worker, refusal);
    this.#options.log.info({ group: groupId, client }, 'a request wakes a group');
    this.#begin(plan, isAsleep(plan.members) ? undefined : client);
  }

  /** Without a request, so without a budget. Resolves to whether it is awake; never rejects. */
  async wakeUp(groupId: string): Promise<boolean> {
    const plan = this.#options.plan(groupId);
    if (plan === undefined || this.#isClosed) return false;
    return await (this.#runs.get(groupId) ?? this.#begin(plan, undefined)).ended.promise;
  }

  isWaking(groupId: string): boolean {
    return this.#runs.has(groupId);
  }

  /** Containers or the table have changed. */
  changed(): void {
    for (const { wake } of this.#runs.values()) wake?.poke();
  }

  view(plan: WakePlan): WakeGroupView {
    const run = this.#runs.get(plan.id);
    return {
      id: plan.id,
      name: plan.name,
      state: run === undefined ? (isAsleep(plan.members) ? 'asleep' : 'awake') : 'waking',
      message: run?.progress.message ?? '',
      members: plan.members.map(({ name, service, state, health }) => ({ name, service, state, health })),
      ...this.#failed.view(plan),
    };
  }

  /** Starts nothing more; containers that are being started are left to themselves. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#queue.length = 0;
    for (const { wake, ended } of this.#runs.values()) {
      if (wake === undefined) ended.resolve(false);
      else wake.stop();
    }
    await Promise.all(this.#running);
    await Promise.all(this.#settling);
  }

  #refuse(plan: WakePlan, client: string): WakeProgress | undefined {
    const { sleeper, nowMs } = this.#options;
    if (!plan.afterManualStop && wasStopped(plan) && !sleeper.isOurs(plan.id))
      return refused(plan.id, 'it was stopped by hand', MANUAL_RETRY_S);
    if (this.#runs.size >= this.#settings().concurrent + MAX_QUEUE)
      return refused(plan.id, 'too much is being started at the moment', RETRY_S);
    // Before it waits for its turn: who asks for everything does not fill the queue.
    const waitMs = isAsleep(plan.members) ? this.#budgetNow().take(client, nowMs()) : 0;
    return waitMs === 0 ? undefined : tooMuch(plan.id, client, Math.ceil(waitMs / 1_000));
  }

  #settings(): WakeBudgetSettings {
    return this.#options.budget();
  }

  #budgetNow(): WakeBudget {
    const settings = this.#settings();
    if (this.#budget === undefined || !sameValue(this.#budget.settings, settings))
      this.#budget = { settings, budget: new WakeBudget(settings) };
    return this.#budget.budget;
  }

  #begin({ id }: WakePlan, client: string | undefined): Run {
    const progress = waking(id, { message: 'it waits for its turn', steps: [], log: [] });
    const run: Run = { client, wake: undefined, progress, ended: Promise.withResolvers() };
    this.#runs.set(id, run);
    this.#queue.push(id);
    this.#next();
    if (run.wake === undefined) this.#options.publish(progress);
    return run;
  }

  #next(): void {
    while (this.#running.size < this.#settings().concurrent) {
      const groupId = this.#queue.shift();
      const run = groupId === undefined ? undefined : this.#runs.get(groupId);
      if (groupId === undefined || run === undefined) return;
      const running = this.#run(groupId, run).finally(() => {
        this.#running.delete(running);
        this.#next();
      });
      this.#running.add(running);
    }
  }

  async #run(groupId: string, run: Run): Promise<void> {
    const { plan, engine, isServed, sleeper, log, nowMs, timing = WAKE_TIMING } = this.#options;
    const beganMs = nowMs();
    run.wake = new GroupWake({
      plan: () => plan(groupId),
      engine: () => engine(groupId),
      isServed: () => isServed(groupId),
      mayStart: () => run.client === undefined || this.#budgetNow().take(run.client, nowMs()) === 0,
      report: (report) => this.#report(groupId, run, report),
      log,
      nowMs,
      timing,
    });
    await sleeper.beforeWake(groupId);
    const end = await run.wake.run();
    this.#settle(run.wake);
    this.#runs.delete(groupId);
    run.ended.resolve(end.state === 'awake');
    if (this.#isClosed) return;
    log[end.state === 'awake' ? 'info' : 'warn'](
      { group: groupId, tookMs: Math.round(nowMs() - beganMs), reason: end.message },
      `a group ${WORD_OF[end.state]}`,
    );
    this.#options.publish(this.#last(groupId, run, end));
  }

  #settle(wake: GroupWake): void {
    const settling = wake.settled().finally(() => this.#settling.delete(settling));
    this.#settling.add(settling);
  }

  #report(groupId: string, run: Run, report: WakeReport): void {
    const progress = waking(groupId, report);
    if (sameValue(progress, run.progress)) return;
    run.progress = progress;
    this.#options.publish(progress);
  }

  #last(groupId: string, { client = '' }: Run, { state, ...report }: WakeOutcome): WakeProgress {
    if (state === 'over-budget') return tooMuch(groupId, client, RETRY_S);
    if (state === 'awake') this.#failed.forget(groupId);
    if (state !== 'failed') return { group: groupId, state, ...report, retryAfterS: state === 'awake' ? 0 : RETRY_S };
    return this.#failed.note(groupId, this.#options.plan(groupId), report);
  }
}

const WORD_OF = {
  awake: 'is awake',
  failed: 'could not be woken',
  refused: 'was not woken',
  'over-budget': 'was not woken',
} as const;

function waking(group: string, report: WakeReport): WakeProgress {
  return { group, state: 'waking', retryAfterS: 0, ...report };
}

/** One that asks for too much does not turn away those who wait for the same group. */
function tooMuch(group: string, client: string, retryAfterS: number): WakeProgress {
  return { ...refused(group, 'too much was asked for', retryAfterS), client };
}

function refused(group: string, message: string, retryAfterS: number): WakeProgress {
  return { group, state: 'refused', message, retryAfterS, steps: [], log: [] };
}

/** One that was only made so far was stopped by nobody. */
function wasStopped({ members }: WakePlan): boolean {
  return members.some(({ state, startedMs }) => state !== 'running' && startedMs > 0);
}
