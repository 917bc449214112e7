import type { Log, Ownership, OwnershipLedger } from '@dproxy/core';
import { LedgerFile } from './ledger-file.ts';

/** `<state>/ownership.json`: which compose project holds which host, for `ownership: project`. */
export class OwnershipFile {
  readonly #file: LedgerFile<OwnershipLedger>;

  constructor(path: string, log: Log) {
    this.#file = new LedgerFile<OwnershipLedger>({
      path,
      log,
      read: (found) => (Array.isArray(found) && found.every(isEntry) ? new Map(found) : undefined),
      empty: () => new Map(),
      unusable: 'the ledger of host owners cannot be used; owners are chosen anew',
    });
  }

  /** A file that cannot be used is said and counts as empty: hosts go to the oldest claim then, as on a first start. */
  async load(): Promise<OwnershipLedger> {
    return await this.#file.load();
  }

  save(ledger: OwnershipLedger): void {
    this.#file.save([...ledger]);
  }

  async close(): Promise<void> {
    await this.#file.written();
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
