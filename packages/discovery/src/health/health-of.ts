import type { Backend, RouteDefinition } from '@dproxy/core';
import type { Container } from '../container.ts';
import type { ServiceClaims } from '../dialects/dialect.ts';
import { ownCheck } from './own-check.ts';

/** The same for all backends of a container. */
export interface ReadinessRules {
  /** `docker.readiness`. */
  readonly readiness: boolean;
  /** `wake.readyAfter`. */
  readonly readyAfterMs: number;
}

interface Checked extends ReadinessRules {
  readonly backend: Backend;
}

/** How a backend of a container is checked: as its words say, else by its engine, else once, whether it listens. */
export function healthOf(
  { health, readiness: isWanted }: Pick<ServiceClaims, 'health' | 'readiness'>,
  container: Container,
  { backend, readiness, readyAfterMs }: Checked,
): Pick<RouteDefinition, 'health' | 'readiness'> {
  if (health !== undefined) return { health: ownCheck(health, container, backend) };
  // Nothing tells whether a datagram was taken.
  const isAsked = readiness && isWanted && container.health === 'none' && backend.protocol !== 'udp';
  if (!isAsked) return {};
  const since = { backendId: backend.id, startedMs: container.startedMs };
  return { readiness: [readyAfterMs > 0 ? { ...since, afterMs: readyAfterMs } : since] };
}
