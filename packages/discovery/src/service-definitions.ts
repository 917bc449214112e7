import type { Backend, Origin, RouteDefinition } from '@dproxy/core';
import { serviceId } from './container-backend.ts';
import type { Container } from './container.ts';
import { healthOf, type ReadinessRules } from './health/health-of.ts';
import type { NamedService } from './named-services.ts';

/** Stable while the container is the same one; those of dproxy's own labels have the short form. */
export function definitionId(container: Container, dialect: string, service: string): string {
  const id = serviceId(container, dialect === 'native' ? service : '');
  return dialect === 'native' ? id : `${id.slice(0, 12)}/${dialect}:${service}`;
}

interface DefinitionPlace extends ReadinessRules {
  readonly origin: Origin;
  readonly backend: Backend | undefined;
}

/** What one service adds to the routes: for everybody, and under the names that only this machine may use. */
export function definitionsOf(
  container: Container,
  { dialect, claims, hosts, local }: NamedService,
  { origin, backend, ...rules }: DefinitionPlace,
): readonly RouteDefinition[] {
  const backends = backend === undefined ? [] : [backend];
  const refs = backends.map(({ id: backendId }) => ({ backendId, weight: claims.weight }));
  const shared = {
    origin,
    path: claims.path,
    pathMatch: claims.pathMatch,
    condition: claims.condition,
    priority: claims.priority,
    filters: claims.filters,
    balance: claims.balance,
    action: claims.answer ?? ({ type: 'forward', backends: refs } as const),
    backends,
    headers: claims.headers,
    timeouts: claims.timeouts,
    plugins: claims.plugins.map((module) => ({ module, options: {} })),
    listeners: claims.listeners,
    https: claims.https,
    sinceMs: container.createdMs,
    panic: claims.panic,
    ...(backend === undefined ? {} : healthOf(claims, container, { backend, ...rules })),
    ...(claims.fallThrough === undefined ? {} : { fallThrough: claims.fallThrough }),
  };
  const asked = claims.publicPorts.length === 0 ? shared : { ...shared, publicPorts: claims.publicPorts };
  const id = definitionId(container, dialect, claims.service);
  return [
    ...(hosts.length === 0 ? [] : [{ ...asked, id, hosts, audience: 'everyone' as const }]),
    ...(local.length === 0 ? [] : [{ ...shared, id: `${id}/local`, hosts: local, audience: 'local' as const }]),
  ];
}

/**
 * Two dialects of one container that say the same host, path, condition and listeners mean one route: the first one's settings
 * hold, and the container has no double share of the requests. Two services of one dialect are two backends of that route.
 */
export function withoutRepeats(services: readonly NamedService[]): readonly NamedService[] {
  if (services.every(({ dialect }) => dialect === services[0]?.dialect)) return services;
  const owners = new Map<string, string>();
  return services.map((service) => {
    const rest = restOfKey(service);
    const hosts = service.hosts.filter((host) => {
      const key = `${host}${rest}`;
      const owner = owners.get(key) ?? service.dialect;
      owners.set(key, owner);
      return owner === service.dialect;
    });
    return hosts.length === service.hosts.length ? service : { ...service, hosts };
  });
}

function restOfKey({ claims: { path, pathMatch, condition, listeners, publicPorts } }: NamedService): string {
  return JSON.stringify([path, pathMatch, condition, [...listeners].sort(), publicPorts]);
}
