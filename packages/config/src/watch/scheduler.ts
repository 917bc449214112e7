/** Time for the file watcher; tests bring their own. */
export interface Scheduler {
  /** Epoch milliseconds. */
  nowMs(): number;
  /** @returns a function that cancels */
  after(delayMs: number, run: () => void): () => void;
}

/** Keeps no process alive. */
export const systemScheduler: Scheduler = {
  nowMs: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
