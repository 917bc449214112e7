import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

/** Above what well-known programs use. */
const FIRST = 10_240;

/** What this process was given: by chance two calls would name the same port before the first of them is bound. */
const given = new Set<number>();

/**
 * A port that was free a moment ago, for programs that cannot bind port 0. It lies below the range from which the kernel takes
 * the local ports of connections: one of those, even one that ended a minute ago, would make a later bind fail. Another program
 * may take it meanwhile: prefer port 0 wherever the bound address can be asked for.
 */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, firstEphemeralPort());
    // oxlint-disable-next-line no-await-in-loop -- until one is free
    if (given.has(port) || !(await isFree(host, port))) continue;
    given.add(port);
    return port;
  }
}

async function isFree(host: string, port: number): Promise<boolean> {
  const server = createServer();
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
  server.close();
  await once(server, 'close');
  return true;
}

function firstEphemeralPort(): number {
  try {
    return Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s/)[0]);
  } catch {
    // Elsewhere than on Linux: the range that IANA recommends (RFC 6335 section 6).
    return 49_152;
  }
}
