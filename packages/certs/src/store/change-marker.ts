import { join } from 'node:path';
import type { Log } from '@dproxy/core';
import { DirectoryWatch } from '../directory-watch.ts';
import { type Disk, isMissing, uniqueName } from './disk.ts';

const NAME = 'changed';
/** An import saves many within seconds: one reading for all of them. */
const DEBOUNCE_MS = 200;
/** Network file systems tell nothing. */
const RESCAN_MS = 30_000;

/** A file that gets another content with each save, so that one watch tells of changes in thousands of folders. */
export class ChangeMarker {
  readonly #folder: string;
  readonly #disk: Disk;
  readonly #log: Log;

  constructor(folder: string, disk: Disk, log: Log) {
    this.#folder = folder;
    this.#disk = disk;
    this.#log = log;
  }

  /** What was saved is durable already; only telling others may fail, and they look again anyway. */
  async set(): Promise<void> {
    const path = join(this.#folder, NAME);
    const draft = `${path}.${uniqueName()}.tmp`;
    try {
      const file = await this.#disk.openNew(draft);
      try {
        await file.writeFile(uniqueName());
      } finally {
        await file.close();
      }
      await this.#disk.calls.rename(draft, path);
    } catch (cause) {
      await this.#disk.discard(draft);
      this.#log.warn({ path, err: cause }, 'others cannot be told of a new certificate; they see it when they start');
    }
  }

  /** Calls `onChange` after each change, not for what was there before. */
  async watch(onChange: () => void): Promise<AsyncDisposable> {
    let seen = await this.#read();
    const watch = new DirectoryWatch({
      debounceMs: DEBOUNCE_MS,
      rescanMs: RESCAN_MS,
      log: this.#log,
      onChange: async () => {
        const content = await this.#read();
        if (content !== seen) {
          seen = content;
          onChange();
        }
        return [this.#folder];
      },
    });
    await watch.start(this.#folder);
    return { [Symbol.asyncDispose]: () => watch.stop() };
  }

  async #read(): Promise<string> {
    try {
      return await this.#disk.calls.readFile(join(this.#folder, NAME), 'latin1');
    } catch (cause) {
      if (isMissing(cause)) return '';
      throw cause;
    }
  }
}
