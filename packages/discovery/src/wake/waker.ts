import { sameValue, type Log, type WakeGroupView, type WakePlan, type WakeProgress } from '@dproxy/core';
import type { IdleStop } from '../sleep/idle-stop.ts';
import { FailedWakes } from './failed-wakes.ts';
import { GroupWake, WAKE_TIMING, type WakeOutcome, type WakeReport, type WakeTiming } from './group-wake.ts';
import { wakeableOf, withoutMembers, type Wakeable } from './left-stopped.ts';
import { Turns } from './turns.ts';
import { refused, tooMuch, waking } from './wake-answers.ts';
import { WakeBudget, type OverBudget, type WakeBudgetSettings } from './wake-budget.ts';
import type { WakeEngine } from './wake-engine.ts';
import { WakeTally, type WakeEnd, type WakeRefusal } from './wake-tally.ts';

export interface WakerOptions {
  /** The newest plan of a group that the table names; undefined: there is none. */
  readonly plan: (groupId: string) => WakePlan | undefined;
  /** Whether the table has somebody ready for each of its routes, but for those that lead to these containers only; or needs nobody. */
  readonly isServed: (groupId: string, left: ReadonlySet<string>) => boolean;
  /** Its routes for which nobody is ready while others have somebody. Default none. */
  readonly unserved?: (groupId: string) => readonly string[];
  /** Ids of the containers that its routes lead to; empty: of a container that is not known. Default none. */
  readonly servers?: (groupId: string) => ReadonlySet<string>;
  /** Of the engine that has the group. @throws WakeTrouble */
  readonly engine: (groupId: string) => Promise<WakeEngine>;
  /** Tells all workers. */
  readonly publish: (progress: WakeProgress) => void;
  /** Tells the worker that asked. */
  readonly answer: (worker: number, progress: WakeProgress) => void;
  readonly budget: () => WakeBudgetSettings;
  readonly idleStop: Pick<IdleStop, 'asleepByUs' | 'beforeWake'>;
  readonly log: Log;
  readonly nowMs: () => number;
  readonly timing?: WakeTiming;
}

/** Groups that wait for their turn, */
const MAX_QUEUE = 64;
/** and all that are being woken, most of which only wait until they are ready: each is looked at again and again. */
const MAX_RUNS = 256;
/** After which a client may try again where the engine is away or too much is going on. */
const RETRY_S = 5;
const MANUAL_RETRY_S = 60;
const STOPPED_BY_HAND = 'it was stopped by hand';

interface Refusal {
  readonly why: WakeRefusal;
  readonly answer: WakeProgress;
}

interface Run {
  /** Ids of the containers that are left as they are. */
  readonly left: ReadonlySet<string>;
  /** In whose name something may still have to be started; undefined: that is paid, or free. */
  readonly client: string | undefined;
  /** Undefined while it waits for its turn. */
  wake: GroupWake | undefined;
  progress: WakeProgress;
  /** Why nothing was started in its client's name. */
  over: OverBudget | undefined;
  /** Something has to be started. False as long as it only waits for what runs. */
  isStart: boolean;
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
  readonly #turns: Turns;
  readonly #tally: WakeTally;
  readonly #running = new Set<Promise<void>>();
  /** Calls of wakes that are over. */
  readonly #settling = new Set<Promise<void>>();
  readonly #budget: WakeBudget;
  #isClosed = false;
  /** Requests for groups that are not in the table, or do not start by themselves. */
  ignored = 0;

  constructor(options: WakerOptions) {
    this.#options = options;
    this.#failed = new FailedWakes(options.nowMs, (group) => this.#unserved(group));
    this.#tally = new WakeTally(options);
    this.#budget = new WakeBudget(options.budget);
    this.#turns = new Turns(() => this.#options.budget().concurrent);
  }

  /** A client of a worker asks for it. Costs nothing while it is being woken. */
  wake(groupId: string, client: string, worker: number): void {
    const plan = this.#options.plan(groupId);
    if (plan === undefined || !plan.autostart || this.#isClosed) {
      this.ignored += 1;
      return;
    }
    if (this.#runs.has(groupId)) return;
    const refusal = this.#refuse(plan, client);
    if (refusal !== undefined) {
      this.#tally.refused({ group: groupId, name: plan.name, client, why: refusal.why });
      return this.#options.answer(worker, refusal.answer);
    }
    const { left, isAsleep } = this.#wakeable(plan);
    if (isAsleep) this.#logRequest(groupId, client);
    this.#begin(plan, { client: isAsleep ? undefined : client, left });
  }

  /** What became of wakes since the start, by outcome. */
  get counts(): ReadonlyMap<WakeEnd, number> {
    return this.#tally.counts;
  }

  /** Without a request, so without a budget. Resolves to whether it is awake; never rejects. */
  async wakeUp(groupId: string): Promise<boolean> {
    const plan = this.#options.plan(groupId);
    if (plan === undefined || this.#isClosed) return false;
    return await (this.#runs.get(groupId) ?? this.#begin(plan, { client: undefined, left: new Set() })).ended.promise;
  }

  isWaking(groupId: string): boolean {
    return this.#runs.has(groupId);
  }

  /** Containers or the table have changed. */
  changed(): void {
    for (const { wake } of this.#runs.values()) wake?.poke();
  }

  /** All of it but what puts it to sleep. */
  view(plan: WakePlan): Omit<WakeGroupView, 'idle'> {
    const run = this.#runs.get(plan.id);
    const { isOff, isAsleep } = this.#wakeable(plan);
    return {
      id: plan.id,
      name: plan.name,
      state: run === undefined ? (isOff || isAsleep ? 'asleep' : 'awake') : 'waking',
      message: run?.progress.message ?? this.#whyLeftAlone(plan),
      members: plan.members.map(({ name, service, state, health }) => ({ name, service, state, health })),
      ...this.#failed.view(plan),
    };
  }

  /** Starts nothing more; containers that are being started are left to themselves. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#turns.close();
    for (const { wake } of this.#runs.values()) wake?.stop();
    await Promise.all(this.#running);
    await Promise.all(this.#settling);
  }

  #refuse(plan: WakePlan, client: string): Refusal | undefined {
    const failure = this.#failed.answer(plan);
    if (failure !== undefined) return { why: 'back-off', answer: failure };
    const { isOff, isAsleep } = this.#wakeable(plan);
    if (isOff) return { why: 'by-hand', answer: refused(plan.id, STOPPED_BY_HAND, MANUAL_RETRY_S) };
    const queued = this.#runs.values().reduce((count, { wake }) => count + Number(wake === undefined), 0);
    if (this.#runs.size >= MAX_RUNS || queued >= this.#options.budget().concurrent + MAX_QUEUE)
      return { why: 'crowded', answer: refused(plan.id, 'too much is being started at the moment', RETRY_S) };
    // Before it waits for its turn: who asks for everything does not fill the queue.
    const over = isAsleep ? this.#takeFromBudget(plan.id, client) : undefined;
    if (over === undefined) return undefined;
    return { why: over.budget, answer: tooMuch(plan.id, client, Math.ceil(over.waitMs / 1_000)) };
  }

  #takeFromBudget(groupId: string, client: string): OverBudget | undefined {
    return this.#budget.take(client, groupId, this.#options.nowMs());
  }

  #planFor(groupId: string, { left }: Run): WakePlan | undefined {
    const plan = this.#options.plan(groupId);
    return plan === undefined ? undefined : withoutMembers(plan, left);
  }

  #wakeable(plan: WakePlan): Wakeable {
    const { idleStop, servers } = this.#options;
    return wakeableOf(plan, idleStop.asleepByUs(plan.id), servers?.(plan.id) ?? new Set());
  }

  /** Why a request does not start it; empty: it does, or it is awake. */
  #whyLeftAlone(plan: WakePlan): string {
    const { isOff, isAsleep } = this.#wakeable(plan);
    if (!plan.autostart && (isOff || isAsleep)) return 'a request does not start it: wake.autostart';
    return isOff ? STOPPED_BY_HAND : '';
  }

  #begin({ id }: WakePlan, { client, left }: Pick<Run, 'client' | 'left'>): Run {
    const progress = waking(id, { message: 'it waits for its turn', steps: [], log: [] });
    const run: Run = {
      client,
      left,
      wake: undefined,
      progress,
      over: undefined,
      isStart: client === undefined,
      ended: Promise.withResolvers(),
    };
    this.#runs.set(id, run);
    const running = this.#run(id, run).finally(() => this.#running.delete(running));
    this.#running.add(running);
    return run;
  }

  async #run(groupId: string, run: Run): Promise<void> {
    const { idleStop, nowMs } = this.#options;
    const beganMs = nowMs();
    // Before it takes its turn: what does not want to end would keep all others from theirs.
    await idleStop.beforeWake(groupId);
    if (!this.#turns.isFree && !this.#isClosed) this.#options.publish(run.progress);
    const giveBack = await this.#turns.take();
    const end = this.#isClosed ? undefined : await this.#wake(groupId, run, giveBack);
    giveBack();
    this.#runs.delete(groupId);
    run.ended.resolve(end?.state === 'awake' || end?.state === 'partly');
    if (end !== undefined && !this.#isClosed) this.#tell(groupId, run, end, nowMs() - beganMs);
  }

  async #wake(groupId: string, run: Run, onStarted: () => void): Promise<WakeOutcome> {
    const { engine, isServed, log, nowMs, timing = WAKE_TIMING } = this.#options;
    run.wake = new GroupWake({
      plan: () => this.#planFor(groupId, run),
      engine: () => engine(groupId),
      isServed: () => isServed(groupId, run.left),
      isPartlyServed: () => this.#unserved(groupId).length > 0,
      mayStart: () => this.#mayStart(groupId, run),
      report: (report) => this.#report(groupId, run, report),
      onStarted,
      log,
      nowMs,
      timing,
    });
    const end = await run.wake.run();
    this.#settle(run.wake);
    return end;
  }

  /** What ran when it was asked for has ended meanwhile, unless all of that is done already. */
  #mayStart(groupId: string, run: Run): boolean {
    run.isStart = true;
    if (run.client === undefined) return true;
    run.over = this.#takeFromBudget(groupId, run.client);
    if (run.over !== undefined) return false;
    this.#logRequest(groupId, run.client);
    return true;
  }

  #logRequest(group: string, client: string): void {
    const name = this.#options.plan(group)?.name ?? '';
    this.#options.log.info({ group, name, client }, 'a request wakes a group');
  }

  #tell(groupId: string, run: Run, end: WakeOutcome, tookMs: number): void {
    const { client = '', over } = run;
    const name = this.#options.plan(groupId)?.name ?? '';
    if (end.state === 'over-budget') {
      this.#tally.refused({ group: groupId, name, client, why: over?.budget ?? 'client-budget' });
      return this.#options.publish(tooMuch(groupId, client, RETRY_S));
    }
    const { state, message: reason } = end;
    const unserved = state === 'partly' ? this.#unserved(groupId) : [];
    this.#tally.ended({ group: groupId, name, state, tookMs, reason, unserved, isStart: run.isStart });
    this.#options.publish(this.#last(groupId, end.state, end));
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

  #unserved(groupId: string): readonly string[] {
    return this.#options.unserved?.(groupId) ?? [];
  }

  #last(
    groupId: string,
    state: 'awake' | 'partly' | 'failed' | 'refused',
    { message, steps, log }: WakeReport,
  ): WakeProgress {
    const report = { message, steps, log };
    if (state === 'awake') this.#failed.forget(groupId);
    if (state === 'awake' || state === 'refused')
      return { group: groupId, state, ...report, retryAfterS: state === 'awake' ? 0 : RETRY_S };
    return this.#failed.note(groupId, this.#options.plan(groupId), report);
  }
}
