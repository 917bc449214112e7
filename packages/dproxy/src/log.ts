import type { Log } from '@dproxy/core';
import pino from 'pino';

/** JSON lines on stdout; `name` tells primary and workers apart. Written synchronously: a line before a crash is kept. */
export function createLog(name: string, level: string): Log {
  const destination = pino.destination({ dest: 1, sync: true });
  // After PM2 has died nobody reads stdout: EPIPE must not end a process that still serves.
  destination.on('error', ignoreBrokenPipe);
  return pino(
    { name, level, base: { pid: process.pid }, serializers: { error: pino.stdSerializers.err } },
    destination,
  );
}

function ignoreBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
