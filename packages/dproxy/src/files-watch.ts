import { FileWatch, systemScheduler } from '@dproxy/config';

/** Whoever writes a file may do so in several steps. */
const QUIET_MS = 200;

/** Tells when one of a set of files may have changed. */
export class FilesWatch {
  readonly #onChange: () => void;
  readonly #watches = new Map<string, FileWatch>();
  #timer: NodeJS.Timeout | undefined;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** From now on these, by absolute path; they need not exist. */
  follow(paths: ReadonlySet<string>): void {
    for (const [path, watch] of this.#watches) {
      if (paths.has(path)) continue;
      watch.stop();
      this.#watches.delete(path);
    }
    for (const path of paths) {
      if (this.#watches.has(path)) continue;
      const watch = new FileWatch(path, systemScheduler, () => this.#note());
      this.#watches.set(path, watch);
      watch.start();
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.follow(new Set());
  }

  #note(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onChange, QUIET_MS);
  }
}
