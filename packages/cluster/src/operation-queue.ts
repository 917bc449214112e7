import type { Log } from '@dproxy/core';

/** One operation at a time, in the order of the calls; one that fails does not stop the next. */
export class OperationQueue {
  readonly #answerAfterMs: number;
  readonly #log: Log;
  #last: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(answerAfterMs: number, log: Log) {
    this.#answerAfterMs = answerAfterMs;
    this.#log = log;
  }

  /** In the background: a failure is logged. */
  add(name: string, operation: () => Promise<void>): void {
    this.#enqueue(operation).catch((error: unknown) => this.#report(name, error));
  }

  /**
   * True when it is done, false when it goes on in the background. `rest` belongs to the operation, but the next one need
   * not wait for it. @throws what the operation throws before that.
   */
  async run(name: string, operation: () => Promise<void>, rest?: () => Promise<void>): Promise<boolean> {
    let isLate = false;
    const done = this.#enqueue(operation)
      .then(rest)
      .then(
        () => true,
        (error: unknown) => {
          if (!isLate) throw error;
          this.#report(name, error);
          return true;
        },
      );
    const { promise: late, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => {
      isLate = true;
      resolve(false);
    }, this.#answerAfterMs);
    try {
      return await Promise.race([done, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** In its turn, for what belongs to an operation that has answered already. @throws what it throws */
  inTurn(operation: () => Promise<void>): Promise<void> {
    return this.#enqueue(operation);
  }

  /** Resolves when nothing runs or waits. */
  idle(): Promise<void> {
    return this.#last;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** What waits is dropped, and what runs is not waited for: the next primary goes on with what was wanted last. */
  close(): void {
    this.#isClosed = true;
  }

  #report(operation: string, error: unknown): void {
    if (!this.#isClosed) this.#log.warn({ error, operation }, 'the workers are not as wanted');
  }

  #enqueue(operation: () => Promise<void>): Promise<void> {
    const done = this.#last.then(() => {
      if (this.#isClosed) throw new Error('dproxy is ending');
      return operation();
    });
    this.#last = done.catch(() => {
      // Reported by whoever asked for it.
    });
    return done;
  }
}
