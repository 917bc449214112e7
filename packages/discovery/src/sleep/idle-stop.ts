import type { GroupActivity, WakePlan } from '@dproxy/core';
import { eachOf } from './each-of.ts';
import { IdleGroup } from './idle-group.ts';
import type { IdleVerdict } from './idle-judge.ts';
import { probeActivity } from './idle-probe.ts';
import { isQuiet } from './idle-questions.ts';
import { IdleRoutes } from './idle-routes.ts';
import type { IdleStopOptions, IdleView } from './idle-stop-options.ts';
import { AwakeKeeper } from './awake-keeper.ts';
import { SleepMarks } from './sleep-marks.ts';
import { stillAsleep } from './sleep-records.ts';
import { SleepRun, type SleepEngine, type SleepOutcome } from './sleep-run.ts';
import { WakeTrouble } from '../wake/wake-trouble.ts';

const MIN_PAUSE_MS = 250;
const MAX_PAUSE_MS = 5_000;
/** Groups of which CPUs and probes are asked at the same time, */
const MAX_ASKED = 4;
/** and of those on their way to sleep: each is a change of the table. The others wait for the next look. */
const MAX_LEAVING = 16;
/** Those that do not want to end are counted no longer: they have up to ten minutes, and would keep all others awake. */
const LEAVING_MS = 30_000;

/** What all workers say together; undefined: not all of them have spoken. */
type Activities = ReadonlyMap<string, GroupActivity> | undefined;

/**
 * Puts groups to sleep that nobody uses, and wakes them when an awake time begins. One look at all of them after the other, as
 * often as the shortest idle time needs; none while no plan asks for it. Level-triggered: what a look finds is all that counts.
 */
export class IdleStop {
  readonly #options: IdleStopOptions;
  readonly #keeper: AwakeKeeper;
  readonly #marks: SleepMarks;
  readonly #groups = new Map<string, IdleGroup>();
  readonly #closing = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;
  #routes: { readonly version: number; readonly routes: IdleRoutes } | undefined;
  #sleeps = 0;

  constructor(options: IdleStopOptions) {
    this.#options = options;
    this.#keeper = new AwakeKeeper(options);
    this.#marks = new SleepMarks(options.table);
  }

  /** The plans of one source, all of them; none when it is followed no longer. */
  setPlans(source: string, plans: readonly WakePlan[]): void {
    const wanted = new Map(plans.map((plan) => [plan.id, plan]));
    for (const [id, group] of this.#groups) if (group.source === source && !wanted.has(id)) this.#forget(id, group);
    for (const plan of plans) this.#follow(source, plan);
    this.#prune(source, wanted);
    // A timer that runs is left alone: events that come all the time must not put off the look for ever.
    if (!this.#isLooking && this.#timer === undefined) this.#wait();
  }

  /**
   * To be awaited before a group is started: takes it back where it is on its way to sleep, or waits until it sleeps. Resolves at
   * once otherwise. Never rejects.
   */
  async beforeWake(group: string): Promise<void> {
    const known = this.#groups.get(group);
    if (known?.run === undefined) return;
    known.noteUse(this.#options.nowMs(), 'a request came');
    known.run.cancel();
    await known.run.released;
  }

  /** Ids of the containers that sleep because they were put to sleep here, not by somebody's hand. */
  asleepByUs(group: string): ReadonlySet<string> {
    const record = this.#options.records.get(group);
    const members = this.#groups.get(group)?.plan.members ?? [];
    return record === undefined ? new Set() : stillAsleep(record, members);
  }

  /** Whether any of it does. */
  isOurs(group: string): boolean {
    return this.asleepByUs(group).size > 0;
  }

  /** How often a group was put to sleep since the start. */
  get sleeps(): number {
    return this.#sleeps;
  }

  /** Of the groups that it may put to sleep. */
  describe(): readonly IdleView[] {
    return [...this.#groups].flatMap(([id, group]) => (group.plan.idleMs === 0 ? [] : [this.#describe(id, group)]));
  }

  /**
   * Puts nothing to sleep any more; resolves when what was on its way is in the table again. What an engine was asked for by then, it
   * does all the same, and the book has it.
   */
  async stop(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#timer);
    const runs = [...this.#groups.values()].flatMap(({ run }) => (run?.cancel() === true ? [run.released] : []));
    await Promise.all(runs);
  }

  #describe(id: string, group: IdleGroup): IdleView {
    const { plan, run, runningIds, verdict } = group;
    const isRunning = runningIds.length > 0;
    const idleMs = isRunning ? Math.round(group.idleMs(this.#options.nowMs())) : 0;
    return {
      group: id,
      state: run === undefined ? verdict.state : 'leaving',
      reason: run === undefined ? verdict.reason : '',
      idleMs,
      leftMs: isRunning ? Math.max(0, plan.idleMs - idleMs) : 0,
      isOurs: this.isOurs(id),
    };
  }

  #follow(source: string, plan: WakePlan): void {
    const group = this.#groups.get(plan.id) ?? new IdleGroup(source, plan);
    this.#groups.set(plan.id, group);
    group.follow(plan, this.#options.nowMs());
  }

  #forget(id: string, group: IdleGroup): void {
    this.#groups.delete(id);
    this.#keeper.forget(id);
    group.run?.follow([]);
  }

  /** What is recorded of groups that were started since, or are gone. */
  #prune(source: string, wanted: ReadonlyMap<string, WakePlan>): void {
    const { records } = this.#options;
    for (const id of records.groups()) {
      if (!id.startsWith(`${source}/`)) continue;
      const plan = wanted.get(id);
      const record = records.get(id);
      if (plan === undefined) records.forget(id);
      else if (
        record !== undefined &&
        this.#groups.get(id)?.run === undefined &&
        stillAsleep(record, plan.members).size === 0
      )
        records.remove(id);
    }
  }

  #wait(): void {
    const { minPauseMs = MIN_PAUSE_MS } = this.#options;
    const pauses = [...this.#groups.values()].flatMap(({ plan }) => pauseMs(plan, minPauseMs) ?? []);
    if (pauses.length === 0 || this.#closing.signal.aborted) return;
    this.#timer = setTimeout(() => this.#begin(), Math.min(...pauses));
    this.#timer.unref();
  }

  #begin(): void {
    this.#timer = undefined;
    this.#isLooking = true;
    void this.#look()
      .catch((error: unknown) => this.#options.log.error({ error }, 'groups cannot be looked at for idle stop'))
      .finally(() => {
        this.#isLooking = false;
        this.#wait();
      });
  }

  async #look(): Promise<void> {
    const resting = [...this.#groups.values()].filter(({ run }) => run === undefined);
    for (const group of resting) this.#keeper.keep(group);
    const running = resting.filter(({ plan, runningIds }) => plan.idleMs > 0 && runningIds.length > 0);
    if (running.length === 0) return;
    const activities = await this.#ask();
    const silent = running.filter((group) => this.#judge(group, activities).state === 'silent');
    const awaySources = new Set<string>();
    await eachOf(silent, MAX_ASKED, (group) => this.#consider(group, awaySources));
  }

  async #ask(): Promise<Activities> {
    const { groups, complete } = await this.#options.workers.activity();
    return complete ? new Map(groups.map((activity) => [activity.group, activity])) : undefined;
  }

  #judge(group: IdleGroup, activities: Activities): IdleVerdict {
    const { id, members } = group.plan;
    const before = group.verdict;
    const ids = members.map(({ containerId }) => containerId);
    const verdict = group.judge({
      activity: activities === undefined ? undefined : (activities.get(id) ?? UNUSED),
      isAwakeTime: this.#keeper.isAwakeTime(group),
      isWaking: this.#options.isWaking(id) || this.#keeper.isWaking(group),
      unwakeable: this.#currentRoutes()?.unwakeable(id, ids) ?? 'there is no table yet',
      nowMs: this.#options.nowMs(),
    });
    if (verdict.state === 'awake' && verdict.reason !== before.reason)
      this.#options.log.debug({ group: id, reason: verdict.reason }, 'a group stays awake');
    return verdict;
  }

  /** Worked out once for each table, and only when somebody asks. */
  #currentRoutes(): IdleRoutes | undefined {
    const { snapshot } = this.#options.table;
    if (snapshot === undefined) return undefined;
    if (this.#routes?.version !== snapshot.version)
      this.#routes = { version: snapshot.version, routes: new IdleRoutes(snapshot) };
    return this.#routes.routes;
  }

  /** @param awaySources engines that did not answer in this look: their other groups do not wait for each time-out of theirs, too */
  async #consider(group: IdleGroup, awaySources: Set<string>): Promise<void> {
    if (awaySources.has(group.source)) return;
    const { log, engineOf, nowMs, probe = probeActivity } = this.#options;
    const { signal } = this.#closing;
    try {
      const engine = await engineOf(group.source);
      const ids = group.plan.members.map(({ containerId }) => containerId);
      const backends = this.#currentRoutes()?.backendsOf(group.plan.id, ids) ?? [];
      if (!(await isQuiet(group, { engine, backends, probe, signal, nowMs }))) return;
      if (this.#countLeaving() < MAX_LEAVING && !signal.aborted) this.#leave(group, engine);
    } catch (error) {
      group.noteRefusal(nowMs());
      if (error instanceof WakeTrouble && (error.kind === 'away' || error.kind === 'slow'))
        awaySources.add(group.source);
      log.warn({ group: group.plan.id, error }, 'whether a group is idle cannot be asked; it stays awake');
    }
  }

  #leave(group: IdleGroup, engine: SleepEngine): void {
    const { workers, records, wallMs, nowMs } = this.#options;
    const idleMs = group.idleMs(nowMs());
    const run = new SleepRun({
      plan: group.plan,
      engine,
      marks: this.#marks,
      records,
      whenServed: (version) => workers.whenServed(version),
      askAgain: async () => this.#judge(group, await this.#ask()).reason,
      wallMs,
      signal: this.#closing.signal,
    });
    group.run = run;
    group.leftMs = nowMs();
    void run.run().then((outcome) => this.#end(group, outcome, idleMs));
  }

  #countLeaving(): number {
    const sinceMs = this.#options.nowMs() - LEAVING_MS;
    return [...this.#groups.values()].filter(({ run, leftMs }) => run !== undefined && leftMs > sinceMs).length;
  }

  #end(group: IdleGroup, { state, reason, error }: SleepOutcome, idleMs: number): void {
    const { log, nowMs } = this.#options;
    const { id, name, method } = group.plan;
    group.run = undefined;
    if (this.#closing.signal.aborted) return;
    switch (state) {
      case 'asleep':
        this.#sleeps++;
        log.info({ group: id, name, method, idleMs: Math.round(idleMs) }, 'a group is put to sleep: nobody uses it');
        return;
      case 'back':
        group.noteUse(nowMs(), reason);
        log.debug({ group: id, reason }, 'a group is not put to sleep after all');
        return;
      case 'failed':
        group.noteRefusal(nowMs());
        log.error({ group: id, name, error }, 'a group cannot be put to sleep');
        return;
      default:
        state satisfies never;
    }
  }
}

const UNUSED = { open: 0, idleMs: Number.POSITIVE_INFINITY };

/** Undefined: nobody has to look at it. */
function pauseMs({ idleMs, awake }: WakePlan, minMs: number): number | undefined {
  if (idleMs === 0) return awake.length === 0 ? undefined : MAX_PAUSE_MS;
  return Math.min(MAX_PAUSE_MS, Math.max(minMs, idleMs / 4));
}
