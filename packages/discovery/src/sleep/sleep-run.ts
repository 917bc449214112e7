import type { WakeMember, WakePlan } from '@dproxy/core';
import type { CpuSample } from './idle-cpu.ts';
import { isRunning } from './idle-judge.ts';
import type { SleepMarks } from './sleep-marks.ts';
import { stopOrder } from './stop-order.ts';
import { isAsleepSince, type SleepRecord, type SleepRecords } from './sleep-records.ts';

/** What is asked of an engine; each call ends, and none but `cpu` is repeated. */
export interface SleepEngine {
  /** With the container's own stop time-out; resolves when it has ended. */
  stop(containerId: string): Promise<void>;
  pause(containerId: string): Promise<void>;
  /** Undefined: it is not there, or does not run. */
  cpu(containerId: string): Promise<CpuSample | undefined>;
}

export interface SleepRunOptions {
  readonly plan: WakePlan;
  readonly engine: SleepEngine;
  readonly marks: SleepMarks;
  readonly records: Pick<SleepRecords, 'add' | 'remove' | 'get'>;
  /** True once every worker serves this version or a newer one, false when that takes too long. */
  readonly whenServed: (version: number) => Promise<boolean>;
  /** Asks all workers once more. Why the group must stay awake; empty: it may go. */
  readonly askAgain: () => Promise<string>;
  /** Epoch milliseconds. */
  readonly wallMs: () => number;
}

export interface SleepOutcome {
  /** `failed`: the engine did not do it; some of it may be asleep. */
  readonly state: 'asleep' | 'back' | 'failed';
  /** Why it is not asleep. */
  readonly reason: string;
  readonly error?: unknown;
}

/** An engine tells of the end of a container in a blink; where it does not, the table is told the truth as it is known. */
const SETTLE_MS = 10_000;

/**
 * One group on its way to sleep. Nobody is asked to stop before every worker holds new requests for it and has nothing open; until
 * then a request takes it back.
 *
 * ```
 * leaving: out of the table, all workers know, ask them once more --+--> stopping --> settling --> asleep
 *    |                                                              |       |  (the engine tells of the end)
 *    +-- woken, in use, or a worker is silent --> back              |       +-- the engine refuses --> failed
 * ```
 */
export class SleepRun {
  readonly #options: SleepRunOptions;
  readonly #members: readonly WakeMember[];
  readonly #settled = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  readonly #cancelled = Promise.withResolvers<void>();
  #state: 'leaving' | 'stopping' | 'settling' | SleepOutcome['state'] = 'leaving';
  #latest: readonly WakeMember[];
  /** What sleeps of it since an attempt that went half-way: still our doing, whatever becomes of this one. */
  readonly #before: SleepRecord | undefined;

  constructor(options: SleepRunOptions) {
    this.#options = options;
    this.#latest = options.plan.members;
    this.#before = halfAsleep(options);
    this.#members = options.plan.members.filter(isRunning);
  }

  /** Nothing of it is on its way any more: it runs and is in the table, or it sleeps. Never rejects. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Takes the group back, at once, unless the engine has been asked by now. @returns whether it could be taken back */
  cancel(): boolean {
    if (this.#state !== 'leaving') return false;
    this.#state = 'back';
    this.#cancelled.resolve();
    void this.#options.marks.remove(this.#ids());
    return true;
  }

  /** What the source says of its containers now. */
  follow(members: readonly WakeMember[]): void {
    this.#latest = members;
    if (this.#state === 'settling' && this.#hasEnded()) this.#settled.resolve();
  }

  /** Once. Never rejects. */
  async run(): Promise<SleepOutcome> {
    try {
      const outcome = await this.#leave();
      return outcome ?? (await this.#stop());
    } catch (error) {
      this.#state = 'failed';
      return { state: 'failed', reason: error instanceof Error ? error.message : String(error), error };
    } finally {
      await this.#options.marks.remove(this.#ids());
      this.#ended.resolve();
    }
  }

  /** Undefined: nothing is open, and what comes is held. */
  async #leave(): Promise<SleepOutcome | undefined> {
    const { plan, marks, records, whenServed, askAgain, wallMs } = this.#options;
    const version = await marks.add(this.#ids(), plan.method === 'pause' ? 'paused' : 'stopped');
    if ((await this.#unlessCancelled(whenServed(version))) !== true)
      return await this.#back('not all workers have taken the table');
    const leaving = this.#members.map(({ containerId, startedMs }) => ({ id: containerId, startedMs }));
    const containers = [...(this.#before?.containers ?? []), ...leaving];
    // Before the first one is stopped: a primary that ends half-way must know afterwards whose doing it was.
    await records.add({ group: plan.id, method: plan.method, sinceMs: wallMs(), containers });
    const reason = await this.#unlessCancelled(askAgain());
    if (reason !== '') return await this.#back(reason ?? '');
    if (!this.#isSame()) return await this.#back('its containers have changed');
    // Here, not a moment later: a wake that comes now has to wait for the end.
    this.#state = 'stopping';
    return undefined;
  }

  /** Undefined once it is taken back: whoever wakes it does not wait for a worker that is slow. */
  async #unlessCancelled<T>(step: Promise<T>): Promise<T | undefined> {
    const found = await Promise.race([step, this.#cancelled.promise.then(() => undefined)]);
    return this.#isTakenBack() ? undefined : found;
  }

  async #back(found: string): Promise<SleepOutcome> {
    const reason = this.#isTakenBack() ? 'a request came' : found;
    this.#state = 'back';
    const { records, plan } = this.#options;
    if (this.#before === undefined) records.remove(plan.id);
    else await records.add(this.#before);
    return { state: 'back', reason };
  }

  async #stop(): Promise<SleepOutcome> {
    const { plan, engine } = this.#options;
    const steps = plan.method === 'pause' ? [this.#members] : stopOrder(this.#members);
    for (const step of steps) {
      // oxlint-disable-next-line no-await-in-loop -- whoever needs others has ended before them
      const calls = await Promise.allSettled(
        step.map(({ containerId }) => (plan.method === 'pause' ? engine.pause(containerId) : engine.stop(containerId))),
      );
      const failed = calls.find(({ status }) => status === 'rejected');
      // All of a step have had their answer: nothing of ours is under way when a wake comes.
      if (failed?.status === 'rejected') throw failed.reason;
    }
    this.#state = 'settling';
    await this.#settle();
    this.#state = 'asleep';
    return { state: 'asleep', reason: '' };
  }

  /** Else the table would call them ready for as long as the engine's word takes. */
  async #settle(): Promise<void> {
    if (this.#hasEnded()) return;
    const timer = setTimeout(() => this.#settled.resolve(), SETTLE_MS);
    await this.#settled.promise;
    clearTimeout(timer);
  }

  /** None of the runs that were ended is told of any more; another run of the same container is somebody's new start. */
  #hasEnded(): boolean {
    const runs = new Set(this.#members.map(runOf));
    return !this.#latest.some((member) => isRunning(member) && runs.has(runOf(member)));
  }

  #isTakenBack(): boolean {
    return this.#state === 'back';
  }

  /** The same runs of the same containers: none was added, removed, stopped or started meanwhile. */
  #isSame(): boolean {
    const now = this.#latest.filter(isRunning).map(runOf);
    return now.sort().join() === this.#members.map(runOf).sort().join();
  }

  #ids(): readonly string[] {
    return this.#members.map(({ containerId }) => containerId);
  }
}

/** Undefined: nothing of it sleeps by us, or in another way than it is to sleep now. */
function halfAsleep({ plan, records }: SleepRunOptions): SleepRecord | undefined {
  const record = records.get(plan.id);
  if (record?.method !== plan.method) return undefined;
  const containers = record.containers.filter((container) => isAsleepSince(container, record.method, plan.members));
  return containers.length === 0 ? undefined : { ...record, containers };
}

function runOf({ containerId, startedMs }: WakeMember): string {
  return `${containerId}@${startedMs}`;
}
