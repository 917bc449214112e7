import { TicketKeys } from '@dproxy/certs';

const REFRESH_MS = 60_000;

/**
 * Makes keys of TLS session tickets and rotates them for as long as the process lives.
 * @param publish gets the keys, newest first, at once and after each rotation
 * @returns what ends it
 */
export function rotateTicketKeys(publish: (keys: readonly Uint8Array[]) => void): () => void {
  const keys = new TicketKeys({ nowMs: Date.now, publish });
  const timer = setInterval(() => keys.refresh(), REFRESH_MS);
  return () => clearInterval(timer);
}
