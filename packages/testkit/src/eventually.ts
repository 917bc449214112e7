import { setTimeout as delay } from 'node:timers/promises';

export interface EventuallyOptions {
  /** Default 30 s: far more than anything takes, on a slow and busy machine too, so that only a real failure meets it. */
  readonly deadlineMs?: number;
  /** Default 10 ms. */
  readonly everyMs?: number;
  /** What is waited for, for the error. */
  readonly what?: string;
}

/**
 * Waits for a condition: polls until the predicate gives something truthy and returns that.
 * @throws Error at the deadline, with the last error of the predicate as its cause.
 */
export async function eventually<T>(
  predicate: () => T | Promise<T>,
  { deadlineMs = 30_000, everyMs = 10, what = 'the condition' }: EventuallyOptions = {},
): Promise<NonNullable<T>> {
  const end = performance.now() + deadlineMs;
  let cause: unknown;
  for (;;) {
    try {
      const value = await predicate();
      if (value !== undefined && value !== null && value !== false && value !== 0 && value !== '') return value;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= end) throw new Error(`${what} did not come true within ${deadlineMs} ms`, { cause });
    await delay(everyMs);
  }
}

/** Gives up on a promise that a test waits for, with a message that says what was missing. */
export async function within<T>(promise: Promise<T>, what: string, deadlineMs = 30_000): Promise<T> {
  const timer = Promise.withResolvers<never>();
  const timeout = setTimeout(() => {
    timer.reject(new Error(`${what} did not happen within ${deadlineMs} ms`));
  }, deadlineMs);
  try {
    return await Promise.race([promise, timer.promise]);
  } finally {
    clearTimeout(timeout);
  }
}
