/**
 * What PM2 sees when a worker left because the primary told it to: named in `stop_exit_codes` of ecosystem.config.js, so
 * that it is not started again. Every other end, even a polite one on a signal from somebody, is followed by a new worker.
 */
export const LEFT_EXIT_CODE = 79;

/** Closing takes a moment after the deadline. */
export const DRAIN_GRACE_MS = 2_000;

/**
 * The longest drain after a signal: PM2 follows SIGINT with SIGKILL after `kill_timeout` of ecosystem.config.js, which is
 * longer than this and the grace. A drain that the primary asks for over the socket has no such limit.
 */
export const MAX_SIGNAL_DRAIN_MS = 60_000;

/** More makes a timer of Node fire at once. */
const MAX_TIMER_MS = 2_147_483_647;

/** A time until which a drain with this deadline has surely ended, as a timer can take it. */
export function withGrace(deadlineMs: number): number {
  return Math.min(deadlineMs + DRAIN_GRACE_MS, MAX_TIMER_MS);
}
