import {
  TokenBuckets,
  type ApplyReport,
  type GroupActivity,
  type Log,
  type WorkerState,
  type WorkerStats,
} from '@dproxy/core';
import { ActivityParts } from './activity-parts.ts';
import { Answers } from './answers.ts';
import type { Channel } from './channel.ts';
import { encodeFrame } from './frames.ts';
import type { ListenersReport, PrimaryMessage, WorkerIdentity, WorkerMessage } from './messages.ts';
import type { PublishedTable, TableFrame } from './published-table.ts';

/** A worker as its own words describe it, which is the truth; PM2 is only asked about those that say nothing. */
export interface ConnectedWorker extends WorkerIdentity {
  readonly state: WorkerState;
  /** Version of the table that it serves; 0 before the first. */
  readonly version: number;
  readonly hash: string;
  /** What READY said; undefined before. */
  readonly listeners: ListenersReport | undefined;
  /** Listeners that the last table could not open. */
  readonly failed: ApplyReport['failed'];
}

/** Takes load, or will in a moment. */
export function isStaying(state: WorkerState): boolean {
  return state === 'starting' || state === 'online';
}

const MAX_WAITING_BYTES = 1024 * 1024;

/** Words of one worker about requests for containers that sleep. One that says more was taken over, or is flooded. */
const WAKE_RATE = { average: 200, periodMs: 1_000, burst: 400 };

/** A worker that cannot apply even a full table is not sent it again at once: only the next one, or this one later. */
const STUCK_RETRY_MS = 5_000;

/**
 * The primary's end of one worker. At most one table message is on its way until the worker acknowledges it; what is
 * published meanwhile is skipped over, so a worker that does not read costs one message and never a growing queue.
 *
 *     idle --send--> waiting --ACK--> idle (sends again when the table moved on)
 *                       |--RESYNC after a delta--> waiting (for a snapshot)
 *                       |--RESYNC after a snapshot--> stuck --next publish or 5 s--> waiting
 */
export class WorkerLink {
  readonly identity: WorkerIdentity;
  readonly #channel: Channel;
  readonly #table: PublishedTable;
  readonly #log: Log;
  #phase: 'idle' | 'waiting' | 'stuck' = 'idle';
  #sent: TableFrame['kind'] = 'snapshot';
  #stuckTimer: NodeJS.Timeout | undefined;
  #state: WorkerState = 'starting';
  #version: number;
  #hash: string;
  #listeners: ListenersReport | undefined;
  #failed: ApplyReport['failed'] = [];
  #index = -1;
  #count = -1;
  #material = new Set<string>();
  readonly #stats = new Answers<WorkerStats>();
  readonly #activity = new Answers<readonly GroupActivity[]>();
  readonly #activityParts = new ActivityParts();
  readonly #wakes = new TokenBuckets(WAKE_RATE, 2);

  constructor(hello: WorkerMessage & { type: 'hello' }, channel: Channel, table: PublishedTable, log: Log) {
    const { pid, pmId, supervisorPid, startedAtMs } = hello;
    this.identity = { pid, pmId, supervisorPid, startedAtMs };
    this.#channel = channel;
    this.#table = table;
    this.#log = log;
    this.#version = hello.haveVersion;
    this.#hash = hello.haveHash;
    const isCurrent = table.current !== undefined && table.frameFrom(this.#version, this.#hash) === undefined;
    if (isCurrent) this.#material = new Set(table.materialIds());
  }

  describe(): ConnectedWorker {
    return {
      ...this.identity,
      state: this.#state,
      version: this.#version,
      hash: this.#hash,
      listeners: this.#listeners,
      failed: this.#failed,
    };
  }

  welcome(instance: string, index: number, count: number): void {
    this.#index = index;
    this.#count = count;
    this.#send({ type: 'welcome', instance, index, count });
  }

  place(index: number, count: number): void {
    if (index === this.#index && count === this.#count) return;
    this.#index = index;
    this.#count = count;
    this.#send({ type: 'index', index, count });
  }

  denyCertificate(host: string): void {
    this.#send({ type: 'no-certificate', host });
  }

  /** @param frame a message `tickets` */
  tickets(frame: Buffer): void {
    this.#channel.write(frame);
  }

  /** A worker that does not read is told nothing of what is soon past. @param frame a message `spent` */
  spent(frame: Buffer): void {
    if (this.#channel.waitingBytes < MAX_WAITING_BYTES) this.#channel.write(frame);
  }

  drain(deadlineMs: number): void {
    this.#state = 'draining';
    this.#send({ type: 'drain', deadlineMs });
  }

  /** A worker that does not read misses steps on the way, never how it ended. @param frame a message `waking` */
  waking(frame: Buffer, isFinal: boolean): void {
    if (isFinal || this.#channel.waitingBytes < MAX_WAITING_BYTES) this.#channel.write(frame);
  }

  /** Undefined when the worker goes away, or does not answer in `timeoutMs`. */
  stats(timeoutMs: number): Promise<WorkerStats | undefined> {
    return this.#stats.ask((request) => this.#send({ type: 'stats', request }), timeoutMs);
  }

  /** Likewise. */
  async activity(timeoutMs: number): Promise<readonly GroupActivity[] | undefined> {
    let asked = 0;
    const answer = await this.#activity.ask((request) => {
      asked = request;
      this.#send({ type: 'activity', request });
    }, timeoutMs);
    this.#activityParts.drop(asked);
    return answer;
  }

  /** False: it has said so too often within the last second. */
  mayWake(nowMs: number): boolean {
    return this.#wakes.take('', nowMs) === 0;
  }

  /** Level-triggered: looks at what the worker has and sends the one next thing. */
  update(): void {
    if (this.#phase === 'waiting') return;
    const frame = this.#table.frameFrom(this.#version, this.#hash);
    if (frame === undefined) return;
    this.#leaveStuck();
    this.#sendTable(frame);
  }

  #sendTable(frame: TableFrame): void {
    const tls = this.#table.tlsFrame(this.#material);
    if (tls !== undefined) this.#channel.write(tls);
    // The worker drops what the table that it gets does not name.
    this.#material = new Set(this.#table.materialIds());
    this.#phase = 'waiting';
    this.#sent = frame.kind;
    this.#channel.write(frame.bytes);
  }

  /** What the worker says about itself. True when something that others look at has changed. */
  receive(message: WorkerMessage): boolean {
    switch (message.type) {
      case 'ready':
        this.#listeners = { listeners: message.listeners, failed: message.failed };
        if (this.#state === 'starting') this.#state = 'online';
        return true;
      case 'ack':
        this.#acknowledge(message);
        return true;
      case 'resync':
        this.#resync(message.reason);
        return true;
      case 'state':
        // A worker that was told to leave never comes back to `online`.
        if (this.#state !== 'draining' || message.state !== 'online') this.#state = message.state;
        return true;
      case 'stats':
        this.#stats.settle(message.request, message.stats);
        return false;
      case 'activity':
        this.#takeActivity(message);
        return false;
      case 'hello':
      case 'want-certificate':
      case 'wake':
      case 'spent':
        return false;
      default:
        return message satisfies never;
    }
  }

  #acknowledge({ version, hash, failed }: WorkerMessage & { type: 'ack' }): void {
    this.#version = version;
    this.#hash = hash;
    this.#failed = failed;
    if (this.#phase === 'waiting') this.#phase = 'idle';
    this.update();
  }

  #resync(reason: string): void {
    const { pid } = this.identity;
    this.#version = 0;
    this.#hash = '';
    this.#material = new Set();
    if (this.#phase === 'waiting' && this.#sent === 'snapshot') {
      this.#log.error({ pid, reason }, 'a worker cannot apply the table');
      this.#phase = 'stuck';
      this.#stuckTimer = setTimeout(() => this.update(), STUCK_RETRY_MS);
      return;
    }
    this.#log.warn({ pid, reason }, 'a worker asks for the whole table');
    this.#phase = 'idle';
    this.update();
  }

  #leaveStuck(): void {
    clearTimeout(this.#stuckTimer);
    this.#stuckTimer = undefined;
    this.#phase = 'idle';
  }

  #takeActivity({ request, groups, isLast }: WorkerMessage & { type: 'activity' }): void {
    if (!this.#activity.isWaiting(request)) return;
    const whole = this.#activityParts.add(request, groups, isLast);
    if (whole !== undefined) this.#activity.settle(request, whole);
  }

  #send(message: PrimaryMessage): void {
    this.#channel.write(encodeFrame(message));
  }

  /** The connection is gone. */
  dispose(): void {
    clearTimeout(this.#stuckTimer);
    this.#stats.dispose();
    this.#activity.dispose();
  }

  close(): void {
    this.#channel.close();
  }
}
