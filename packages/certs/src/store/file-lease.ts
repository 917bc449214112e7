import type { Log } from '@dproxy/core';
import type { Lease } from '../ports.ts';
import type { DiskCalls } from './disk.ts';
import { formatRecord, type LeaseRecord, parseRecord, toBeat } from './lease-record.ts';
import type { HeldFile, LeaseLock, LeaseTiming } from './lease-lock.ts';

export interface FileLeaseOptions {
  readonly lock: LeaseLock;
  readonly calls: DiskCalls;
  readonly timing: LeaseTiming;
  readonly log: Log;
}

/**
 * Node ends the process when a file handle is collected before it was closed: a lease that its holder forgot must not do that.
 */
const undisposed = new Set<FileLease>();

/**
 * A lock file that is held, with its heartbeat:
 *
 *   held --dispose--> released
 *   held --heartbeat fails, does not come in time, or finds another owner--> lost --dispose--> released
 *
 * The heartbeat goes to the file that we made, not to whatever has its name: it can never write over a successor.
 */
export class FileLease implements Lease {
  readonly #file: HeldFile;
  readonly #options: FileLeaseOptions;
  readonly #lost = new AbortController();
  #state: 'held' | 'lost' | 'released' = 'held';
  #beats = 0;
  #beating: Promise<void> | undefined;
  #cancelNext: () => void = () => {};
  #cancelDeadline: () => void = () => {};

  constructor(file: HeldFile, options: FileLeaseOptions) {
    this.#file = file;
    this.#options = options;
    undisposed.add(this);
    this.#waitForBeat();
  }

  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === 'released') return;
    this.#state = 'released';
    this.#stopTimers();
    await this.#beating;
    try {
      await this.#free();
    } catch (cause) {
      // Nobody is kept waiting for long: without heartbeats it is stale, and at once when this process has ended.
      this.#options.log.warn({ file: this.#file.path, err: cause }, 'a lease cannot be given back; it runs out');
    } finally {
      await this.#file.handle.close();
      undisposed.delete(this);
    }
  }

  #waitForBeat(): void {
    const { timing } = this.#options;
    this.#cancelNext = timing.after(timing.heartbeatMs, () => {
      this.#beating = this.#beat();
    });
    // Others may take it over from this moment on. Also ends the wait for a write that hangs, as those to NFS can.
    this.#cancelDeadline();
    this.#cancelDeadline = timing.after(timing.staleMs, () => this.#lose(`no heartbeat for ${timing.staleMs} ms`));
  }

  async #beat(): Promise<void> {
    try {
      this.#beats++;
      await this.#write({ ...this.#file.record, beat: toBeat(this.#beats) });
      const isOurs = (await this.#currentOwner()) === this.#file.record.owner;
      if (!isOurs) this.#lose('somebody else holds it');
      if (this.#state === 'held') this.#waitForBeat();
    } catch (cause) {
      this.#lose(cause instanceof Error ? cause.message : String(cause));
    }
  }

  async #write(record: LeaseRecord): Promise<void> {
    const bytes = Buffer.from(formatRecord(record));
    await this.#file.handle.write(bytes, 0, bytes.length, 0);
    // Others on NFS see what has reached the server.
    await this.#file.handle.datasync();
  }

  async #currentOwner(): Promise<string | undefined> {
    return parseRecord(await this.#options.calls.readFile(this.#file.path, 'utf8'))?.owner;
  }

  /** Says so in the file that we made, then removes it where it still has the name. */
  async #free(): Promise<void> {
    const record = { ...this.#file.record, beat: toBeat(this.#beats), state: 'free' } as const;
    await this.#write(record);
    await this.#options.lock.remove(this.#file.path, formatRecord(record));
  }

  #lose(reason: string): void {
    if (this.#state !== 'held') return;
    this.#state = 'lost';
    this.#stopTimers();
    this.#options.log.warn({ file: this.#file.path, key: this.#file.record.key, reason }, 'a lease is lost');
    this.#lost.abort(new Error(`the lease is lost: ${reason}`));
  }

  #stopTimers(): void {
    this.#cancelNext();
    this.#cancelDeadline();
  }
}
