import type { Scheduler } from '@dproxy/config';
import type { CertificateStore } from '../ports.ts';

const RETRY_MS = 100;
/** Whoever holds the lease only reads and writes a small file. */
const MAX_WAIT_MS = 30_000;

export interface StateDocumentOptions<T> {
  readonly store: CertificateStore;
  readonly scheduler: Scheduler;
  readonly name: string;
  /** From what was stored, which may be anything: old, damaged, edited by hand. */
  readonly parse: (stored: unknown) => T;
}

/** JSON that all primaries of one state folder share. Changes are made one after another, here by turns, elsewhere by lease. */
export class StateDocument<T> {
  readonly #options: StateDocumentOptions<T>;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: StateDocumentOptions<T>) {
    this.#options = options;
  }

  async read(): Promise<T> {
    return this.#options.parse(await this.#options.store.readState(this.#options.name));
  }

  /**
   * Durable when it resolves. @param change gives the new value and what the caller wants to know; the same value is not written
   * @throws when the disk refuses, or the lease cannot be had
   */
  async update<R>(change: (before: T) => { readonly value: T; readonly result: R }): Promise<R> {
    const mine = this.#turn.then(() => this.#change(change));
    // The next one's turn comes whether or not this one's change failed; its own caller learns of the failure.
    this.#turn = mine.catch(() => {});
    return mine;
  }

  async #change<R>(change: (before: T) => { readonly value: T; readonly result: R }): Promise<R> {
    await using _lease = await this.#lease();
    const before = await this.read();
    const { value, result } = change(before);
    if (value !== before) await this.#options.store.writeState(this.#options.name, value);
    return result;
  }

  async #lease(): Promise<AsyncDisposable> {
    const { store, scheduler, name } = this.#options;
    const endMs = scheduler.nowMs() + MAX_WAIT_MS;
    for (;;) {
      const lease = await store.lease(`state:${name}`);
      if (lease !== undefined) return lease;
      if (scheduler.nowMs() > endMs) throw new Error(`${name} is being changed by another primary for 30 s`);
      await new Promise<void>((resolve) => {
        scheduler.after(RETRY_MS, resolve);
      });
    }
  }
}
