import { createServer, type AddressInfo } from 'node:net';
import type { ListenAddress } from '@dproxy/core';

export type Probe =
  | { readonly result: 'free'; readonly address: ListenAddress }
  | { readonly result: 'taken' | 'forbidden' }
  | { readonly result: 'impossible'; readonly reason: string };

/**
 * Whether workers could listen there. Port 0 becomes a port that is free now, since all workers need the same one; `::`
 * becomes `0.0.0.0` on a machine without IPv6.
 */
export async function probePort(address: ListenAddress, ownPorts: ReadonlySet<number>): Promise<Probe> {
  const { host, port } = address;
  if (port !== 0 && ownPorts.has(port)) return { result: 'free', address };
  const probe = await listenOnce(address);
  const hasNoIpv6 = probe.result === 'impossible' && host === '::';
  return hasNoIpv6 ? await listenOnce({ host: '0.0.0.0', port }) : probe;
}

async function listenOnce({ host, port }: ListenAddress): Promise<Probe> {
  const server = createServer();
  return await new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(toProbe(error)));
    server.listen({ host, port, exclusive: true }, () => {
      const bound = (server.address() as AddressInfo).port;
      server.close(() => resolve({ result: 'free', address: { host, port: bound } }));
    });
  });
}

function toProbe({ code, message }: NodeJS.ErrnoException): Probe {
  if (code === 'EADDRINUSE') return { result: 'taken' };
  if (code === 'EACCES' || code === 'EPERM') return { result: 'forbidden' };
  return { result: 'impossible', reason: message };
}
