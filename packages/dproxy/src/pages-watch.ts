import { watch, type FSWatcher } from 'node:fs';
import type { Log } from '@dproxy/core';

/** An editor writes a file in several steps. */
const QUIET_MS = 200;

/** Tells when something in the folder of pages has changed; one folder at a time. */
export class PagesWatch {
  readonly #log: Log;
  readonly #onChange: () => void;
  #folder = '';
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(log: Log, onChange: () => void) {
    this.#log = log;
    this.#onChange = onChange;
  }

  /** Empty: none. */
  follow(folder: string): void {
    if (folder === this.#folder) return;
    this.stop();
    this.#folder = folder;
    if (folder === '') return;
    try {
      this.#watcher = watch(folder, { persistent: false }, () => this.#note());
      this.#watcher.on('error', (error) =>
        this.#log.warn({ error, folder }, 'the folder of pages is not watched any more'),
      );
    } catch (error) {
      this.#log.warn({ error, folder }, 'the folder of pages cannot be watched');
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#folder = '';
  }

  #note(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onChange, QUIET_MS);
  }
}
