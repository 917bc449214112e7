import { setTimeout as delay } from 'node:timers/promises';
import { retryAfterMs } from '../retry-after.ts';

export interface PollOptions<T> {
  readonly ask: () => Promise<{ readonly value: T; readonly retryAfter: unknown }>;
  readonly isDone: (value: T) => boolean;
  /** Before the second question; grows by half each time. */
  readonly firstPauseMs: number;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** Also when the authority asks for more: somebody waits for this certificate. */
const MAX_PAUSE_MS = 15_000;

/**
 * Asks until it is done (RFC 8555 section 7.5.1), `Retry-After` obeyed within bounds.
 * @returns undefined at the deadline. @throws what `ask` throws, or the reason of the signal
 */
export async function pollUntil<T>({
  ask,
  isDone,
  firstPauseMs,
  deadlineMs,
  signal,
}: PollOptions<T>): Promise<T | undefined> {
  const end = performance.now() + deadlineMs;
  for (let ownMs = firstPauseMs; ; ownMs = Math.min(ownMs * 1.5, MAX_PAUSE_MS)) {
    // oxlint-disable-next-line no-await-in-loop -- one after another
    const { value, retryAfter } = await ask();
    if (isDone(value)) return value;
    const pauseMs = Math.min(Math.max(retryAfterMs(retryAfter, Date.now()), ownMs), MAX_PAUSE_MS);
    if (performance.now() + pauseMs > end) return undefined;
    // oxlint-disable-next-line no-await-in-loop -- as above
    await delay(pauseMs, undefined, { signal });
  }
}
