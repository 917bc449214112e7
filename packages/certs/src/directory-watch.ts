import { type FSWatcher, statSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Log } from '@dproxy/core';

export interface DirectoryWatchOptions {
  readonly debounceMs: number;
  readonly rescanMs: number;
  readonly log: Log;
  /** Reads what changed and returns the folders to watch from now on. */
  readonly onChange: () => Promise<readonly string[]>;
}

/** A change that never ends to come must not put off the reading for ever. */
const MAX_DEBOUNCES = 10;

/**
 * Calls `onChange` after changes in a set of folders have been quiet for a moment, and every `rescanMs` anyway. Folders are
 * watched, not files: editors, ACME clients and mounted secrets replace files, and a watch on a file follows the old one.
 * Calls never overlap; a change during a call causes another one.
 */
export class DirectoryWatch {
  readonly #options: DirectoryWatchOptions;
  readonly #watchers = new Map<string, { readonly watcher: FSWatcher; readonly inode: bigint }>();
  /** Of the directory; the parent tells when it appears or is replaced, a link that is swapped too. */
  #name = '';
  #parent = '';
  #debounce: NodeJS.Timeout | undefined;
  #firstChangeMs = 0;
  #rescan: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #isDirty = false;
  #isStopped = false;

  constructor(options: DirectoryWatchOptions) {
    this.#options = options;
  }

  /** Watches first, then reads, so that no change falls between the two. Resolves after the first `onChange`. */
  async start(directory: string): Promise<void> {
    this.#name = basename(directory);
    this.#parent = dirname(directory);
    this.#watchOnly([directory]);
    this.#rescan = setInterval(() => this.#trigger(), this.#options.rescanMs).unref();
    this.#trigger();
    await this.#running;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#rescan);
    clearTimeout(this.#debounce);
    this.#watchOnly([]);
    await this.#running;
  }

  #onEvent(): void {
    if (this.#isStopped) return;
    const nowMs = performance.now();
    if (this.#debounce === undefined) this.#firstChangeMs = nowMs;
    const isOverdue = nowMs - this.#firstChangeMs > MAX_DEBOUNCES * this.#options.debounceMs;
    if (this.#debounce !== undefined && isOverdue) return;
    clearTimeout(this.#debounce);
    this.#debounce = setTimeout(() => {
      this.#debounce = undefined;
      this.#trigger();
    }, this.#options.debounceMs);
  }

  #trigger(): void {
    if (this.#isStopped) return;
    this.#isDirty = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async #run(): Promise<void> {
    while (this.#isDirty && !this.#isStopped) {
      this.#isDirty = false;
      try {
        const folders = await this.#options.onChange();
        if (!this.#isStopped) this.#watchOnly(folders);
      } catch (cause) {
        this.#options.log.error({ err: cause }, 'a watched directory could not be read');
      }
    }
  }

  #watchOnly(folders: readonly string[]): void {
    const wanted = new Set(this.#isStopped ? [] : [this.#parent, ...folders]);
    for (const [folder, { watcher, inode }] of this.#watchers) {
      // A folder that was replaced by another of its name: the watch still follows the old one.
      if (wanted.has(folder) && inodeOf(folder) === inode) continue;
      watcher.close();
      this.#watchers.delete(folder);
    }
    for (const folder of wanted) if (!this.#watchers.has(folder)) this.#open(folder);
  }

  #open(folder: string): void {
    try {
      const inode = statSync(folder, { bigint: true }).ino;
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        // The parent may be a busy folder, such as /etc.
        if (folder !== this.#parent || name === null || name === this.#name) this.#onEvent();
      });
      watcher.on('error', (cause) => this.#lose(folder, watcher, cause));
      this.#watchers.set(folder, { watcher, inode });
      // Something may have been put there between the reading and this line.
      if (this.#running !== undefined) this.#onEvent();
    } catch (cause) {
      this.#options.log.debug({ folder, err: cause }, 'not watched; it is read every now and then');
    }
  }

  /** A watch on a removed folder is dead; the next reading opens a new one. */
  #lose(folder: string, watcher: FSWatcher, cause: unknown): void {
    watcher.close();
    if (this.#watchers.get(folder)?.watcher === watcher) this.#watchers.delete(folder);
    this.#options.log.debug({ folder, err: cause }, 'a watch was lost; it is opened anew');
    this.#onEvent();
  }
}

function inodeOf(folder: string): bigint | undefined {
  return statSync(folder, { bigint: true, throwIfNoEntry: false })?.ino;
}
