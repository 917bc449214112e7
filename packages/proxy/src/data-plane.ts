import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import {
  type ApplyReport,
  type CertificateMaterial,
  type DataPlane,
  type DrainReport,
  type GroupActivity,
  type Log,
  type Snapshot,
  type SpentTokens,
  type WakeProgress,
  WildcardMemory,
  type WorkerSlot,
  type WorkerStats,
} from '@dproxy/core';
import type { AccessLog } from './access-log.ts';
import type { ApplicationPath } from './application/index.ts';
import { compileSnapshot } from './compile-snapshot.ts';
import type { CompiledSnapshot } from './compiled-snapshot.ts';
import { Counters } from './counters.ts';
import { DeadlineWheel } from './deadline-wheel.ts';
import { AuthServers } from './filters/auth/auth-server.ts';
import { LoginChecker } from './filters/auth/login-checker.ts';
import { RateLimit, SpentLimits } from './filters/index.ts';
import { ListenerSet } from './listeners/listener-set.ts';
import type { Services } from './services.ts';
import { CertificateHold } from './tls/certificate-hold.ts';
import { SecureContexts } from './tls/secure-contexts.ts';
import type { TlsTable } from './tls/tls-table.ts';
import { BackendAges } from './upstream/backend-ages.ts';
import { NameCache } from './upstream/name-cache.ts';
import { UpstreamConnection, type UpstreamContext } from './upstream/upstream-connection.ts';
import { UpstreamPools } from './upstream/upstream-pools.ts';
import { WaitingRoom } from './waiting/waiting-room.ts';

export interface DataPlaneOptions {
  readonly log: Log;
  /** Which of the workers this is (default: the only one); `place` says it later. */
  readonly workerIndex?: number;
  readonly workerCount?: number;
  /** Several processes listen on the same ports (SO_REUSEPORT). */
  readonly reusePort: boolean;
  /** Gets one entry per request while `settings.accessLog` is on. */
  readonly onAccessLog?: AccessLog;
  /** Serves routes with plugins; without it they answer 500. */
  readonly applicationPath?: Pick<ApplicationPath, 'apply' | 'connect' | 'close'>;
  /**
   * While `settings.tls.onDemand` is on: a client asks for a routed host that only the local CA, or nothing, vouches for. Its
   * handshake waits `limits.certificateWaitMs` for a table with a certificate. Called once per host and wait, for at most
   * `limits.heldHandshakes` hosts at a time; the name is a DNS name as routes spell it, but nothing else is known of it.
   */
  readonly onWantCertificate?: (host: string) => void;
  /** Where there are other workers: what rate limits have let through, at most ten times a second (`DataPlane.spend`). */
  readonly onSpent?: (spent: readonly SpentTokens[]) => void;
  /**
   * Somebody waits for a wake group: at once for the first, then at most once a second per group while anybody waits.
   * @param client its address, of IPv6 the /64: for budgets
   */
  readonly onWake?: (group: string, client: string) => void;
}

export function createDataPlane(options: DataPlaneOptions): DataPlane {
  return new DirectDataPlane(options);
}

/** `CertificateHoldOptions.maxPerClient` for certificates on demand. */
const MAX_ORDERS_PER_CLIENT = 16;
/** How often a drain looks whether it is over. */
const DRAIN_POLL_MS = 50;
/** The end of a drain, in which who still waits for a backend is answered: more than the way into the kernel takes. */
const LAST_WORDS_MS = 200;

class DirectDataPlane implements DataPlane, Services {
  readonly log: Log;
  readonly wheel: DeadlineWheel;
  readonly counters = new Counters();
  readonly memory = new WildcardMemory();
  readonly names = new NameCache();
  readonly ages = new BackendAges();
  readonly accessLog: AccessLog | undefined;
  readonly logins = new LoginChecker();
  readonly authServers = new AuthServers();
  readonly applicationPath: DataPlaneOptions['applicationPath'];
  readonly secureContexts: SecureContexts;
  readonly certificateHold: CertificateHold | undefined;
  readonly leafHold: CertificateHold;
  readonly spentLimits: SpentLimits | undefined;
  readonly waiting: WaitingRoom;
  #worker: WorkerSlot;
  readonly #context: Omit<UpstreamContext, 'bufferBytes'>;
  readonly #pools: UpstreamPools;
  readonly #listeners: ListenerSet;
  /** One after another: two that overlap could close what the other has just opened. */
  #applying: Promise<unknown> = Promise.resolve();
  #draining: Promise<DrainReport> | undefined;
  #compiled: CompiledSnapshot | undefined;
  readonly #requestIdPrefix = randomBytes(6).toString('hex');
  #requestIds = 0;

  constructor(options: DataPlaneOptions) {
    this.log = options.log;
    this.accessLog = options.onAccessLog;
    this.applicationPath = options.applicationPath;
    this.#worker = { index: options.workerIndex ?? 0, count: options.workerCount ?? 1 };
    this.wheel = new DeadlineWheel((error) => this.log.error({ err: error }, 'a deadline could not be handled'));
    const { wheel, counters, log, names } = this;
    const { onWantCertificate: onWant, onSpent } = options;
    this.spentLimits = onSpent === undefined ? undefined : new SpentLimits(onSpent);
    this.secureContexts = new SecureContexts(log);
    const orders = { wheel, log, maxPerClient: MAX_ORDERS_PER_CLIENT };
    this.certificateHold = onWant === undefined ? undefined : new CertificateHold({ ...orders, onWant });
    // Routes name the hosts whose leafs are being made: no client makes them up, and nobody has to be told.
    this.leafHold = new CertificateHold({
      wheel,
      log,
      maxPerClient: Number.POSITIVE_INFINITY,
      onWant: () => undefined,
    });
    this.#context = { wheel, counters, log, names };
    this.#pools = new UpstreamPools(this.#context);
    this.waiting = new WaitingRoom({ services: this, onWake: options.onWake ?? (() => undefined) });
    this.#listeners = new ListenerSet(this, { reusePort: options.reusePort });
  }

  get compiled(): CompiledSnapshot {
    if (this.#compiled === undefined) throw new Error('no Snapshot was applied yet');
    return this.#compiled;
  }

  get isDraining(): boolean {
    return this.#draining !== undefined;
  }

  place(index: number, count: number): void {
    this.#worker = { index, count };
  }

  denyCertificate(host: string): void {
    this.certificateHold?.deny(host);
  }

  spend(spent: readonly SpentTokens[]): void {
    for (const one of spent) {
      const list = this.#compiled?.routes.get(one.routeId)?.filters?.list ?? [];
      for (const filter of list)
        if (filter instanceof RateLimit && filter.isAt(one.routeId, one.place)) filter.spend(one);
    }
  }

  setTicketKeys(keys: readonly Uint8Array[]): void {
    this.secureContexts.setTicketKeys(keys);
  }

  async apply(snapshot: Snapshot, material: ReadonlyMap<string, CertificateMaterial>): Promise<ApplyReport> {
    const applied = this.#applying.then(() => this.#apply(snapshot, material));
    this.#applying = applied.catch(() => undefined);
    return await applied;
  }

  waking(progress: WakeProgress): void {
    if (this.#compiled !== undefined) this.waiting.told(progress);
  }

  activity(): readonly GroupActivity[] {
    return this.#compiled === undefined ? [] : this.waiting.activity();
  }

  /** Those who wait for a backend go on waiting: they are answered when there is one, or a moment before the deadline. */
  async drain(deadlineMs: number): Promise<DrainReport> {
    this.#draining ??= this.#drain(deadlineMs);
    return await this.#draining;
  }

  async close(): Promise<void> {
    this.#draining ??= Promise.resolve({ finished: 0, cut: 0 });
    await this.#applying;
    this.#listeners.destroy();
    this.#pools.destroy();
    this.waiting.dispose();
    this.spentLimits?.dispose();
    await this.applicationPath?.close();
    await this.logins.close();
    this.authServers.close();
    this.wheel.dispose();
  }

  stats(): WorkerStats {
    return this.counters.read();
  }

  addresses(): ReturnType<DataPlane['addresses']> {
    return this.#listeners.addresses();
  }

  overMemory(socket: Duplex): UpstreamConnection {
    return new UpstreamConnection(socket, { ...this.#context, bufferBytes: this.compiled.limits.bufferBytes });
  }

  nextRequestId(): string {
    this.#requestIds++;
    return `${this.#requestIdPrefix}-${this.#requestIds.toString(36)}`;
  }

  async #apply(snapshot: Snapshot, material: ReadonlyMap<string, CertificateMaterial>): Promise<ApplyReport> {
    const before = this.#compiled;
    this.applicationPath?.apply(snapshot);
    this.ages.follow(snapshot, performance.now());
    this.#compiled = compileSnapshot(snapshot, {
      worker: this.#worker,
      pools: this.#pools,
      ages: this.ages,
      log: this.log,
      material,
      previous: this.#compiled,
    });
    this.memory.reconcile(snapshot);
    this.counters.follow(snapshot);
    this.#followTls(snapshot, before?.tls);
    this.#listeners.followBackends();
    this.waiting.follow(before);
    // A draining worker still follows the table (Docker gives a removed container's address to the next one at once), but it
    // opens nothing any more.
    if (this.isDraining) return { failed: [] };
    return { failed: await this.#listeners.apply(snapshot.listeners.values()) };
  }

  #followTls({ certificates }: Snapshot, before: TlsTable | undefined): void {
    const { tls } = this.compiled;
    if (tls === before) return;
    this.secureContexts.keep((id) => certificates.has(id) || tls.hasChallenge(id));
    this.certificateHold?.settle((host) => (tls.kindFor(host) ?? 'local') !== 'local');
    this.leafHold.settle((host) => tls.kindFor(host) !== undefined);
  }

  async #drain(deadlineMs: number): Promise<DrainReport> {
    await this.#applying;
    const open = this.#listeners.openCount;
    this.#listeners.drain();
    this.waiting.drain();
    const lastMs = Math.min(LAST_WORDS_MS, deadlineMs / 2);
    await this.#untilEmpty(deadlineMs - lastMs);
    this.waiting.turnAllAway();
    await this.#untilEmpty(lastMs);
    const cut = this.#listeners.busyCount;
    this.#listeners.destroy();
    return { finished: Math.max(0, open - cut), cut };
  }

  #untilEmpty(deadlineMs: number): Promise<void> {
    const startedMs = performance.now();
    return new Promise((resolve) => {
      const look = (): void => {
        const isOver = this.#listeners.openCount === 0 || performance.now() - startedMs >= deadlineMs;
        if (isOver) resolve();
        else setTimeout(look, DRAIN_POLL_MS);
      };
      look();
    });
  }
}
