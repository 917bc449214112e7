const FIRST_MS = 50;
const MOST_MS = 5_000;

/**
 * Waiting time before the next attempt, in milliseconds: exponential with full jitter, at most five seconds, at least a
 * tenth of its range, so that a dead socket is no busy loop.
 *
 * @param failures attempts that failed one after another, from 1
 * @param random from 0 to 1
 */
export function reconnectDelayMs(failures: number, random: number): number {
  const range = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 16));
  return Math.round(range * (0.1 + 0.9 * random));
}
