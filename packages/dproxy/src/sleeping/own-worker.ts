import type { DataPlane, GroupActivity } from '@dproxy/core';
import type { IdleWorkers } from '@dproxy/discovery';

/** As for workers: a table is in force in milliseconds. */
const SERVED_MS = 5_000;

interface Waiting {
  readonly version: number;
  readonly end: (isServed: boolean) => void;
}

/** The data plane of this process, in the place of all workers: it always answers, and takes a table a moment after it is made. */
export class OwnWorker implements IdleWorkers {
  readonly #plane: Pick<DataPlane, 'activity'>;
  readonly #waiting = new Set<Waiting>();
  #version = 0;

  constructor(plane: Pick<DataPlane, 'activity'>) {
    this.#plane = plane;
  }

  /** This version is in force. */
  serves(version: number): void {
    this.#version = Math.max(this.#version, version);
    for (const waiting of this.#waiting) if (waiting.version <= this.#version) waiting.end(true);
  }

  async activity(): Promise<{ readonly groups: readonly GroupActivity[]; readonly complete: boolean }> {
    return { groups: this.#plane.activity(), complete: true };
  }

  async whenServed(version: number): Promise<boolean> {
    if (version <= this.#version) return true;
    return await new Promise((resolve) => {
      const waiting: Waiting = {
        version,
        end: (isServed) => {
          clearTimeout(timer);
          this.#waiting.delete(waiting);
          resolve(isServed);
        },
      };
      const timer = setTimeout(() => waiting.end(false), SERVED_MS);
      // It must not keep a program from ending.
      timer.unref();
      this.#waiting.add(waiting);
    });
  }
}
