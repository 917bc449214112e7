import { readFile } from 'node:fs/promises';
import type { Log } from '@dproxy/core';
import { StateFile } from './state-file.ts';

export interface LedgerFileOptions<T> {
  readonly path: string;
  readonly log: Log;
  /** What the JSON in the file means; undefined: it is not what was saved. Whoever may write there may write anything. */
  readonly read: (found: unknown) => T | undefined;
  readonly empty: () => T;
  /** What is said of a file that cannot be used, with what follows from that. */
  readonly unusable: string;
}

/** A file of the state folder that must never keep dproxy from starting: one that cannot be used is said, and counts as empty. */
export class LedgerFile<T> {
  readonly #options: LedgerFileOptions<T>;
  readonly #file: StateFile;

  constructor(options: LedgerFileOptions<T>) {
    this.#options = options;
    this.#file = new StateFile(options.path, options.log);
  }

  async load(): Promise<T> {
    const { path, log, read, empty, unusable } = this.#options;
    try {
      const ledger = read(JSON.parse(await readFile(path, 'utf8')));
      if (ledger !== undefined) return ledger;
      log.error({ path }, unusable);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') log.error({ path, error }, unusable);
    }
    return empty();
  }

  /** In the background, one after another. */
  save(json: unknown): void {
    this.#file.save(json);
  }

  /** Resolves when all that was saved is on the disk, or could not be written, which is said. */
  async written(): Promise<void> {
    await this.#file.close();
  }
}
