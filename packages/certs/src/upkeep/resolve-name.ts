import { Resolver } from 'node:dns/promises';
import { IssueError } from '../ports.ts';

const TIMEOUT_MS = 2_000;
const TRIES = 2;
/** There is no such name, or it has no record of this type: an answer, not a failure. */
const EMPTY = new Set(['ENOTFOUND', 'ENODATA']);

/**
 * All addresses of a name, IPv6 first as authorities do, by DNS alone: `/etc/hosts` is not what an authority sees.
 * @param resolvers `address:port`; empty: the system's
 * @throws IssueError when no server answers
 */
export async function resolveName(
  name: string,
  resolvers: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
  if (resolvers.length > 0) resolver.setServers(resolvers);
  const cancel = (): void => resolver.cancel();
  signal.addEventListener('abort', cancel);
  try {
    const [ipv6, ipv4] = await Promise.allSettled([resolver.resolve6(name), resolver.resolve4(name)]);
    signal.throwIfAborted();
    const failed = [ipv6, ipv4].find((result) => result.status === 'rejected' && !EMPTY.has(codeOf(result.reason)));
    const found = [ipv6, ipv4].flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
    if (found.length > 0 || failed === undefined) return found;
    const code = failed.status === 'rejected' ? codeOf(failed.reason) : '';
    throw new IssueError('unreachable', `${name} cannot be resolved: ${code}`, {
      advice: 'see whether the DNS servers of this host answer, or name others in acme.resolvers',
      host: name,
    });
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
}
