import { createServer } from 'node:net';

/** A port as the settings want it. `isNamed`: a flag, a variable or the file said so, so there is no falling back. */
export interface WantedPort {
  readonly name: 'http' | 'https' | 'api';
  readonly port: number;
  readonly isNamed: boolean;
  /** Used when nobody named the port and it cannot be had. */
  readonly fallback: number;
}

export interface DecidedPort {
  readonly name: WantedPort['name'];
  readonly port: number;
  /** Why it is not the wanted one; empty when it is. */
  readonly note: string;
}

type Probe = 'free' | 'taken' | 'forbidden';

/** The start cannot go on; the message is for the user, one line per port. */
export class PortError extends Error {
  override readonly name = 'PortError';
}

/**
 * Decides once which ports to use (contract: "Ports"). `ownPorts` are those that workers left from before serve: they count
 * as free, because SO_REUSEPORT lets the next generation join them.
 * @throws PortError when a named port cannot be had, naming each
 */
export async function decidePorts(
  wanted: readonly WantedPort[],
  { host, ownPorts }: { host: string; ownPorts: ReadonlySet<number> },
): Promise<DecidedPort[]> {
  const problems: string[] = [];
  const decided: DecidedPort[] = [];
  for (const entry of wanted) {
    // oxlint-disable-next-line no-await-in-loop -- two ports; the second error is reported with the first
    const result = await decideOne(entry, { host, ownPorts });
    if (typeof result === 'string') problems.push(result);
    else decided.push(result);
  }
  if (problems.length > 0) throw new PortError(problems.join('\n'));
  return decided;
}

async function decideOne(
  { name, port, isNamed, fallback }: WantedPort,
  { host, ownPorts }: { host: string; ownPorts: ReadonlySet<number> },
): Promise<DecidedPort | string> {
  // After a fallback the port that this instance's workers already serve stays, although the first choice may be free now.
  if (!isNamed && ownPorts.has(fallback) && !ownPorts.has(port)) return { name, port: fallback, note: 'kept' };
  const first = await probe({ host, port, ownPorts });
  if (first === 'free') return { name, port, note: '' };
  if (isNamed) return `${name}: port ${port} cannot be had: ${explain(first, port)}`;
  const second = await probe({ host, port: fallback, ownPorts });
  if (second === 'free') return { name, port: fallback, note: explain(first, port) };
  return `${name}: neither port ${port} (${explain(first, port)}) nor ${fallback} (${explain(second, fallback)}) can be had`;
}

function explain(probe: Probe, port: number): string {
  if (probe === 'taken') return `another program holds ${port}`;
  return `binding ${port} is forbidden for this user (CAP_NET_BIND_SERVICE, or a port above 1023, would do)`;
}

async function probe({
  host,
  port,
  ownPorts,
}: {
  host: string;
  port: number;
  ownPorts: ReadonlySet<number>;
}): Promise<Probe> {
  if (port === 0 || ownPorts.has(port)) return 'free';
  const server = createServer();
  return await new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve('taken');
      else if (error.code === 'EACCES' || error.code === 'EPERM') resolve('forbidden');
      else reject(error);
    });
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve('free')));
  });
}
