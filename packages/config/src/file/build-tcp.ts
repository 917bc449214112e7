import type { Origin } from '@dproxy/core';
import type { Endpoint } from '../schema/network.ts';
import type { TcpListenEntry } from '../schema/tcp-entry.ts';
import { buildBackends } from './build-backends.ts';
import type { TcpEntry } from './parsed-file.ts';

/** `tcp:<first port>`. */
export function tcpId(listen: readonly Endpoint[]): string {
  return `tcp:${listen[0]?.port ?? 0}`;
}

/** Turns a valid entry of `tcp` into a listener. An address without a host gets an empty one: the bind address fills it. */
export function buildTcp(entry: TcpListenEntry, origin: Origin): TcpEntry {
  const { refs, backends } = buildBackends(entry.to, true);
  return {
    listener: {
      id: tcpId(entry.listen),
      protocol: 'tcp',
      addresses: entry.listen,
      publicPort: entry.listen[0]?.port ?? 0,
      backends: refs,
      proxyProtocol: entry.proxyProtocol ?? [],
    },
    backends,
    origin,
  };
}
