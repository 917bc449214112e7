import type { Backend, Origin, StreamDefinition } from '@dproxy/core';
import type { Container } from './container.ts';
import type { StreamClaims } from './dialects/dialect.ts';
import { healthOf, type ReadinessRules } from './health/health-of.ts';
import { definitionId } from './service-definitions.ts';

/** What one raw service adds. */
export function streamOf(
  container: Container,
  { dialect, claims }: { readonly dialect: string; readonly claims: StreamClaims },
  { origin, ...reach }: { readonly origin: Origin; readonly backend: Backend } & ReadinessRules,
): StreamDefinition {
  const { protocol, tls, clients, alpn, connectionsPerClient, priority, idleMs, listener, hosts, panic } = claims;
  const { backend } = reach;
  return {
    id: `${definitionId(container, dialect, claims.service)}/${protocol}`,
    origin,
    protocol,
    tls,
    clients,
    alpn,
    connectionsPerClient,
    priority,
    idleMs,
    listener,
    port: claims.publicPort,
    hosts,
    backends: [backend],
    refs: [{ backendId: backend.id, weight: claims.weight }],
    panic,
    ...healthOf(claims, container, reach),
    sinceMs: container.createdMs,
  };
}

/**
 * The port that the words say; else the only port of that kind; else the public one, if the container has it. Databases are
 * what such services are, so that no port is left out here.
 */
export function streamPort(
  { tcpPorts, udpPorts, networkMode }: Container,
  { protocol, port, publicPort }: StreamClaims,
): number | undefined {
  if (port !== undefined) return port;
  const ports = protocol === 'tcp' ? tcpPorts : udpPorts;
  if (networkMode === 'host') return undefined;
  return ports.length === 1 ? ports[0] : ports.find((each) => each === publicPort);
}
