import { statSync, watch, type FSWatcher, type Stats } from 'node:fs';
import { basename, dirname } from 'node:path';
import { signatureOf } from './read-file.ts';
import type { Scheduler } from './scheduler.ts';

/** A change that the directory does not show (bind mounts, network file systems, links to elsewhere) is seen after it. */
const POLL_MS = 400;

/**
 * Says that a file may have changed. It watches the directory, because editors, `mv` and ConfigMaps put another inode in the
 * place of the file, and looks at the file's times now and then, because not every change reaches the directory.
 */
export class FileWatch {
  readonly #path: string;
  readonly #scheduler: Scheduler;
  readonly #onHint: () => void;
  #watcher: FSWatcher | null = null;
  /** Of the directory that is watched: it may be replaced as a whole. */
  #watched = '';
  #seen = '';
  #cancelPoll: () => void = () => {};

  constructor(path: string, scheduler: Scheduler, onHint: () => void) {
    this.#path = path;
    this.#scheduler = scheduler;
    this.#onHint = onHint;
  }

  start(): void {
    this.#seen = fingerprint(this.#path);
    this.#watchDirectory();
    this.#planPoll();
  }

  stop(): void {
    this.#cancelPoll();
    this.#closeWatcher();
  }

  #planPoll(): void {
    this.#cancelPoll = this.#scheduler.after(POLL_MS, () => {
      this.#watchDirectory();
      this.#compare();
      this.#planPoll();
    });
  }

  #compare(): void {
    const now = fingerprint(this.#path);
    if (now === this.#seen) return;
    this.#seen = now;
    this.#onHint();
  }

  /** Does nothing while the directory that is watched is the one at the path. */
  #watchDirectory(): void {
    const folder = dirname(this.#path);
    const identity = inodeOf(folder);
    if (identity === this.#watched) return;
    this.#closeWatcher();
    if (identity === '') return;
    try {
      const watcher = watch(folder, { persistent: false }, (_event, name) => this.#onEvent(name));
      watcher.on('error', () => this.#closeWatcher());
      this.#watcher = watcher;
      this.#watched = identity;
    } catch {
      // No watches left (fs.inotify.max_user_watches), or gone in between: polling goes on, and tries again.
      this.#watched = '';
    }
  }

  /** Other files of the directory may matter too (`..data` of a ConfigMap), but only when they change what is at our path. */
  #onEvent(name: string | null): void {
    if (name === basename(this.#path)) this.#onHint();
    else this.#compare();
  }

  #closeWatcher(): void {
    this.#watcher?.close();
    this.#watcher = null;
    this.#watched = '';
  }
}

function fingerprint(path: string): string {
  const stats = look(path);
  return typeof stats === 'string' ? stats : signatureOf(stats);
}

function inodeOf(folder: string): string {
  const stats = look(folder);
  return typeof stats !== 'string' && stats.isDirectory() ? `${stats.dev}:${stats.ino}` : '';
}

/** @returns the code of the error where there is nothing to be seen: a loop of links, or a file system that has gone */
function look(path: string): Stats | string {
  try {
    return statSync(path);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown';
  }
}
