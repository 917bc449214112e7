import { readFile } from 'node:fs/promises';

/**
 * `net.ipv4.tcp_migrate_req` of this network namespace (Linux 5.14 and later). With 0 the kernel resets the connections
 * that wait in the queue of a listener that closes: a resize loses a few. `unknown`: no such setting here.
 */
export async function readTcpMigrateReq(path = '/proc/sys/net/ipv4/tcp_migrate_req'): Promise<0 | 1 | 'unknown'> {
  try {
    const value = (await readFile(path, 'utf8')).trim();
    return value === '1' ? 1 : value === '0' ? 0 : 'unknown';
  } catch {
    return 'unknown';
  }
}

/** The sentence for the banner and `/healthz`; undefined when nothing is wrong. */
export function tcpMigrateReqWarning(value: 0 | 1 | 'unknown'): string | undefined {
  if (value !== 0) return undefined;
  return 'net.ipv4.tcp_migrate_req is 0: fewer workers may lose a few new connections; set it to 1 (sysctl -w net.ipv4.tcp_migrate_req=1)';
}
