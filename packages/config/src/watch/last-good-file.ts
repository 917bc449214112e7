import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '@dproxy/core';
import { parseFile } from '../file/parse-file.ts';
import type { ParsedFile } from '../file/parsed-file.ts';

interface Kept {
  readonly path: string;
  readonly seenMs: number;
  readonly text: string;
}

/**
 * The last text of the file of which nothing was refused, in the state folder. A primary that ends while the file is broken
 * comes back with what was in force: else a typing error of today is an outage at the next crash.
 */
export class LastGoodFile {
  readonly #keptAt: string;
  readonly #log: Log;

  /** @param state the state folder */
  constructor(state: string, log: Log) {
    this.#keptAt = keptAt(state);
    this.#log = log;
  }

  /** A disk that is full ends nothing that serves. */
  save(kept: Kept): void {
    try {
      // What the file holds may be secret: whoever may not read it may not read this.
      writeFileSync(`${this.#keptAt}.tmp`, JSON.stringify(kept), { mode: 0o600 });
      renameSync(`${this.#keptAt}.tmp`, this.#keptAt);
    } catch (error) {
      this.#log.error({ path: this.#keptAt, error }, 'the last good version of the configuration file cannot be kept');
    }
  }
}

/** What was kept of the file at `path`, read by the rules of today; null: nothing, or nothing of use. Never throws. */
export function readLastGood(state: string, path: string): ParsedFile | null {
  let kept: Partial<Kept> | null;
  try {
    kept = JSON.parse(readFileSync(keptAt(state), 'utf8')) as Partial<Kept> | null;
  } catch {
    // Not there, not for this user, or half written when the power went: then there is no way back, as before a first start.
    return null;
  }
  if (kept?.path !== path || typeof kept.text !== 'string' || typeof kept.seenMs !== 'number') return null;
  return parseFile({ path, text: kept.text, seenMs: kept.seenMs });
}

function keptAt(state: string): string {
  return join(state, 'last-good.json');
}
