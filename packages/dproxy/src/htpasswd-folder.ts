import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { HtpasswdFiles } from '@dproxy/discovery';
import type { Log } from '@dproxy/core';
import { FilesWatch } from './files-watch.ts';

/** Some 10,000 users. */
const MAX_BYTES = 1_048_576;
const MAX_FILES = 10_000;

/** The password files of nginx-proxy: one folder at a time, read as a whole, watched. */
export class HtpasswdFolder {
  readonly #log: Log;
  readonly #watch: FilesWatch;

  constructor(log: Log, onChange: () => void) {
    this.#log = log;
    this.#watch = new FilesWatch(onChange);
  }

  /**
   * What is in the folder now; from now on changes are told. Empty: none.
   *
   * @returns `unreadable` when not all of it can be read: which sites ask for a password nobody knows then
   */
  async follow(folder: string): Promise<HtpasswdFiles> {
    if (folder === '') {
      this.#watch.follow(new Set());
      return [];
    }
    // Before anything is read, so that no change falls in between.
    this.#watch.follow(new Set([folder]));
    try {
      const names = (await readdir(folder)).filter((name) => !name.startsWith('.')).sort();
      if (names.length > MAX_FILES) throw new Error(`it has more than ${MAX_FILES} files`);
      this.#watch.follow(new Set([folder, ...names.map((name) => join(folder, name))]));
      const files = await Promise.all(names.map((name) => readFileOf(folder, name)));
      return files.filter((file) => file !== undefined);
    } catch (error) {
      this.#log.error({ error, folder }, 'the htpasswd folder cannot be read: its sites are not served');
      return 'unreadable';
    }
  }

  stop(): void {
    this.#watch.stop();
  }
}

/** Undefined for what is no file. */
async function readFileOf(folder: string, name: string): Promise<readonly [string, string] | undefined> {
  const path = join(folder, name);
  const stats = await stat(path);
  if (!stats.isFile()) return undefined;
  if (stats.size > MAX_BYTES) throw new Error(`${path} has more than ${MAX_BYTES} bytes`);
  return [name, await readFile(path, 'utf8')];
}
