import type { Balancer, BalancerChange, BalancerStatus, Log } from '@dproxy/core';
import { withGrace } from './drain-limits.ts';
import type { SnapshotServer } from './ipc/snapshot-server.ts';
import { isStaying, type ConnectedWorker } from './ipc/worker-link.ts';
import { OperationQueue } from './operation-queue.ts';
import type { ListedProcess, Pm2Program } from './pm2-program.ts';
import type { Supervisor } from './supervisor.ts';
import type { Wanted, WantedSize } from './wanted-size.ts';
import { census, countOnline, isDown, ownWorkers } from './worker-census.ts';

export interface Pm2BalancerOptions {
  readonly server: SnapshotServer;
  readonly pm2: Pm2Program;
  readonly supervisor: Supervisor;
  readonly wanted: WantedSize;
  readonly log: Log;
  /** Workers that the configuration asks for; holds until a resize. */
  readonly configuredSize: number;
  /** Workers that ecosystem.config.js starts by itself; PM2 starts them one by one, beside us. */
  readonly launchedSize: number;
  /** 256, or 1 where the system does not balance between listeners of one port (macOS). */
  readonly maxSize: number;
  /** Drain deadline for leaving workers, in milliseconds. */
  readonly drainMs: () => number;
  /** A call answers `done: false` after it and goes on in the background; 15 s. */
  readonly answerAfterMs?: number;
  /** How long new workers have to get ready; 60 s. */
  readonly readyTimeoutMs?: number;
  /** Name of the PM2 app; `dproxy-worker`. */
  readonly app?: string;
}

export const MAX_WORKERS = 256;

/** Linux spreads connections over listeners of one port (SO_REUSEPORT); elsewhere one of them gets everything. */
export function maxWorkersOn(platform: NodeJS.Platform): number {
  return platform === 'linux' ? MAX_WORKERS : 1;
}

const ANSWER_AFTER_MS = 15_000;
const READY_TIMEOUT_MS = 60_000;
/** A worker that is missing for this long is looked up in PM2's list (a process of its own), and again while it is missing. */
const MISSING_LOOKUP_MS = 3_000;
const MISSING_AGAIN_MS = 10_000;

/** Acts on the workers through PM2's command line and our own socket. One thing at a time. */
export class Pm2Balancer implements Balancer {
  readonly #options: Pm2BalancerOptions;
  readonly #app: string;
  readonly #queue: OperationQueue;
  readonly #unsubscribe: () => void;
  #wanted: Wanted;
  #listed: readonly ListedProcess[] = [];
  /** Entries of PM2 whose worker drains, with when that and the tidying up are over. */
  readonly #leaving = new Map<number, Promise<void>>();
  #lookupTimer: NodeJS.Timeout | undefined;
  #isClosed = false;

  private constructor(options: Pm2BalancerOptions, wanted: Wanted | undefined) {
    this.#options = options;
    this.#app = options.app ?? 'dproxy-worker';
    this.#queue = new OperationQueue(options.answerAfterMs ?? ANSWER_AFTER_MS, options.log);
    this.#wanted = wanted ?? { state: 'running', size: options.configuredSize };
    this.#unsubscribe = options.server.onChange(() => this.#observe());
    this.#lookUpMissing();
    this.#queue.add('start-up', () => (wanted === undefined ? this.#settle() : this.#converge()));
  }

  /** After the server listens. Brings the workers to what was asked for last, in the background. */
  static async open(options: Pm2BalancerOptions): Promise<Pm2Balancer> {
    return new Pm2Balancer(options, await options.wanted.load());
  }

  status(): BalancerStatus {
    const { server, supervisor } = this.#options;
    return {
      ...this.#wanted,
      workers: census(server.workers(), this.#listed, supervisor.pid),
      supervisor: supervisor.isOurs ? 'ok' : 'gone',
    };
  }

  start(): Promise<BalancerChange> {
    return this.#change((wanted) => ({ ...wanted, state: 'running' }));
  }

  /** All workers drain; the size stays. */
  stop(): Promise<BalancerChange> {
    return this.#change((wanted) => ({ ...wanted, state: 'stopped' }));
  }

  async resize(size: number): Promise<BalancerChange> {
    const { maxSize } = this.#options;
    if (maxSize === 1 && size !== 1) {
      throw new RangeError(
        `size ${size} is not possible here: this system does not spread connections over several listeners of one port, so there is one worker`,
      );
    }
    if (!Number.isInteger(size) || size < 1 || size > maxSize) {
      throw new RangeError(`size ${size} is not possible: expected a whole number from 1 to ${maxSize}`);
    }
    return this.#change((wanted) => ({ ...wanted, size }));
  }

  /** Rolling replacement: one more, wait until it is ready, drain one. @throws Error when a new one does not get ready. */
  async replaceAll(): Promise<BalancerChange> {
    await this.#options.supervisor.assertAnswers();
    const done = await this.#queue.run('replacement', () => this.#replaceAll());
    return { done, status: this.status() };
  }

  /** Ends the watching, at once; workers are left as they are. Close it before the server. */
  close(): void {
    this.#isClosed = true;
    this.#queue.close();
    this.#unsubscribe();
    clearTimeout(this.#lookupTimer);
  }

  async #change(next: (wanted: Wanted) => Wanted): Promise<BalancerChange> {
    await this.#options.supervisor.assertAnswers();
    const operation = async (): Promise<void> => {
      this.#wanted = next(this.#wanted);
      await this.#options.wanted.save(this.#wanted);
      await this.#converge();
    };
    const done = await this.#queue.run('change', operation, () => this.#whenLeft());
    return { done, status: this.status() };
  }

  /** PM2 is still starting the workers of ecosystem.config.js: acting on its list now would count them twice. */
  async #settle(): Promise<void> {
    const { launchedSize, wanted } = this.#options;
    const isComplete = await this.#whenOnline(launchedSize);
    await wanted.save(this.#wanted);
    if (!isComplete || launchedSize !== this.#wanted.size) await this.#converge();
  }

  /**
   * Level-triggered: compares what PM2 has with what is wanted and does what is missing. Does not wait for those that
   * leave: a start right after a stop must not wait for the drain of the last long connection.
   */
  async #converge(): Promise<void> {
    const target = this.#target();
    await this.#list();
    this.#followDraining();
    const staying = this.#listed.filter(({ id }) => !this.#leaving.has(id));
    const down = staying.filter(isDown);
    const running = staying.filter((entry) => !isDown(entry));
    if (running.length < target) await this.#grow(target - running.length, down);
    else {
      this.#leave(this.#chooseLeaving(running, running.length - target));
      // From an app without any entry PM2 could not start one again: a stop keeps them.
      if (target > 0) await this.#remove(down);
    }
    await this.#list();
    if (!(await this.#whenOnline(target))) {
      throw new Error(`${countOnline(this.#own())} of ${target} workers are ready`);
    }
  }

  async #grow(missing: number, down: readonly ListedProcess[]): Promise<void> {
    const { pm2 } = this.#options;
    const again = down.slice(0, missing);
    const surplus = down.slice(missing);
    if (again.length > 0 && again.length === this.#listed.length) {
      // All of them: by name they start side by side, by id one after another.
      await pm2.run(['restart', this.#app], { PM2_CONCURRENT_ACTIONS: String(again.length) });
    } else if (again.length > 0) {
      await pm2.run(['restart', ...idsOf(again)]);
    }
    await this.#remove(surplus);
    // PM2 counts every entry, also those that are leaving.
    const total = this.#listed.length - surplus.length + missing - again.length;
    if (again.length < missing) await pm2.run(['scale', this.#app, String(total)]);
  }

  /** Those that do not serve first, then as PM2 would: the lowest ids. */
  #chooseLeaving(running: readonly ListedProcess[], count: number): ListedProcess[] {
    const online = new Set(this.#own().flatMap(({ pmId, state }) => (state === 'online' ? [pmId] : [])));
    return [...running]
      .sort((a, b) => Number(online.has(a.id)) - Number(online.has(b.id)) || a.id - b.id)
      .slice(0, count);
  }

  /** All together; PM2 by itself would stop one after another, each with its own deadline. */
  #leave(entries: readonly ListedProcess[]): void {
    if (entries.length === 0) return;
    this.#options.server.drain(
      entries.map(({ pid }) => pid),
      this.#options.drainMs(),
    );
    this.#follow(entries);
  }

  /** A primary before us has told them to leave, or somebody has sent them a signal. */
  #followDraining(): void {
    const draining = new Set(this.#own().flatMap(({ pmId, state }) => (isStaying(state) ? [] : [pmId])));
    const unknown = this.#listed.filter(({ id }) => draining.has(id) && !this.#leaving.has(id));
    if (unknown.length > 0) this.#follow(unknown);
  }

  #follow(entries: readonly ListedProcess[]): void {
    const left = this.#whenGone(entries).then(() => this.#queue.inTurn(() => this.#tidy(entries)));
    for (const { id } of entries) this.#leaving.set(id, left);
    left
      .finally(() => {
        for (const { id } of entries) this.#leaving.delete(id);
      })
      .catch((error: unknown) => {
        if (!this.#isClosed) this.#options.log.warn({ error }, 'workers that left are still in the list of PM2');
      });
  }

  async #tidy(entries: readonly ListedProcess[]): Promise<void> {
    if (this.#wanted.state === 'stopped') await this.#options.pm2.run(['stop', ...idsOf(entries)]);
    else await this.#remove(entries);
    await this.#list();
  }

  /** At its deadline at the latest; a worker that hangs beyond it is then killed by PM2. */
  async #whenGone(entries: readonly ListedProcess[]): Promise<void> {
    const pids = new Set(entries.map(({ pid }) => pid));
    const isGone = (workers: readonly ConnectedWorker[]): boolean => !workers.some(({ pid }) => pids.has(pid));
    await this.#options.server.waitUntil(isGone, withGrace(withGrace(this.#options.drainMs())));
  }

  async #whenLeft(): Promise<void> {
    await Promise.all(this.#leaving.values());
  }

  async #remove(entries: readonly ListedProcess[]): Promise<void> {
    if (entries.length > 0) await this.#options.pm2.run(['delete', ...idsOf(entries)]);
  }

  async #replaceAll(): Promise<void> {
    const { pm2, server } = this.#options;
    for (const old of this.#own().filter(({ state }) => state === 'online')) {
      const before = new Set(server.workers().map(({ pid }) => pid));
      // One by one is the point: never less capacity, never more than one extra worker.
      await this.#list();
      await pm2.run(['scale', this.#app, String(this.#listed.length + 1)]);
      const isReady = await server.waitUntil(
        (workers) => workers.some(({ pid, state }) => !before.has(pid) && state === 'online'),
        this.#options.readyTimeoutMs ?? READY_TIMEOUT_MS,
      );
      const known = new Set(this.#listed.map(({ id }) => id));
      await this.#list();
      if (!isReady) {
        await this.#remove(this.#listed.filter(({ id }) => !known.has(id)));
        throw new Error('a new worker did not get ready: the others stay as they are');
      }
      const replaced = this.#listed.filter(({ id }) => id === old.pmId);
      server.drain([old.pid], this.#options.drainMs());
      await this.#whenGone(replaced);
      await this.#remove(replaced);
    }
    await this.#list();
  }

  #target(): number {
    return this.#wanted.state === 'running' ? this.#wanted.size : 0;
  }

  #own(): ConnectedWorker[] {
    return ownWorkers(this.#options.server.workers(), this.#options.supervisor.pid);
  }

  #whenOnline(count: number): Promise<boolean> {
    const { server, supervisor, readyTimeoutMs = READY_TIMEOUT_MS } = this.#options;
    return server.waitUntil((workers) => countOnline(ownWorkers(workers, supervisor.pid)) >= count, readyTimeoutMs);
  }

  async #list(): Promise<void> {
    this.#listed = await this.#options.pm2.list(this.#app);
    if (this.#listed.length === 0) throw new Error(`PM2 knows no app ${this.#app}: start dproxy again`);
  }

  #observe(): void {
    if (this.#isClosed || !this.#options.supervisor.isOurs) return;
    this.#retireOrphans();
    this.#lookUpMissing();
  }

  /** Workers of a supervisor that died serve on until ours can take their load, and then drain. */
  #retireOrphans(): void {
    const { server, supervisor, drainMs, log } = this.#options;
    if (countOnline(this.#own()) < this.#target()) return;
    const orphans = server
      .workers()
      .filter((worker) => worker.supervisorPid !== supervisor.pid && isStaying(worker.state))
      .map(({ pid }) => pid);
    if (orphans.length === 0) return;
    log.info({ pids: orphans }, 'workers of a dead supervisor drain: their successors are ready');
    server.drain(orphans, drainMs());
  }

  /** Beside the queue: what an operation waits for may be exactly the worker that crashes. */
  #lookUpMissing(afterMs = MISSING_LOOKUP_MS): void {
    if (this.#isClosed || this.#lookupTimer !== undefined || !this.#isMissing()) return;
    this.#lookupTimer = setTimeout(() => {
      void this.#lookUp();
    }, afterMs);
  }

  #isMissing(): boolean {
    return this.#options.supervisor.isOurs && countOnline(this.#own()) < this.#target();
  }

  async #lookUp(): Promise<void> {
    try {
      if (this.#isMissing()) this.#listed = await this.#options.pm2.list(this.#app);
    } catch (error) {
      this.#options.log.warn({ error }, 'PM2 does not list the workers');
    }
    this.#lookupTimer = undefined;
    this.#lookUpMissing(MISSING_AGAIN_MS);
  }
}

function idsOf(entries: readonly ListedProcess[]): string[] {
  return entries.map(({ id }) => String(id));
}
