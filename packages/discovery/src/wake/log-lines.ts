import { plainText } from '@dproxy/core';
import type { LoggedContainer } from './wake-engine.ts';

const MAX_LINES = 20;
const MAX_LINE = 200;
const HEADER_BYTES = 8;

/**
 * The last lines of a container's output, fit to be shown.
 *
 *     without a terminal, for each piece:  | stream, 1 B | 0 0 0 | length, 4 B BE | bytes |
 *
 * @param bytes answer to `GET /containers/<id>/logs`
 */
export function logLines(bytes: Buffer, { hasTerminal, count }: { hasTerminal: boolean; count: number }): string[] {
  const output = hasTerminal ? bytes : Buffer.concat([...pieces(bytes)]);
  return output
    .toString('utf8')
    .split('\n')
    .map((line) => plainText(line, MAX_LINE).trim())
    .filter((line) => line !== '')
    .slice(-Math.min(count, MAX_LINES));
}

function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at + HEADER_BYTES <= bytes.length;) {
    const start = at + HEADER_BYTES;
    at = start + bytes.readUInt32BE(at + 4);
    yield bytes.subarray(start, at);
  }
}

/** An engine notes a start when the program may have written already. */
const EARLY_MS = 1_000;

/**
 * From when on its log is of its last start, as the engine wants it: seconds, with a fraction. 0 for one that the engine itself has
 * started anew: its earlier tries belong to the same start.
 */
export function logSinceS({ state, startedMs, endedMs, restarts }: LoggedContainer): number {
  if (restarts > 0) return 0;
  const earlyMs = Math.max(0, startedMs - EARLY_MS);
  // Of a program that ends at once the end may be noted before the start; so it is the end of this start where it does not run.
  const isOfBefore = state !== 'exited' && endedMs < startedMs;
  return (isOfBefore ? Math.max(endedMs, earlyMs) : earlyMs) / 1_000;
}
