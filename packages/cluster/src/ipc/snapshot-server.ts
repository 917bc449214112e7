import { chmod, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { CertificateMaterial, GroupActivity, Log, Snapshot, WakeProgress, WorkerStats } from '@dproxy/core';
import { ensurePrivateFolder } from '../private-folder.ts';
import { sumActivity } from './activity-parts.ts';
import { Channel } from './channel.ts';
import { encodeFrame, WORKER_FRAME_BYTES } from './frames.ts';
import {
  PROTOCOL,
  type PrimaryMessage,
  type SpentMessage,
  type TakeoverAnswer,
  type TakeoverMessage,
  type WorkerMessage,
} from './messages.ts';
import { parseWorkerMessage } from './parse.ts';
import { PublishedTable } from './published-table.ts';
import { isStaying, WorkerLink, type ConnectedWorker } from './worker-link.ts';

export interface SnapshotServerOptions {
  readonly socketPath: string;
  readonly instance: string;
  readonly log: Log;
  /** Whether another primary may take over now. Absent: never. A `granted` makes this server stop listening first. */
  readonly decideTakeover?: (byPid: number) => TakeoverAnswer;
  /** After the socket is gone and before the other primary hears `granted`: releases the lock. */
  readonly release?: () => Promise<void>;
  /** After the other primary was told: the composition root exits 0. */
  readonly handedOver?: () => void;
}

/** `pid` is that of the worker that says so. */
export type WakeListener = (group: string, client: string, pid: number) => void;

/** What all workers together have to do for wake groups. */
export interface WholeActivity {
  /** Groups that no worker names were not used since the workers started. */
  readonly groups: readonly GroupActivity[];
  /** False: a worker did not answer, or there is none. Nothing may be put to sleep on its word. */
  readonly complete: boolean;
}

/** Time for the first message of a connection. */
const GREETING_MS = 5_000;
/** 256 workers twice over (a generation and its successors), with room to spare. */
const MAX_CONNECTIONS = 1_024;

/** The primary's end of the unix socket: hands the table out and knows what every worker says about itself. */
export class SnapshotServer {
  readonly #options: SnapshotServerOptions;
  readonly #table = new PublishedTable();
  readonly #links = new Set<WorkerLink>();
  readonly #sockets = new Set<Socket>();
  readonly #listeners = new Set<() => void>();
  readonly #waiting = new Set<(result: boolean) => void>();
  readonly #wantListeners = new Set<(host: string) => void>();
  readonly #wakeListeners = new Set<WakeListener>();
  /** What is being woken now, for workers that come later. By group. */
  readonly #waking = new Map<string, Buffer>();
  #tickets: Buffer | undefined;
  readonly #server: Server;
  #state: 'new' | 'listening' | 'handing over' | 'closed' = 'new';

  constructor(options: SnapshotServerOptions) {
    this.#options = options;
    this.#server = createServer((socket) => this.#accept(socket));
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /** Mode 0600 in a folder of mode 0700. The caller holds the primary lock: a socket file that is there is a dead one. */
  async listen(): Promise<void> {
    const { socketPath } = this.#options;
    await ensurePrivateFolder(dirname(socketPath));
    await rm(socketPath, { force: true });
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(socketPath, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    await chmod(socketPath, 0o600);
    this.#server.on('error', (error) => this.#options.log.error({ error }, 'the socket for workers fails'));
    this.#state = 'listening';
  }

  /** Hands a new table to every worker. @throws RangeError when its version does not increase. */
  publish(snapshot: Snapshot, material: ReadonlyMap<string, CertificateMaterial>): void {
    this.#table.publish(snapshot, material);
    for (const link of this.#links) link.update();
  }

  /** Hands the keys of session tickets to every worker, now and to each that comes. @param keys the newest first */
  setTicketKeys(keys: readonly Uint8Array[]): void {
    const encoded = keys.map((key) => Buffer.from(key).toString('base64'));
    const frame = encodeFrame({ type: 'tickets', keys: encoded } satisfies PrimaryMessage);
    this.#tickets = frame;
    for (const link of this.#links) link.tickets(frame);
  }

  /**
   * Calls back when clients of a worker wait for a certificate of a host that is routed but has none of its own. A worker that
   * was taken over says what it likes: whether the host is routed, allowed and within the budgets is for the listener to decide.
   * @returns what ends that
   */
  onWantCertificate(listener: (host: string) => void): () => void {
    this.#wantListeners.add(listener);
    return () => this.#wantListeners.delete(listener);
  }

  /** Tells every worker that handshakes for `host` need not wait. */
  denyCertificate(host: string): void {
    for (const link of this.#links) link.denyCertificate(host);
  }

  /**
   * Calls back when a client of a worker asks for a group of containers of which nobody is ready, at most 200 times a second for
   * one worker. A worker that was taken over says what it likes: whether there is such a group is for the listener to decide.
   * @returns what ends that
   */
  onWake(listener: WakeListener): () => void {
    this.#wakeListeners.add(listener);
    return () => this.#wakeListeners.delete(listener);
  }

  /** Tells every worker what becomes of a group; while it is being woken, those that come later, too. */
  publishWaking(progress: WakeProgress): void {
    const frame = encodeFrame({ type: 'waking', progress } satisfies PrimaryMessage);
    const isFinal = progress.state !== 'waking';
    if (isFinal) this.#waking.delete(progress.group);
    else this.#waking.set(progress.group, frame);
    for (const link of this.#links) link.waking(frame, isFinal);
  }

  /** Tells one worker, which asked again for what the others have heard. */
  answerWake(pid: number, progress: WakeProgress): void {
    const frame = encodeFrame({ type: 'waking', progress } satisfies PrimaryMessage);
    for (const link of this.#links) if (link.identity.pid === pid) link.waking(frame, false);
  }

  /** In the order in which they started. */
  workers(): readonly ConnectedWorker[] {
    return [...this.#links].map((link) => link.describe()).sort(byStart);
  }

  /** Tells the workers with these pids to drain and leave. Those that are not connected are passed over. */
  drain(pids: readonly number[], deadlineMs: number): void {
    for (const link of this.#links) {
      if (pids.includes(link.identity.pid)) link.drain(deadlineMs);
    }
    this.#changed();
  }

  /** Counters of every worker that answers in time. */
  async stats(timeoutMs: number): Promise<readonly { readonly pid: number; readonly stats: WorkerStats }[]> {
    const answers = await Promise.all(
      [...this.#links].map(async (link) => ({ pid: link.identity.pid, stats: await link.stats(timeoutMs) })),
    );
    return answers.flatMap(({ pid, stats }) => (stats === undefined ? [] : [{ pid, stats }]));
  }

  /** Waits for the slowest worker, for at most `timeoutMs`. */
  async activity(timeoutMs: number): Promise<WholeActivity> {
    const answers = await Promise.all([...this.#links].map((link) => link.activity(timeoutMs)));
    const told = answers.filter((answer) => answer !== undefined);
    return { groups: sumActivity(told), complete: told.length > 0 && told.length === answers.length };
  }

  /** Calls back after a worker came, went, got ready, acknowledged or changed its state. Returns what ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** True once `predicate` holds, false at the deadline or when the server is closed. */
  waitUntil(predicate: (workers: readonly ConnectedWorker[]) => boolean, timeoutMs: number): Promise<boolean> {
    if (predicate(this.workers())) return Promise.resolve(true);
    return new Promise((resolve) => {
      const settle = (result: boolean): void => {
        stop();
        clearTimeout(timer);
        this.#waiting.delete(settle);
        resolve(result);
      };
      this.#waiting.add(settle);
      const timer = setTimeout(() => settle(false), timeoutMs);
      const stop = this.onChange(() => {
        if (predicate(this.workers())) settle(true);
      });
    });
  }

  /** Cuts the connections; workers go on serving what they have. */
  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    const wasListening = this.#state === 'listening';
    this.#state = 'closed';
    const closed = wasListening ? this.#stopListening() : Promise.resolve();
    for (const settle of this.#waiting) settle(false);
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #stopListening(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    let link: WorkerLink | undefined;
    const greeting = setTimeout(() => channel.close(), GREETING_MS);
    const channel = new Channel(socket, WORKER_FRAME_BYTES, {
      message: (value) => {
        const message = parseWorkerMessage(value);
        clearTimeout(greeting);
        if (link !== undefined) this.#receive(link, message);
        else if (message.type === 'hello') link = this.#greet(message, channel);
        else if (message.type === 'takeover')
          this.#takeover(message, channel).catch((error: unknown) => this.#fail(error));
        else channel.close();
      },
      closed: (error) => {
        clearTimeout(greeting);
        this.#sockets.delete(socket);
        if (error !== undefined) this.#report(error, link);
        if (link !== undefined) this.#forget(link);
      },
    });
  }

  #greet(hello: WorkerMessage & { type: 'hello' }, channel: Channel): WorkerLink | undefined {
    const { instance, log } = this.#options;
    const { pid } = hello;
    const refusal = refusalOf(hello, instance);
    if (refusal !== undefined) {
      log.warn({ pid, found: hello.instance, expected: instance }, `a worker is refused: ${refusal}`);
      channel.end(encodeFrame({ type: 'refused', reason: refusal }));
      return undefined;
    }
    for (const other of this.#links) {
      // It reconnected before we saw its old connection end.
      if (other.identity.pid === pid) other.close();
    }
    const link = new WorkerLink(hello, channel, this.#table, log);
    this.#links.add(link);
    const members = this.#members();
    link.welcome(instance, Math.max(0, members.indexOf(link)), members.length);
    // Before the table: the first handshakes of a new worker resume sessions of the others.
    if (this.#tickets !== undefined) link.tickets(this.#tickets);
    link.update();
    for (const frame of this.#waking.values()) link.waking(frame, false);
    log.debug({ pid, haveVersion: hello.haveVersion }, 'a worker connected');
    this.#changed();
    return link;
  }

  #receive(link: WorkerLink, message: WorkerMessage | TakeoverMessage): void {
    if (message.type === 'want-certificate') for (const listener of this.#wantListeners) listener(message.host);
    if (message.type === 'wake' && link.mayWake(Date.now()))
      for (const listener of this.#wakeListeners) listener(message.group, message.client, link.identity.pid);
    if (message.type === 'spent') this.#tellOthers(link, message);
    if (message.type !== 'takeover' && link.receive(message)) this.#changed();
  }

  /** Each worker counts what the others let through their rate limits. */
  #tellOthers(link: WorkerLink, { type, spent }: SpentMessage): void {
    if (this.#links.size < 2) return;
    const frame = encodeFrame({ type, spent } satisfies PrimaryMessage);
    for (const other of this.#links) if (other !== link) other.spent(frame);
  }

  /** A reset is how the connection of a process that exits may end; anything else is a worker that talks nonsense. */
  #report(error: Error, link: WorkerLink | undefined): void {
    const fields = { error, pid: link?.identity.pid };
    const isNormal = 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
    if (isNormal) this.#options.log.debug(fields, 'a worker ended its connection');
    else this.#options.log.warn(fields, 'a worker is cut off: it does not keep to the protocol');
  }

  #forget(link: WorkerLink): void {
    link.dispose();
    this.#links.delete(link);
    this.#changed();
  }

  /** Workers that share the load: by it each knows where in the round it begins, so that backends are hit evenly. */
  #members(): WorkerLink[] {
    return [...this.#links]
      .filter((link) => isStaying(link.describe().state))
      .sort((a, b) => byStart(a.identity, b.identity));
  }

  #changed(): void {
    const members = this.#members();
    for (const [index, link] of members.entries()) link.place(index, members.length);
    for (const listener of this.#listeners) listener();
  }

  async #takeover(message: TakeoverMessage, channel: Channel): Promise<void> {
    const answer = this.#answerTakeover(message);
    if (answer.type === 'refused') {
      this.#options.log.warn({ pid: message.pid, reason: answer.reason }, 'another primary may not take over');
      channel.end(encodeFrame(answer));
      return;
    }
    this.#state = 'handing over';
    this.#options.log.info({ pid: message.pid }, 'another primary takes over');
    const closed = this.#stopListening();
    for (const link of this.#links) link.close();
    await this.#options.release?.();
    channel.end(encodeFrame(answer));
    await closed;
    this.#options.handedOver?.();
  }

  /** The other one starts without us: its lock attempt then says what is wrong. */
  #fail(error: unknown): void {
    this.#options.log.error({ error }, 'handing over failed');
    this.#options.handedOver?.();
  }

  #answerTakeover({ instance, pid }: TakeoverMessage): TakeoverAnswer {
    if (instance !== this.#options.instance) return { type: 'refused', reason: 'it is another dproxy' };
    if (this.#state !== 'listening') return { type: 'refused', reason: 'this primary is leaving already' };
    return this.#options.decideTakeover?.(pid) ?? { type: 'refused', reason: 'this primary does not hand over' };
  }
}

function refusalOf(hello: WorkerMessage & { type: 'hello' }, instance: string): string | undefined {
  if (hello.instance !== instance) return `it belongs to instance ${hello.instance}, this is ${instance}`;
  if (hello.protocol !== PROTOCOL) return `it speaks protocol ${hello.protocol}, this primary speaks ${PROTOCOL}`;
  return undefined;
}

function byStart(a: { startedAtMs: number; pid: number }, b: { startedAtMs: number; pid: number }): number {
  return a.startedAtMs - b.startedAtMs || a.pid - b.pid;
}
