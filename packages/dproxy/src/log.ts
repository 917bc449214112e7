import type { Log } from '@dproxy/core';
import pino from 'pino';

/** JSON lines on stdout; `name` tells primary and workers apart. Written synchronously: a line before a crash is kept. */
export function createLog(name: string, level: string): Log {
  const destination = pino.destination({ dest: 1, sync: true });
  // After PM2 has died nobody reads stdout: EPIPE must not end a process that still serves.
  destination.on('error', ignoreBrokenPipe);
  return pino(
    {
      name,
      level,
      base: { pid: process.pid },
      serializers: { error: pino.stdSerializers.err },
      hooks: { streamWrite: escapeControls },
    },
    destination,
  );
}

/**
 * JSON leaves DEL and the controls U+0080 to U+009F as they are; a terminal takes U+009B for the beginning of an escape
 * sequence, and a client may put it into its User-Agent. Likewise what breaks or turns a line in editors.
 */
const CONTROLS = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

function escapeControls(line: string): string {
  return line.replace(CONTROLS, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function ignoreBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
