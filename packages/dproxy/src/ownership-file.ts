import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Log, Ownership, OwnershipLedger } from '@dproxy/core';

/** `<state>/ownership.json`: which compose project holds which host, for `ownership: project`. */
export class OwnershipFile {
  readonly #path: string;
  readonly #log: Log;
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
  }

  /** A damaged file is said and counts as empty: hosts go to the oldest claim then, as on a first start. */
  async load(): Promise<OwnershipLedger> {
    try {
      const entries: unknown = JSON.parse(await readFile(this.#path, 'utf8'));
      if (Array.isArray(entries) && entries.every(isEntry)) return new Map(entries);
      this.#log.error({ path: this.#path }, 'the ledger of host owners is damaged; owners are chosen anew');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
      this.#log.error({ path: this.#path, error }, 'the ledger of host owners cannot be read; owners are chosen anew');
    }
    return new Map();
  }

  save(ledger: OwnershipLedger): void {
    this.#writing = this.#writing.then(() => this.#write(JSON.stringify([...ledger])));
  }

  async close(): Promise<void> {
    await this.#writing;
  }

  async #write(content: string): Promise<void> {
    try {
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
      await writeFile(`${this.#path}.tmp`, content, { mode: 0o600, flush: true });
      await rename(`${this.#path}.tmp`, this.#path);
    } catch (error) {
      this.#log.error({ path: this.#path, error }, 'the ledger of host owners cannot be stored');
    }
  }
}

function isEntry(value: unknown): value is [string, Ownership] {
  if (!Array.isArray(value) || value.length !== 2 || typeof value[0] !== 'string') return false;
  const { project, sinceMs, lastSeenMs, isPresent } = (value[1] ?? {}) as Partial<Record<keyof Ownership, unknown>>;
  return (
    typeof project === 'string' &&
    typeof sinceMs === 'number' &&
    typeof lastSeenMs === 'number' &&
    typeof isPresent === 'boolean'
  );
}
