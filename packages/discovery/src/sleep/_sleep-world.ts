import { silentLog, type ComingState, type Snapshot, type WakeMember, type WakePlan } from '@dproxy/core';
import { memberOf, planOf } from '../wake/_plan-of.ts';
import { seenOf } from '../wake/_seen-of.ts';
import type { SeenContainer } from '../wake/wake-engine.ts';
import { WakeTrouble } from '../wake/wake-trouble.ts';
import { Waker } from '../wake/waker.ts';
import { IdleStop } from './idle-stop.ts';
import type { SleepRecord } from './sleep-records.ts';
import { ToyWorker } from './_toy-worker.ts';

/**
 * What a call to the engine comes to:
 * - `done`: it is done, after so long
 * - `refused`: nothing is done
 * - `late`: the caller hears that it took too long; it is done after that
 * - `lost`: the same, and nothing is done
 */
export interface Call {
  readonly comes: 'done' | 'refused' | 'late' | 'lost';
  readonly afterMs: number;
}

const DONE: Call = { comes: 'done', afterMs: 20 };
const SOURCE = 'docker:test';
/** Id of the group. */
export const SHOP = `${SOURCE}/project:shop`;
const NAMES = ['web', 'db'] as const;
/** A request that was sent to a paused container may be answered when that goes on soon; nobody waits for longer. */
const FROZEN_MS = 15_000;

/**
 * Idle stop and the waker with everything around them that may be slow, fail or come in another order: workers, their tables, the
 * source and the engine, of one site with its database. For tests with fake timers.
 */
export class SleepWorld {
  /** What must never be. */
  readonly wrongs: string[] = [];
  readonly outcomes: string[] = [];
  /** How long the source takes to hear of what the engine did. */
  newsMs = 5;
  /** What the next calls that stop or pause, and start or unpause, come to. */
  readonly ends: Call[] = [];
  readonly starts: Call[] = [];
  /** Does not answer what there is to do. */
  isSilent = false;
  workers: readonly ToyWorker[];
  readonly idle: IdleStop;
  readonly waker: Waker;
  readonly #truth = new Map<string, WakeMember>();
  /** As the source tells it. */
  #told: ReadonlyMap<string, WakeMember>;
  readonly #snapshot: Snapshot;
  readonly #plan: WakePlan;
  #coming: ReadonlyMap<string, ComingState> = new Map();
  #version = 1;
  #isReady = true;
  #startedMs = 1_000;
  #heard: (() => void)[] = [];
  readonly #records = new Map<string, SleepRecord>();
  readonly #leaving = new Set<ToyWorker>();

  /** @param snapshot with a route that leads to `web-id` and wakes `SHOP` */
  constructor(method: WakePlan['method'], snapshot: Snapshot) {
    this.#snapshot = snapshot;
    this.#plan = planOf({ id: SHOP, idleMs: 1_000, method, afterManualStop: true });
    const needs = { service: 'db', condition: 'started', required: true } as const;
    this.#truth.set('web-id', memberOf('web', { dependsOn: [needs] })).set('db-id', memberOf('db'));
    this.#told = new Map(this.#truth);
    this.workers = NAMES.map(() => this.#newWorker());
    this.idle = this.#openIdle();
    this.waker = this.#openWaker();
    this.#follow();
  }

  /** A request comes to one of the workers. */
  async ask(worker: number, lastsMs: number): Promise<void> {
    this.outcomes.push((await this.workers[worker]?.ask(lastsMs)) ?? 'nobody');
  }

  /** A worker is told to leave, ends what it has, and another one comes for it. */
  replace(worker: number): void {
    const old = this.workers[worker];
    if (old?.isBusy === true) this.#leaving.add(old);
    this.workers = this.workers.map((each, index) => (index === worker ? this.#newWorker() : each));
  }

  async close(): Promise<void> {
    await Promise.all([this.idle.stop(), this.waker.close()]);
  }

  get isOutOfTable(): boolean {
    return this.#coming.size > 0;
  }

  get states(): string {
    return [...this.#truth.values()].map(({ name, state }) => `${name} ${state}`).join(', ');
  }

  #newWorker(): ToyWorker {
    return new ToyWorker(
      {
        group: SHOP,
        wake: () => void setTimeout(() => this.waker.wake(SHOP, '192.0.2.1', 1), 1),
        send: (lastsMs) => this.#send(lastsMs),
      },
      { version: this.#version, isReady: this.#isReady },
    );
  }

  /** Those that were told to leave are asked as long as they have anything to do. */
  get #connected(): readonly ToyWorker[] {
    return [...this.workers, ...[...this.#leaving].filter(({ isBusy }) => isBusy)];
  }

  async #send(lastsMs: number): Promise<'answered' | 'lost'> {
    const isDown = (): boolean => this.#truth.values().some(({ state }) => state === 'stopped');
    const isFrozen = (): boolean => this.#truth.get('web-id')?.state === 'paused';
    if (isDown()) {
      this.wrongs.push(`a request was sent to what is down: ${this.states}`);
      return 'lost';
    }
    const untilMs = performance.now() + FROZEN_MS;
    while (isFrozen() && performance.now() < untilMs) await sleep(100);
    if (isFrozen()) this.wrongs.push('a request was sent to what is paused, and stays so');
    await sleep(lastsMs);
    return 'answered';
  }

  // ---- the table

  #follow(): void {
    const members = [...this.#told.values()];
    this.idle.setPlans(SOURCE, [{ ...this.#plan, members }]);
    this.#publish();
    this.waker.changed();
  }

  #publish(): void {
    const stateOf = ({ containerId, state }: WakeMember): string =>
      state === 'running' ? (this.#coming.get(containerId) ?? 'ready') : state;
    const web = this.#told.get('web-id');
    this.#isReady = web !== undefined && stateOf(web) === 'ready';
    this.#version++;
    for (const worker of this.#connected)
      worker.publish(this.#version, this.#isReady, () => this.#heard.splice(0).forEach((check) => check()));
  }

  async #whenServed(version: number): Promise<boolean> {
    const untilMs = performance.now() + 5_000;
    while (this.#connected.some((worker) => worker.version < version)) {
      if (performance.now() >= untilMs) return false;
      const heard = Promise.withResolvers<void>();
      this.#heard.push(heard.resolve);
      await Promise.race([heard.promise, sleep(untilMs - performance.now())]);
    }
    return true;
  }

  // ---- the engine

  async #do(call: Call, change: () => void): Promise<void> {
    const { comes, afterMs } = call;
    await sleep(afterMs);
    if (comes === 'done') change();
    if (comes === 'late') setTimeout(change, Math.min(afterMs, 5_000));
    if (comes === 'refused') throw new WakeTrouble('failed', 'the engine could not do it');
    if (comes === 'late' || comes === 'lost') throw new WakeTrouble('slow', 'the engine did not answer in time');
  }

  async #end(id: string, state: 'stopped' | 'paused'): Promise<void> {
    if (this.#connected.some(({ sending }) => sending > 0)) this.wrongs.push(`${id} is ${state} while it is in use`);
    await this.#do(this.ends.shift() ?? DONE, () => this.#change(id, { state }));
  }

  async #start(id: string, isNew: boolean): Promise<void> {
    await this.#do(this.starts.shift() ?? DONE, () => {
      if (this.#truth.get(id)?.state === 'running') return;
      this.#change(id, { state: 'running', ...(isNew ? { startedMs: ++this.#startedMs } : {}) });
    });
  }

  #change(id: string, part: Partial<WakeMember>): void {
    const before = this.#truth.get(id);
    if (before === undefined) throw new Error(`no container ${id}`);
    this.#truth.set(id, { ...before, ...part });
    // An event says where to look: what the source finds is how it is then.
    setTimeout(() => {
      const now = this.#truth.get(id);
      if (now === undefined || this.#told.get(id) === now) return;
      this.#told = new Map([...this.#told, [id, now]]);
      this.#follow();
    }, this.newsMs);
  }

  #look(id: string): SeenContainer | undefined {
    const found = this.#truth.get(id);
    if (found === undefined) return undefined;
    const state = found.state === 'stopped' ? 'exited' : found.state;
    return seenOf(found.name, { state: state as SeenContainer['state'], startedMs: found.startedMs });
  }

  #engine() {
    return {
      look: async (id: string) => this.#look(id),
      start: async ({ id }: SeenContainer) => (await this.#start(id, true), 'started' as const),
      unpause: (id: string) => this.#start(id, false),
      stop: (id: string) => this.#end(id, 'stopped'),
      pause: (id: string) => this.#end(id, 'paused'),
      cpu: async () => undefined,
      lastLines: async () => [],
      close: () => {},
    };
  }

  // ---- what is tested

  #openIdle(): IdleStop {
    return new IdleStop({
      log: silentLog,
      workers: {
        activity: async () => {
          const asked = this.#connected;
          const groups = await Promise.all(asked.map((worker) => worker.activity()));
          const sum = { group: SHOP, open: 0, idleMs: Math.min(...groups.map(({ idleMs }) => idleMs)) };
          for (const { open } of groups) sum.open += open;
          return { groups: [sum], complete: !this.isSilent };
        },
        whenServed: (version) => this.#whenServed(version),
      },
      table: {
        snapshot: this.#snapshot,
        setComing: async (coming) => {
          this.#coming = coming;
          await sleep(0);
          this.#publish();
          return this.#version;
        },
      },
      records: {
        add: async (record) => void this.#records.set(record.group, record),
        remove: (group) => void this.#records.delete(group),
        get: (group) => this.#records.get(group),
        wokenForMs: () => undefined,
        setWokenFor: () => {},
        groups: () => [...this.#records.keys()],
        forget: (group) => void this.#records.delete(group),
      },
      engineOf: async () => this.#engine(),
      isWaking: (group) => this.waker.isWaking(group),
      wake: (group) => this.waker.wakeUp(group),
      nowMs: () => performance.now(),
      wallMs: Date.now,
      machineZone: 'UTC',
    });
  }

  #openWaker(): Waker {
    return new Waker({
      plan: () => ({ ...this.#plan, members: [...this.#told.values()] }),
      isServed: () => this.#isReady,
      engine: async () => this.#engine(),
      publish: (progress) => this.#connected.forEach((worker) => worker.publishWaking(progress)),
      answer: (_, progress) => this.#connected.forEach((worker) => worker.publishWaking(progress)),
      budget: () => ({ clientPerMinute: 1e6, perMinute: 1e6, concurrent: 4 }),
      idleStop: this.idle,
      log: silentLog,
      nowMs: () => performance.now(),
    });
  }
}

async function sleep(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
