import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Log } from '@dproxy/core';

/** A JSON file of the state folder: whole or not there, mode 0600. A disk that is full ends nothing that serves. */
export class StateFile {
  readonly #path: string;
  readonly #log: Log;
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
  }

  /** In the background, one write after another. */
  save(value: unknown): void {
    this.#writing = this.#writing.then(() => this.#write(JSON.stringify(value)));
  }

  /** Resolves when what was saved is written. */
  async close(): Promise<void> {
    await this.#writing;
  }

  async #write(content: string): Promise<void> {
    try {
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
      await writeFile(`${this.#path}.tmp`, content, { mode: 0o600, flush: true });
      await rename(`${this.#path}.tmp`, this.#path);
    } catch (error) {
      this.#log.error({ path: this.#path, error }, 'a file of the state folder cannot be written');
    }
  }
}

/**
 * What is in a file that `StateFile` has written; undefined when there is none, or none that is JSON.
 * @throws Error when it is there and cannot be read
 */
export async function readStateFile(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
