import type { KillEvent } from './engine-events.ts';

/** Containers that drain, until they may have outlived that. Each has one timer: the last signal counts. */
export class DrainTimers {
  readonly #onOver: (kill: KillEvent) => void;
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(onOver: (kill: KillEvent) => void) {
    this.#onOver = onOver;
  }

  /** @param forMs infinite: it may take as long as it likes */
  begin(kill: KillEvent, forMs: number): void {
    clearTimeout(this.#timers.get(kill.id));
    this.#timers.delete(kill.id);
    // A timer of Node's that is longer fires at once.
    if (forMs > MAX_TIMER_MS) return;
    const timer = setTimeout(() => {
      this.#timers.delete(kill.id);
      this.#onOver(kill);
    }, forMs);
    this.#timers.set(kill.id, timer.unref());
  }

  stop(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}

const MAX_TIMER_MS = 2 ** 31 - 1;
