import type { Log } from '@dproxy/core';
import { withGrace } from './drain-limits.ts';
import type { SnapshotServer } from './ipc/snapshot-server.ts';
import { isStaying, type ConnectedWorker } from './ipc/worker-link.ts';
import type { OperationQueue } from './operation-queue.ts';
import type { ListedProcess, Pm2Program } from './pm2-program.ts';
import type { Supervisor } from './supervisor.ts';
import type { Wanted } from './wanted-size.ts';
import { countOnline, isDown, ownWorkers } from './worker-census.ts';

export interface WorkerFleetOptions {
  readonly server: SnapshotServer;
  readonly pm2: Pm2Program;
  readonly supervisor: Supervisor;
  readonly queue: OperationQueue;
  readonly log: Log;
  readonly app: string;
  readonly drainMs: () => number;
  readonly readyTimeoutMs: number;
  /** What is wanted by the time that workers have left. */
  readonly wanted: () => Wanted;
}

/** The entries of the worker app in PM2's list, and what is done to them. Its methods run in the queue's turn. */
export class WorkerFleet {
  readonly #options: WorkerFleetOptions;
  #listed: readonly ListedProcess[] = [];
  /** Entries whose worker drains, with when that and the tidying up are over. */
  readonly #leaving = new Map<number, Promise<void>>();

  constructor(options: WorkerFleetOptions) {
    this.#options = options;
  }

  /** As of the last look. */
  get listed(): readonly ListedProcess[] {
    return this.#listed;
  }

  /** Connected workers of our own supervisor. */
  own(): ConnectedWorker[] {
    return ownWorkers(this.#options.server.workers(), this.#options.supervisor.pid);
  }

  /** False at the timeout. */
  whenOnline(count: number): Promise<boolean> {
    const { server, supervisor, readyTimeoutMs } = this.#options;
    return server.waitUntil((workers) => countOnline(ownWorkers(workers, supervisor.pid)) >= count, readyTimeoutMs);
  }

  /** When all that drain now are gone, from PM2's list too. */
  async whenLeft(): Promise<void> {
    await Promise.all(this.#leaving.values());
  }

  /** @throws SupervisorGone | Pm2Failed; Error when PM2 does not know the app */
  async look(): Promise<void> {
    const { pm2, app } = this.#options;
    this.#listed = await pm2.list(app);
    if (this.#listed.length === 0) throw new Error(`PM2 knows no app ${app}: start dproxy again`);
  }

  /**
   * Level-triggered: compares what PM2 has with `target` and does what is missing. Does not wait for those that leave: a
   * start right after a stop must not wait for the drain of the last long connection.
   * @throws Error when new workers do not get ready
   */
  async converge(target: number): Promise<void> {
    await this.look();
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
    await this.look();
    if (!(await this.whenOnline(target))) {
      throw new Error(`${countOnline(this.own())} of ${target} workers are ready`);
    }
  }

  /** More serve than are wanted. Those that PM2 does not list any more are told to leave, too. @throws Error as `converge` */
  async shrink(target: number): Promise<void> {
    await this.converge(target);
    const listed = new Set(this.#listed.map(({ id }) => id));
    const strays = this.own().filter(({ pmId, state }) => isStaying(state) && !listed.has(pmId));
    if (strays.length > 0)
      this.#options.server.drain(
        strays.map(({ pid }) => pid),
        this.#options.drainMs(),
      );
  }

  /** One by one: never less capacity, never more than one extra worker. @throws Error when a new one does not get ready */
  async replaceAll(): Promise<void> {
    const { pm2, server, app, drainMs, readyTimeoutMs } = this.#options;
    for (const old of this.own().filter(({ state }) => state === 'online')) {
      const before = new Set(server.workers().map(({ pid }) => pid));
      await this.look();
      const known = new Set(this.#listed.map(({ id }) => id));
      await pm2.run(['scale', app, String(known.size + 1)]);
      const isReady = await server.waitUntil(
        (workers) => workers.some(({ pid, state }) => !before.has(pid) && state === 'online'),
        readyTimeoutMs,
      );
      await this.look();
      if (!isReady) {
        await this.#remove(this.#listed.filter(({ id }) => !known.has(id)));
        throw new Error('a new worker did not get ready: the others stay as they are');
      }
      const replaced = this.#listed.filter(({ id }) => id === old.pmId);
      server.drain([old.pid], drainMs());
      await this.#whenGone(replaced);
      await this.#remove(replaced);
    }
    await this.look();
  }

  async #grow(missing: number, down: readonly ListedProcess[]): Promise<void> {
    const { pm2, app } = this.#options;
    const again = down.slice(0, missing);
    const surplus = down.slice(missing);
    if (again.length > 0 && again.length === this.#listed.length) {
      // All of them: by name they start side by side, by id one after another.
      await pm2.run(['restart', app], { PM2_CONCURRENT_ACTIONS: String(again.length) });
    } else if (again.length > 0) {
      await pm2.run(['restart', ...idsOf(again)]);
    }
    await this.#remove(surplus);
    // PM2 counts every entry, also those that are leaving.
    const total = this.#listed.length - surplus.length + missing - again.length;
    if (again.length < missing) await pm2.run(['scale', app, String(total)]);
  }

  /** Those that do not serve first, then as PM2 would: the lowest ids. */
  #chooseLeaving(running: readonly ListedProcess[], count: number): ListedProcess[] {
    const online = new Set(this.own().flatMap(({ pmId, state }) => (state === 'online' ? [pmId] : [])));
    return [...running]
      .sort((a, b) => Number(online.has(a.id)) - Number(online.has(b.id)) || a.id - b.id)
      .slice(0, count);
  }

  /** All together; PM2 by itself would stop one after another, each with its own deadline. */
  #leave(entries: readonly ListedProcess[]): void {
    if (entries.length === 0) return;
    const pids = entries.map(({ pid }) => pid);
    this.#options.server.drain(pids, this.#options.drainMs());
    this.#follow(entries);
  }

  /** A primary before us has told them to leave, or somebody has sent them a signal. */
  #followDraining(): void {
    const draining = new Set(this.own().flatMap(({ pmId, state }) => (isStaying(state) ? [] : [pmId])));
    const unknown = this.#listed.filter(({ id }) => draining.has(id) && !this.#leaving.has(id));
    if (unknown.length > 0) this.#follow(unknown);
  }

  #follow(entries: readonly ListedProcess[]): void {
    const { queue, log } = this.#options;
    const left = this.#whenGone(entries).then(() => queue.inTurn(() => this.#tidy(entries)));
    for (const { id } of entries) this.#leaving.set(id, left);
    left
      .finally(() => {
        for (const { id } of entries) this.#leaving.delete(id);
      })
      .catch((error: unknown) => {
        if (!queue.isClosed) log.warn({ error }, 'workers that left are still in the list of PM2');
      });
  }

  async #tidy(entries: readonly ListedProcess[]): Promise<void> {
    if (this.#options.wanted().state === 'stopped') await this.#options.pm2.run(['stop', ...idsOf(entries)]);
    else await this.#remove(entries);
    await this.look();
  }

  /** At its deadline at the latest; a worker that hangs beyond it is then killed by PM2. */
  async #whenGone(entries: readonly ListedProcess[]): Promise<void> {
    const pids = new Set(entries.map(({ pid }) => pid));
    const isGone = (workers: readonly ConnectedWorker[]): boolean => !workers.some(({ pid }) => pids.has(pid));
    await this.#options.server.waitUntil(isGone, withGrace(withGrace(this.#options.drainMs())));
  }

  async #remove(entries: readonly ListedProcess[]): Promise<void> {
    if (entries.length > 0) await this.#options.pm2.run(['delete', ...idsOf(entries)]);
  }
}

function idsOf(entries: readonly ListedProcess[]): string[] {
  return entries.map(({ id }) => String(id));
}
