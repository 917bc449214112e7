import { randomBytes } from 'node:crypto';
import type { Log } from '@dproxy/core';
import { LedgerFile } from '../ledger-file.ts';

/** What is remembered of a container that was made. */
export interface MadeRecord {
  readonly name: string;
  readonly id: string;
  readonly image: string;
  readonly tag: string;
  readonly engine: string;
}

export interface MadeLedger {
  /** The value of the label on everything that this state folder made. */
  readonly instance: string;
  readonly containers: readonly MadeRecord[];
}

/**
 * `<state>/made-containers.json`. Everybody who may create a container can give it our label; only this file says which ones are
 * ours.
 */
export class MadeFile {
  readonly #file: LedgerFile<MadeLedger>;

  constructor(path: string, log: Log) {
    this.#file = new LedgerFile<MadeLedger>({
      path,
      log,
      read: (found) => (isLedger(found) ? found : undefined),
      empty: () => ({ instance: randomBytes(16).toString('hex'), containers: [] }),
      unusable: 'the ledger of made containers cannot be used; it begins anew',
    });
  }

  /** A file that cannot be used is said and counts as empty: what was made before can then only be removed by hand. */
  async load(): Promise<MadeLedger> {
    return await this.#file.load();
  }

  /** Resolves when it is on the disk. */
  async save(ledger: MadeLedger): Promise<void> {
    this.#file.save(ledger);
    await this.#file.written();
  }
}

function isLedger(value: unknown): value is MadeLedger {
  if (typeof value !== 'object' || value === null) return false;
  const { instance, containers } = value as Partial<Record<keyof MadeLedger, unknown>>;
  return (
    typeof instance === 'string' &&
    /^[0-9a-f]{32}$/.test(instance) &&
    Array.isArray(containers) &&
    containers.every(isRecord)
  );
}

function isRecord(value: unknown): value is MadeRecord {
  const { name, id, image, tag, engine } = (value ?? {}) as Partial<Record<keyof MadeRecord, unknown>>;
  return (
    [name, image, tag, engine].every((text) => typeof text === 'string') &&
    typeof id === 'string' &&
    /^[0-9a-f]{12,64}$/.test(id)
  );
}
