import type { Log, Ownership, OwnershipLedger } from '@dproxy/core';
import { readStateFile, StateFile } from './state-file.ts';

/** `<state>/ownership.json`: which compose project holds which host, for `ownership: project`. */
export class OwnershipFile {
  readonly #path: string;
  readonly #log: Log;
  readonly #file: StateFile;

  constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
    this.#file = new StateFile(path, log);
  }

  /** A file that cannot be used is said and counts as empty: hosts go to the oldest claim then, as on a first start. */
  async load(): Promise<OwnershipLedger> {
    const entries = await readStateFile(this.#path).catch((error: unknown) => error);
    if (entries === undefined) return new Map();
    if (Array.isArray(entries) && entries.every(isEntry)) return new Map(entries);
    this.#log.error(
      { path: this.#path, found: entries },
      'the ledger of host owners cannot be used; owners are chosen anew',
    );
    return new Map();
  }

  save(ledger: OwnershipLedger): void {
    this.#file.save([...ledger]);
  }

  async close(): Promise<void> {
    await this.#file.close();
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
