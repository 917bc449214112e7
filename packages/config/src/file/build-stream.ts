import type { Listener, Origin, StreamDefinition } from '@dproxy/core';
import type { StreamListen } from '../schema/stream-listen.ts';
import type { TcpListenEntry } from '../schema/tcp-entry.ts';
import type { UdpListenEntry } from '../schema/udp-entry.ts';
import { buildBackends } from './build-backends.ts';
import type { StreamEntry } from './parsed-file.ts';

type Protocol = StreamDefinition['protocol'];

/** `tcp:<first port>`, or the name of the listener that the entry shares. */
function listenerIdOf(protocol: Protocol, { name, addresses }: StreamListen): string {
  return name === '' ? `${protocol}:${addresses[0]?.port ?? 0}` : name;
}

/** Stable as long as an entry keeps its listener and its names, wherever in the file it stands. */
export function streamId(protocol: Protocol, listen: StreamListen, hosts: readonly string[]): string {
  const names = [...new Set(hosts)].sort().join(',');
  return `${listenerIdOf(protocol, listen)}${names === '' ? '' : `/${names}`}`;
}

/** Turns a valid entry of `tcp` into a stream, and the listener that it needs. */
export function buildTcp(entry: TcpListenEntry, origin: Origin, sinceMs: number): StreamEntry {
  const { listen, sni = [] } = entry;
  const { refs, backends } = buildBackends(entry.to, { tlsVerify: true, wakes: entry.wake });
  const stream: StreamDefinition = {
    id: streamId('tcp', listen, sni),
    origin,
    protocol: 'tcp',
    listener: listenerIdOf('tcp', listen),
    port: 0,
    hosts: [...new Set(sni)],
    tls: entry.tls ?? (sni.length > 0 ? 'passthrough' : 'none'),
    clients: entry.clients ?? [],
    alpn: entry.alpn ?? [],
    connectionsPerClient: entry.connectionsPerClient ?? 0,
    priority: entry.priority ?? 0,
    idleMs: entry.idle ?? 0,
    backends,
    refs,
    ...(entry.health?.check === undefined ? {} : { health: entry.health.check }),
    ...(entry.health === undefined ? {} : { panic: entry.health.panic }),
    ...(entry.wake === undefined ? {} : { wakes: entry.wake }),
    ...(entry.health?.readiness === false ? { readiness: [] } : {}),
    sinceMs,
  };
  return { listener: buildListener('tcp', listen, entry.proxyProtocol ?? []), stream, origin };
}

export function buildUdp(entry: UdpListenEntry, origin: Origin, sinceMs: number): StreamEntry {
  const { listen } = entry;
  const { refs, backends } = buildBackends(entry.to, { tlsVerify: true });
  const stream: StreamDefinition = {
    id: streamId('udp', listen, []),
    origin,
    protocol: 'udp',
    listener: listenerIdOf('udp', listen),
    port: 0,
    hosts: [],
    tls: 'none',
    clients: entry.clients ?? [],
    alpn: [],
    connectionsPerClient: entry.sessionsPerClient ?? 0,
    priority: 0,
    idleMs: entry.idle ?? 0,
    backends,
    refs,
    sinceMs,
  };
  return { listener: buildListener('udp', listen, []), stream, origin };
}

/** An address without a host gets an empty one: the bind address fills it. */
function buildListener(
  protocol: Protocol,
  listen: StreamListen,
  proxyProtocol: readonly string[],
): Listener | undefined {
  if (listen.name !== '') return undefined;
  const publicPort = listen.addresses[0]?.port ?? 0;
  return { id: listenerIdOf(protocol, listen), protocol, addresses: listen.addresses, publicPort, proxyProtocol };
}
