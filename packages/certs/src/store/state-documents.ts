import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import type { Log } from '@dproxy/core';
import { type Disk, isMissing, uniqueName } from './disk.ts';
import { removeLeftovers } from './leftovers.ts';
import { FileRefused, type PrivateFileOptions, readPrivateFile } from './private-file.ts';
import { StoreError } from './store-error.ts';

/** Ours are short; a directory's host in a name comes from outside and is hashed where it is anything else. */
const PLAIN = /^[a-z0-9][a-z0-9-]{0,59}$/;
/** The ledger of a large installation has some megabytes. */
const MAX_BYTES = 67_108_864;
const KEPT_DAMAGED = 3;

/** JSON documents that survive restarts: accounts, failures, the ledger of orders. */
export class StateDocuments {
  readonly #folder: string;
  readonly #disk: Disk;
  readonly #log: Log;
  readonly #reading: PrivateFileOptions;
  /** One after another per document: of two writes at once the one that was asked for last stays. */
  readonly #writing = new Map<string, Promise<void>>();

  constructor(folder: string, options: { readonly disk: Disk; readonly log: Log; readonly isReadOnly: boolean }) {
    this.#folder = folder;
    this.#disk = options.disk;
    this.#log = options.log;
    const { calls } = options.disk;
    this.#reading = { calls, log: options.log, isReadOnly: options.isReadOnly, maxBytes: MAX_BYTES };
  }

  /**
   * Undefined: not there, or damaged; a damaged one is logged and kept aside for a person to look at.
   * @throws Error when it is there and cannot be read: what was in it must not be taken for nothing and written over.
   */
  async read(name: string): Promise<unknown> {
    const path = this.#path(name);
    let text: string;
    try {
      text = await readPrivateFile(path, this.#reading);
    } catch (cause) {
      if (isMissing(cause)) return undefined;
      if (!(cause instanceof FileRefused)) throw cause;
      throw new Error(`the state document ${path} is refused: ${cause.message}. ${cause.advice}`, { cause });
    }
    try {
      return JSON.parse(text);
    } catch {
      // Not logged with its cause: the message of a SyntaxError quotes the text, which may hold the key of an account.
      await this.#putAside(path, text);
      return undefined;
    }
  }

  /** @throws StoreError */
  async write(name: string, value: unknown): Promise<void> {
    const content = `${JSON.stringify(value)}\n`;
    const path = this.#path(name);
    const before = this.#writing.get(path) ?? Promise.resolve();
    const writing = before.then(() => this.#disk.replaceFile(path, content));
    // The next one waits for this one; its failure is for this one's caller only.
    const settled = writing.catch(() => {});
    this.#writing.set(path, settled);
    try {
      await writing;
    } catch (cause) {
      throw new StoreError(`the state document ${name} cannot be written`, cause);
    } finally {
      if (this.#writing.get(path) === settled) this.#writing.delete(path);
    }
  }

  /** Removes what crashed writes have left. @param beforeMs on the clock of the file system */
  async sweep(beforeMs: number): Promise<void> {
    await removeLeftovers(this.#disk, this.#folder, /\.tmp$/, beforeMs);
  }

  async #putAside(path: string, text: string): Promise<void> {
    if (this.#reading.isReadOnly) return;
    const kept = `${path}.damaged-${uniqueName()}`;
    await this.#disk.calls.rename(path, kept);
    await this.#forgetOldDamaged(path);
    this.#log.error(
      { file: path, bytes: text.length, kept },
      'a state document is damaged and begins anew; the damaged one is kept aside, remove it when it is not needed',
    );
  }

  async #forgetOldDamaged(path: string): Promise<void> {
    const beginning = `${basename(path)}.damaged-`;
    const names = (await this.#disk.calls.readdir(dirname(path))).filter((name) => name.startsWith(beginning));
    const aged = await Promise.all(
      names.map(async (name) => ({ name, mtimeMs: (await this.#disk.calls.lstat(join(dirname(path), name))).mtimeMs })),
    );
    const old = aged.toSorted((a, b) => b.mtimeMs - a.mtimeMs).slice(KEPT_DAMAGED);
    await Promise.all(old.map(({ name }) => this.#disk.discard(join(dirname(path), name))));
  }

  #path(name: string): string {
    const file = PLAIN.test(name) ? name : createHash('sha256').update(name).digest('hex');
    return join(this.#folder, `${file}.json`);
  }
}
