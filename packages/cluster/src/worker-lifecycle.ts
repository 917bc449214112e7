import type { ApplyReport, CertificateMaterial, DataPlane, Log, Snapshot, SpentTokens } from '@dproxy/core';
import { LEFT_EXIT_CODE, MAX_SIGNAL_DRAIN_MS, withGrace } from './drain-limits.ts';
import type { ListenersReport, WorkerIdentity } from './ipc/messages.ts';
import { SnapshotClient } from './ipc/snapshot-client.ts';

/** First and longest time until a listener that could not be opened is tried again. */
const LISTEN_RETRY_MIN_MS = 1_000;
const LISTEN_RETRY_MAX_MS = 30_000;

type LeaveReason = 'drain' | 'signal' | 'crash';

export interface WorkerLifecycleOptions {
  readonly dataPlane: DataPlane;
  readonly socketPath: string;
  readonly instance: string;
  readonly identity: WorkerIdentity;
  readonly log: Log;
  readonly loadStored: () => Promise<Snapshot | undefined>;
  readonly storedAfterMs?: number;
  /** `readySignal(process)`. Called once, with a table in force and open listeners. */
  readonly sayReady: () => void;
  /** `process.exit` */
  readonly exit: (code: number) => void;
  readonly onPlace: (index: number, count: number) => void;
  /** Drain deadline before the first table has said one. */
  readonly defaultDrainMs?: number;
}

/**
 * The life of a worker:
 *
 *     starting --table and listeners--> online --DRAIN | signal | crash--> draining --empty or deadline--> (exit)
 *
 * The composition root calls `leave` from its signal handlers and `crash` from `uncaughtException` and
 * `unhandledRejection`.
 */
export class WorkerLifecycle {
  readonly #options: WorkerLifecycleOptions;
  readonly #client: SnapshotClient;
  #state: 'starting' | 'online' | 'draining' = 'starting';
  #exitCode = 0;
  #lastFailed = '[]';
  #retryMs = LISTEN_RETRY_MIN_MS;
  #retryTimer: NodeJS.Timeout | undefined;

  constructor(options: WorkerLifecycleOptions) {
    this.#options = options;
    this.#client = new SnapshotClient({
      socketPath: options.socketPath,
      instance: options.instance,
      identity: options.identity,
      log: options.log,
      apply: (snapshot, material) => this.#apply(snapshot, material),
      onDrain: (deadlineMs) => this.#leave('drain', deadlineMs),
      onPlace: options.onPlace,
      onTicketKeys: (keys) => options.dataPlane.setTicketKeys(keys),
      onNoCertificate: (host) => options.dataPlane.denyCertificate(host),
      onSpent: (spent) => options.dataPlane.spend(spent),
      onWaking: (progress) => options.dataPlane.waking(progress),
      stats: () => options.dataPlane.stats(),
      activity: () => options.dataPlane.activity(),
      loadStored: options.loadStored,
      ...(options.storedAfterMs === undefined ? {} : { storedAfterMs: options.storedAfterMs }),
    });
  }

  start(): void {
    this.#client.start();
  }

  get state(): 'starting' | 'online' | 'draining' {
    return this.#state;
  }

  /** `DataPlaneOptions.onWantCertificate` */
  wantCertificate(host: string): void {
    this.#client.wantCertificate(host);
  }

  /** `DataPlaneOptions.onSpent` */
  tellSpent(spent: readonly SpentTokens[]): void {
    this.#client.tellSpent(spent);
  }

  /** `DataPlaneOptions.onWake` */
  wake(group: string, client: string): void {
    this.#client.wake(group, client);
  }

  /** SIGINT (PM2) or SIGTERM. Drains, then exits 0. Idempotent. */
  leave(signal: string): void {
    this.#options.log.info({ signal }, 'leaving');
    this.#leave('signal', this.#drainMs());
  }

  /**
   * An error that nobody caught: the state of this process is unknown, so it takes nothing new, lets what runs finish and
   * exits 1; PM2 starts another one. It never goes on as if nothing had been (threats.md row 54). A second one while
   * draining is only logged.
   */
  crash(error: unknown): void {
    this.#options.log.error({ error }, 'an error that nobody caught: this worker drains and exits');
    this.#exitCode = 1;
    this.#leave('crash', this.#drainMs());
  }

  async #apply(snapshot: Snapshot, material: ReadonlyMap<string, CertificateMaterial>): Promise<ApplyReport> {
    // While draining too: Docker gives a removed container's address to the next one, so a stale table serves a stranger.
    const report = await this.#options.dataPlane.apply(snapshot, material);
    this.#tryAgainLater(report.failed);
    this.#becomeOnline(snapshot, report);
    return report;
  }

  /** Whoever holds the port may leave it; nothing else would make this worker look again. */
  #tryAgainLater(failed: ApplyReport['failed']): void {
    clearTimeout(this.#retryTimer);
    const now = JSON.stringify(failed);
    if (now !== this.#lastFailed) {
      this.#lastFailed = now;
      this.#retryMs = LISTEN_RETRY_MIN_MS;
      for (const { listenerId, reason } of failed) {
        this.#options.log.error({ listenerId, reason }, 'a listener cannot be opened; it is tried again');
      }
    }
    if (failed.length === 0 || this.#state === 'draining') return;
    this.#retryTimer = setTimeout(() => this.#client.again(), this.#retryMs);
    this.#retryMs = Math.min(LISTEN_RETRY_MAX_MS, this.#retryMs * 2);
  }

  #becomeOnline(snapshot: Snapshot, report: ApplyReport): void {
    if (this.#state === 'draining') return;
    const listeners = listenersReport(this.#options.dataPlane, report);
    // A worker that could open nothing takes no load: the primary goes on seeing it as starting, with the reasons.
    if (listeners.listeners.length === 0 && snapshot.listeners.size > 0) return;
    const isFirst = this.#state === 'starting';
    this.#state = 'online';
    this.#client.ready(listeners);
    if (isFirst) this.#options.sayReady();
  }

  #drainMs(): number {
    const drainMs = this.#client.current?.settings.drainMs ?? this.#options.defaultDrainMs ?? 10_000;
    return Math.min(drainMs, MAX_SIGNAL_DRAIN_MS);
  }

  #leave(reason: LeaveReason, deadlineMs: number): void {
    if (this.#state === 'draining') return;
    clearTimeout(this.#retryTimer);
    this.#state = 'draining';
    if (reason === 'drain') this.#exitCode = LEFT_EXIT_CODE;
    this.#client.state('draining');
    void this.#drain(deadlineMs);
  }

  async #drain(deadlineMs: number): Promise<void> {
    const { dataPlane, log, exit } = this.#options;
    // After a crash anything may hang: the deadline holds without the help of the data plane.
    const watchdog = setTimeout(() => exit(this.#exitCode), withGrace(deadlineMs));
    try {
      const report = await dataPlane.drain(deadlineMs);
      log.info({ ...report }, 'drained');
      await dataPlane.close();
      this.#client.state('stopped');
      await this.#client.close();
    } catch (error) {
      this.#exitCode = 1;
      log.error({ error }, 'draining failed');
    }
    clearTimeout(watchdog);
    exit(this.#exitCode);
  }
}

function listenersReport(dataPlane: DataPlane, report: ApplyReport): ListenersReport {
  const listeners = [...dataPlane.addresses()]
    .filter(([, addresses]) => addresses.length > 0)
    .map(([id, addresses]) => ({ id, addresses }));
  return { listeners, failed: report.failed };
}
