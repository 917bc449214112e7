import type { Balancer, BalancerChange, BalancerStatus, Log } from '@dproxy/core';
import type { SnapshotServer } from './ipc/snapshot-server.ts';
import { isStaying } from './ipc/worker-link.ts';
import { OperationQueue } from './operation-queue.ts';
import type { Pm2Program } from './pm2-program.ts';
import type { Supervisor } from './supervisor.ts';
import type { Wanted, WantedSize } from './wanted-size.ts';
import { census, countOnline } from './worker-census.ts';
import { WorkerFleet } from './worker-fleet.ts';

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
/** Workers that are too many for so long came from an operation that failed half-way, or from somebody else's hand. */
const SURPLUS_MS = 3_000;
const SURPLUS_AGAIN_MS = 10_000;

/** Acts on the workers through PM2's command line and our own socket. One thing at a time. */
export class Pm2Balancer implements Balancer {
  readonly #options: Pm2BalancerOptions;
  readonly #fleet: WorkerFleet;
  readonly #queue: OperationQueue;
  readonly #unsubscribe: () => void;
  #wanted: Wanted;
  #saving: Promise<void> = Promise.resolve();
  #lookupTimer: NodeJS.Timeout | undefined;
  #surplusTimer: NodeJS.Timeout | undefined;
  #isClosed = false;

  private constructor(options: Pm2BalancerOptions, wanted: Wanted | undefined) {
    this.#options = options;
    this.#queue = new OperationQueue(options.answerAfterMs ?? ANSWER_AFTER_MS, options.log);
    this.#wanted = wanted ?? { state: 'running', size: options.configuredSize };
    this.#fleet = new WorkerFleet({
      server: options.server,
      pm2: options.pm2,
      supervisor: options.supervisor,
      queue: this.#queue,
      log: options.log,
      app: options.app ?? 'dproxy-worker',
      drainMs: options.drainMs,
      readyTimeoutMs: options.readyTimeoutMs ?? READY_TIMEOUT_MS,
      wanted: () => this.#wanted,
    });
    this.#unsubscribe = options.server.onChange(() => this.#observe());
    // Everybody may have been online before: then no change comes that would make us look.
    this.#observe();
    this.#queue.add('start-up', () => (wanted === undefined ? this.#settle() : this.#fleet.converge(this.#target())));
  }

  /** After the server listens. Brings the workers to what was asked for last, in the background. */
  static async open(options: Pm2BalancerOptions): Promise<Pm2Balancer> {
    return new Pm2Balancer(options, await options.wanted.load());
  }

  status(): BalancerStatus {
    const { server, supervisor } = this.#options;
    return {
      ...this.#wanted,
      workers: census(server.workers(), this.#fleet.listed, supervisor.pid),
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
    const done = await this.#queue.run('replacement', () => this.#fleet.replaceAll());
    return { done, status: this.status() };
  }

  /**
   * Ends the watching; workers are left as they are. Waits only for what is being written: from then on the file is the next
   * primary's. Close it before the server.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#queue.close();
    this.#unsubscribe();
    clearTimeout(this.#lookupTimer);
    clearTimeout(this.#surplusTimer);
    // Whoever wanted it saved hears of a failure.
    await this.#saving.catch(() => undefined);
  }

  async #change(next: (wanted: Wanted) => Wanted): Promise<BalancerChange> {
    await this.#options.supervisor.assertAnswers();
    const operation = async (): Promise<void> => {
      this.#wanted = next(this.#wanted);
      await this.#save();
      await this.#fleet.converge(this.#target());
    };
    const done = await this.#queue.run('change', operation, () => this.#fleet.whenLeft());
    return { done, status: this.status() };
  }

  /** PM2 is still starting the workers of ecosystem.config.js: acting on its list now would count them twice. */
  async #settle(): Promise<void> {
    const { launchedSize } = this.#options;
    const isComplete = await this.#fleet.whenOnline(launchedSize);
    if (this.#isClosed) return;
    await this.#save();
    if (!isComplete || launchedSize !== this.#wanted.size) await this.#fleet.converge(this.#target());
  }

  async #save(): Promise<void> {
    this.#saving = this.#options.wanted.save(this.#wanted);
    await this.#saving;
  }

  #target(): number {
    return this.#wanted.state === 'running' ? this.#wanted.size : 0;
  }

  #observe(): void {
    if (this.#isClosed || !this.#options.supervisor.isOurs) return;
    this.#retireOrphans();
    this.#lookUpMissing();
    this.#sendSurplusAway();
  }

  /** Workers of a supervisor that died serve on until ours can take their load, and then drain. */
  #retireOrphans(): void {
    const { server, supervisor, drainMs, log } = this.#options;
    if (countOnline(this.#fleet.own()) < this.#target()) return;
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
    return this.#options.supervisor.isOurs && countOnline(this.#fleet.own()) < this.#target();
  }

  /** In the queue: operations have more workers than are wanted for a while. */
  #sendSurplusAway(afterMs = SURPLUS_MS): void {
    if (this.#isClosed || this.#surplusTimer !== undefined || !this.#isSurplus()) return;
    this.#surplusTimer = setTimeout(() => {
      this.#queue.add('surplus', async () => {
        this.#surplusTimer = undefined;
        try {
          if (this.#isSurplus()) await this.#fleet.shrink(this.#target());
        } finally {
          this.#sendSurplusAway(SURPLUS_AGAIN_MS);
        }
      });
    }, afterMs);
  }

  #isSurplus(): boolean {
    return this.#options.supervisor.isOurs && countOnline(this.#fleet.own()) > this.#target();
  }

  async #lookUp(): Promise<void> {
    try {
      if (this.#isMissing()) await this.#fleet.look();
    } catch (error) {
      this.#options.log.warn({ error }, 'PM2 does not list the workers');
    }
    this.#lookupTimer = undefined;
    this.#lookUpMissing(MISSING_AGAIN_MS);
  }
}
