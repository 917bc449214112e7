import type { Backend, HealthCheck } from '@dproxy/core';
import type { Container } from '../container.ts';

/**
 * The check of a container, on a port that is its own. Where it is reached by its published ports, any other port of that address
 * is another program's, whom nobody may have asked by a label: there a port of the container stands for the one that it is
 * published as, and one that is not published for that of the backend.
 */
export function ownCheck(check: HealthCheck, container: Container, backend: Backend): HealthCheck {
  if (check.port === 0 || container.networkMode === 'host') return check;
  if (backend.address === '' || container.attachments.some(({ address }) => address === backend.address)) return check;
  const [binding] = container.published.get(check.port) ?? [];
  return { ...check, port: binding?.port ?? 0 };
}
