import type { EventEmitter } from 'node:events';

/**
 * Lets a process outlive whoever reads its output. After a kill -9 of PM2 the next line on stdout or stderr is an EPIPE,
 * and an error event without a listener ends the process: an access log would take all workers down together.
 * `onBroken` is called once, for the first stream that breaks. Errors of another kind are handed to `onBroken` too: a log
 * that cannot be written is no reason to stop serving.
 */
export function surviveBrokenOutput(streams: readonly EventEmitter[], onBroken: (error: Error) => void): void {
  let isBroken = false;
  for (const stream of streams) {
    stream.on('error', (error: Error) => {
      if (isBroken) return;
      isBroken = true;
      onBroken(error);
    });
  }
}
