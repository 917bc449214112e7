import type { WakeMember, WakePlan } from '@dproxy/core';
import { wakeTrouble } from '../wake/wake-trouble.ts';
import { Endings, runOf, type EngineLook } from './endings.ts';
import type { CpuSample } from './idle-cpu.ts';
import { isRunning } from './idle-judge.ts';
import type { SleepMarks } from './sleep-marks.ts';
import { stopOrder } from './stop-order.ts';
import { isAsleepSince, type SleepRecord, type SleepRecords } from './sleep-records.ts';

/** What is asked of an engine; each call ends, and none but `cpu` is repeated. */
export interface SleepEngine {
  readonly look: EngineLook;
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
  /** dproxy ends: what the engine was asked for is left to it. */
  readonly signal: AbortSignal;
}

export interface SleepOutcome {
  /** `failed`: the engine did not do it; some of it may be asleep. */
  readonly state: 'asleep' | 'back' | 'failed';
  /** Why it is not asleep. */
  readonly reason: string;
  readonly error?: unknown;
}

/**
 * One group on its way to sleep. Nobody is asked to stop before every worker holds new requests for it and has nothing open; until
 * then a request takes it back.
 *
 * ```
 * leaving: out of the table, all workers know, ask them once more --+--> stopping --> settling --> asleep
 *    |                                                              |       |  (the source hears of the end)
 *    +-- woken, in use, or a worker is silent --> back              |       +-- one goes on --> failed
 * ```
 */
export class SleepRun {
  readonly #options: SleepRunOptions;
  readonly #members: readonly WakeMember[];
  readonly #endings: Endings;
  readonly #released = Promise.withResolvers<void>();
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
    this.#endings = new Endings({
      look: (id) => options.engine.look(id),
      members: options.plan.members,
      onGoingOn: (ids) => void options.marks.remove(ids),
      onOverdue: () => this.#released.resolve(),
      signal: options.signal,
    });
  }

  /** It may be started: it runs and is in the table, or its engine has nothing more to do to put it to sleep. Never rejects. */
  get released(): Promise<void> {
    return this.#released.promise;
  }

  /** Takes the group back, at once, unless the engine has been asked by now. @returns whether it could be taken back */
  cancel(): boolean {
    this.#endings.want();
    if (this.#state !== 'leaving') return false;
    this.#state = 'back';
    this.#cancelled.resolve();
    void this.#options.marks.remove(this.#ids());
    return true;
  }

  /** What the source says of its containers now. */
  follow(members: readonly WakeMember[]): void {
    this.#latest = members;
    this.#endings.follow(members);
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
      this.#released.resolve();
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
    const { plan, marks } = this.#options;
    const steps = plan.method === 'pause' ? [this.#members] : stopOrder(this.#members);
    const refusals: unknown[] = [];
    for (const step of steps) {
      // oxlint-disable-next-line no-await-in-loop -- whoever needs others has ended before them
      refusals.push(...(await Promise.all(step.map((member) => this.#endOne(member)))).filter(Boolean));
      // All of a step have had their answer: nothing of ours is under way when a wake comes.
      if (refusals.length > 0) break;
    }
    this.#state = 'settling';
    const asked = this.#endings.asked;
    await marks.remove(this.#ids().filter((id) => !asked.has(id)));
    const running = await this.#endings.settle();
    const [error] = refusals;
    if (error === undefined && running.length === 0) {
      this.#state = 'asleep';
      return { state: 'asleep', reason: '' };
    }
    throw error ?? new Error(`it goes on: ${running.map(({ name }) => name).join(', ')}`);
  }

  /** @returns why it does not end, or may not */
  async #endOne(member: WakeMember): Promise<unknown> {
    const { plan, engine } = this.#options;
    try {
      await (plan.method === 'pause' ? engine.pause(member.containerId) : engine.stop(member.containerId));
      this.#endings.add(member, true);
      return undefined;
    } catch (error) {
      const { kind } = wakeTrouble(error);
      if (kind === 'slow' || kind === 'away') this.#endings.add(member, false);
      return error;
    }
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
