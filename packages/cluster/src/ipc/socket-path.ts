import { createHash } from 'node:crypto';
import { join } from 'node:path';

/** `sun_path` holds 108 bytes on Linux and 104 on macOS, with its NUL. */
const MAX_BYTES = 100;

/** `<state>/run/dproxy.sock`, or a short hashed path under the runtime folder when that would be too long for a socket. */
export function ipcSocketPath(statePath: string, runtimeFolder: string): string {
  const path = join(statePath, 'run', 'dproxy.sock');
  if (Buffer.byteLength(path) <= MAX_BYTES) return path;
  return join(runtimeFolder, `dproxy-${instanceOf(statePath)}`, 'dproxy.sock');
}

/** The instance id of the handshake: primary and workers that share a state folder belong together. */
export function instanceOf(statePath: string): string {
  return createHash('sha256').update(statePath).digest('hex').slice(0, 16);
}
