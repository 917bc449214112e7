import { connect, type Socket } from 'node:net';
import {
  applyDelta,
  decodeDelta,
  decodeSnapshot,
  namedMaterial,
  type ApplyReport,
  type CertificateMaterial,
  type GroupActivity,
  type Log,
  type Snapshot,
  type SpentTokens,
  type WakeProgress,
  type WorkerState,
  type WorkerStats,
} from '@dproxy/core';
import { splitActivity } from './activity-parts.ts';
import { Channel } from './channel.ts';
import { encodeFrame, PRIMARY_FRAME_BYTES } from './frames.ts';
import {
  PROTOCOL,
  type ListenersReport,
  type PrimaryMessage,
  type WorkerIdentity,
  type WorkerMessage,
} from './messages.ts';
import { parsePrimaryMessage } from './parse.ts';

export interface SnapshotClientOptions {
  readonly socketPath: string;
  readonly instance: string;
  readonly identity: WorkerIdentity;
  readonly log: Log;
  /** Puts a table into force. Called for one table at a time, in order. What it rejects with asks for the whole table. */
  readonly apply: (snapshot: Snapshot, material: ReadonlyMap<string, CertificateMaterial>) => Promise<ApplyReport>;
  /** The primary says: leave. */
  readonly onDrain: (deadlineMs: number) => void;
  /** Place of this worker among those that share the load: `index` of `count`. */
  readonly onPlace: (index: number, count: number) => void;
  /** 48 bytes each, the newest first. Called before the first table, and at each rotation. */
  readonly onTicketKeys: (keys: readonly Uint8Array[]) => void;
  /** The primary will not have a certificate for this host. */
  readonly onNoCertificate: (host: string) => void;
  /** What other workers let through their rate limits. */
  readonly onSpent: (spent: readonly SpentTokens[]) => void;
  /** What becomes of a group of containers that is being woken. */
  readonly onWaking: (progress: WakeProgress) => void;
  readonly stats: () => WorkerStats;
  /** How much this worker has to do for each wake group of its table. */
  readonly activity: () => readonly GroupActivity[];
  /** The last good table from disk, for a start without a primary; undefined when there is none that may be used. */
  readonly loadStored: () => Promise<Snapshot | undefined>;
  /** How long to wait for a primary before `loadStored`; 10 s. */
  readonly storedAfterMs?: number;
  /** In [0, 1): spreads the reconnects of many workers. */
  readonly random?: () => number;
}

const STORED_AFTER_MS = 10_000;
/** A local socket: trying is cheap, and every moment without the primary is one without updates. */
const RETRY_MIN_MS = 20;
const RETRY_MAX_MS = 250;
/** A primary that does not read is not told more and more of what is soon past. */
const MAX_WAITING_BYTES = 256 * 1024;
/** A primary that refuses us will not change its mind soon. */
const REFUSED_RETRY_MS = 5_000;

type TableMessage = PrimaryMessage & { type: 'snapshot' | 'delta' };

/**
 * The worker's end of the unix socket. Connects for ever, and whatever happens to the primary, the table that was applied
 * last stays in force.
 */
export class SnapshotClient {
  readonly #options: SnapshotClientOptions;
  #channel: Channel | undefined;
  #socket: Socket | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #storedTimer: NodeJS.Timeout | undefined;
  #retryMs = RETRY_MIN_MS;
  #refused = false;
  #closed = false;
  #current: Snapshot | undefined;
  /** Came from disk, without keys: the primary is to send the whole table even when it is the same one. */
  #isStored = false;
  #material = new Map<string, CertificateMaterial>();
  /** Tables are applied one after another, over reconnects too. */
  #applying: Promise<void> = Promise.resolve();
  #ready: ListenersReport | undefined;
  #state: WorkerState = 'starting';

  constructor(options: SnapshotClientOptions) {
    this.#options = options;
  }

  /** The table in force. */
  get current(): Snapshot | undefined {
    return this.#current;
  }

  get isConnected(): boolean {
    return this.#channel !== undefined;
  }

  start(): void {
    this.#connect();
    this.#storedTimer = setTimeout(
      () => this.#enqueue(() => this.#applyStored()),
      this.#options.storedAfterMs ?? STORED_AFTER_MS,
    );
  }

  /** Says READY now and again to each primary that comes later. */
  ready(report: ListenersReport): void {
    this.#ready = report;
    this.#state = 'online';
    this.#send({ type: 'ready', ...report });
  }

  state(state: WorkerState): void {
    this.#state = state;
    this.#send({ type: 'state', state });
  }

  /** Tells the primary that clients wait for a certificate of `host`. Without a primary nobody hears it. */
  wantCertificate(host: string): void {
    this.#send({ type: 'want-certificate', host });
  }

  /** Tells the other workers what rate limits let through. Without a primary nobody hears it: each worker limits alone. */
  tellSpent(spent: readonly SpentTokens[]): void {
    if ((this.#channel?.waitingBytes ?? 0) < MAX_WAITING_BYTES) this.#send({ type: 'spent', spent });
  }

  /** Tells the primary that a client asks for a group of which nobody is ready. Without a primary nobody hears it. */
  wake(group: string, client: string): void {
    if ((this.#channel?.waitingBytes ?? 0) < MAX_WAITING_BYTES) this.#send({ type: 'wake', group, client });
  }

  /** Applies the table in force once more and says what came of it: what could not be had may be free by now. */
  again(): void {
    this.#enqueue(async () => {
      const snapshot = this.#current;
      if (snapshot === undefined || this.#closed) return;
      const { failed } = await this.#apply(snapshot);
      if (!this.#isStored) this.#send({ type: 'ack', version: snapshot.version, hash: snapshot.hash, failed });
    });
  }

  /** Ends the connection and the reconnecting. Waits for the table that is being applied. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#storedTimer);
    this.#channel?.end();
    this.#socket?.destroySoon();
    await this.#applying;
  }

  #connect(): void {
    if (this.#closed) return;
    const socket = connect(this.#options.socketPath);
    this.#socket = socket;
    const channel = new Channel(socket, PRIMARY_FRAME_BYTES, {
      message: (value) => this.#receive(parsePrimaryMessage(value), channel),
      closed: (error) => this.#disconnected(error),
    });
    socket.once('connect', () => void this.#applying.then(() => this.#greet(channel, socket)));
  }

  /** After the table that is being applied, so that `haveVersion` is true when the primary reads it. */
  #greet(channel: Channel, socket: Socket): void {
    if (this.#closed || this.#socket !== socket) return;
    this.#channel = channel;
    const table = this.#isStored ? undefined : this.#current;
    this.#send({
      type: 'hello',
      protocol: PROTOCOL,
      instance: this.#options.instance,
      ...this.#options.identity,
      haveVersion: table?.version ?? 0,
      haveHash: table?.hash ?? '',
    });
    if (this.#ready !== undefined) this.#send({ type: 'ready', ...this.#ready });
    if (this.#state === 'draining') this.#send({ type: 'state', state: this.#state });
  }

  #disconnected(error: Error | undefined): void {
    const was = this.#channel;
    this.#channel = undefined;
    this.#socket = undefined;
    if (this.#closed) return;
    if (was !== undefined) this.#options.log.warn({ error }, 'the primary is gone; serving on with the last table');
    const random = this.#options.random ?? Math.random;
    const delayMs = this.#refused ? REFUSED_RETRY_MS : this.#retryMs * (0.5 + random());
    this.#refused = false;
    this.#retryMs = Math.min(RETRY_MAX_MS, this.#retryMs * 2);
    this.#retryTimer = setTimeout(() => this.#connect(), delayMs);
  }

  #receive(message: PrimaryMessage, channel: Channel): void {
    switch (message.type) {
      case 'welcome':
        this.#retryMs = RETRY_MIN_MS;
        this.#options.onPlace(message.index, message.count);
        return;
      case 'refused':
        this.#refused = true;
        this.#options.log.error({ reason: message.reason }, 'the primary refuses this worker');
        return;
      case 'tls':
        this.#enqueue(() => this.#learn(message.material));
        return;
      case 'tickets':
        this.#options.onTicketKeys(message.keys.map((key) => Buffer.from(key, 'base64')));
        return;
      case 'snapshot':
      case 'delta':
        this.#enqueue(() => this.#take(message, channel));
        return;
      case 'no-certificate':
        this.#options.onNoCertificate(message.host);
        return;
      case 'spent':
        this.#options.onSpent(message.spent);
        return;
      case 'drain':
        this.#options.onDrain(message.deadlineMs);
        return;
      case 'index':
        this.#options.onPlace(message.index, message.count);
        return;
      case 'stats':
        this.#send({ type: 'stats', request: message.request, stats: this.#options.stats() });
        return;
      case 'waking':
        this.#options.onWaking(message.progress);
        return;
      case 'activity':
        this.#tellActivity(message.request);
        return;
      default:
        message satisfies never;
    }
  }

  #tellActivity(request: number): void {
    const parts = splitActivity(this.#options.activity());
    for (const [at, groups] of parts.entries())
      this.#send({ type: 'activity', request, groups, isLast: at === parts.length - 1 });
  }

  #enqueue(step: () => Promise<void> | void): void {
    this.#applying = this.#applying.then(step);
  }

  #learn(material: readonly CertificateMaterial[]): void {
    for (const entry of material) this.#material.set(entry.id, entry);
  }

  async #take(message: TableMessage, channel: Channel): Promise<void> {
    try {
      const snapshot = this.#decode(message);
      const { failed } = await this.#apply(snapshot);
      this.#isStored = false;
      // A later connection has told the primary what we have by itself.
      if (channel === this.#channel)
        this.#send({ type: 'ack', version: snapshot.version, hash: snapshot.hash, failed });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.log.error({ error, version: message.version }, 'a table cannot be applied; the last one stays');
      if (channel === this.#channel) this.#send({ type: 'resync', reason: reason.slice(0, 1_000) });
    }
  }

  #decode(message: TableMessage): Snapshot {
    const snapshot = message.type === 'snapshot' ? decodeSnapshot(message.snapshot) : this.#applyDelta(message);
    if (snapshot.version !== message.version || snapshot.hash !== message.hash) {
      throw new Error(
        `the table is version ${snapshot.version} (${snapshot.hash}), announced was ${message.version} (${message.hash})`,
      );
    }
    return snapshot;
  }

  #applyDelta(message: PrimaryMessage & { type: 'delta' }): Snapshot {
    const current = this.#current;
    if (current?.version !== message.fromVersion || current.hash !== message.fromHash) {
      throw new Error(`a delta from version ${message.fromVersion}, but this worker has ${current?.version ?? 0}`);
    }
    return applyDelta(current, decodeDelta(message.delta));
  }

  async #apply(snapshot: Snapshot): Promise<ApplyReport> {
    const material = new Map<string, CertificateMaterial>();
    for (const id of namedMaterial(snapshot)) {
      const entry = this.#material.get(id);
      if (entry !== undefined) material.set(id, entry);
    }
    const report = await this.#options.apply(snapshot, material);
    this.#current = snapshot;
    this.#material = material;
    clearTimeout(this.#storedTimer);
    return report;
  }

  async #applyStored(): Promise<void> {
    if (this.#current !== undefined || this.#closed) return;
    try {
      const stored = await this.#options.loadStored();
      if (stored === undefined) {
        this.#options.log.warn({}, 'no primary and no stored table: waiting for a primary');
        return;
      }
      this.#isStored = true;
      await this.#apply(stored);
      this.#options.log.warn({ version: stored.version }, 'no primary: serving the stored table');
    } catch (error) {
      this.#isStored = false;
      this.#options.log.error({ error }, 'the stored table cannot be used: waiting for a primary');
    }
  }

  #send(message: WorkerMessage): void {
    this.#channel?.write(encodeFrame(message));
  }
}
