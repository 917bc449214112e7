import type { Container } from '../../container.ts';
import type { Named, Protocol, TraefikLabels } from './labels.ts';
import { implicitName, readReference } from './names.ts';

/** A router and the service that it means. */
export interface Link {
  /** Undefined for the router that nobody named. */
  readonly router: Named | undefined;
  /** As the router says it, or of the only service; undefined when there are several and none is said. */
  readonly service: string | undefined;
  /** The label says it. */
  readonly isExplicit: boolean;
}

/** The services and routers of one container and one protocol, those that nobody named with them. */
export interface Links {
  /** By name in lower case; undefined for the one that nobody named. */
  readonly services: ReadonlyMap<string, Named | undefined>;
  readonly routers: readonly Link[];
  /** What the unnamed service and router are called. */
  readonly implicit: string;
}

const NONE: Omit<Links, 'implicit'> = { services: new Map(), routers: [] };

/** Raw TCP or UDP takes the place of the site that a container has otherwise. */
export function linksOf(
  labels: TraefikLabels,
  container: Pick<Container, 'name' | 'labels'>,
  protocol: Protocol,
): Links {
  const implicit = implicitName(container);
  const { routers, services, middlewares } = labels[protocol];
  const isEmpty = routers.size === 0 && services.size === 0;
  if (isEmpty && (protocol !== 'http' || (isRaw(labels) && middlewares.size === 0))) return { ...NONE, implicit };
  const all = services.size === 0 ? new Map([[implicit.toLowerCase(), undefined]]) : services;
  const [only] = all.size === 1 ? all.keys() : [];
  if (routers.size > 0)
    return { services: all, routers: [...routers.values()].map((router) => linkOf(router, only)), implicit };
  const isServed = protocol === 'http' && only !== undefined;
  return {
    services: all,
    routers: isServed ? [{ router: undefined, service: only, isExplicit: false }] : [],
    implicit,
  };
}

function isRaw({ tcp, udp }: TraefikLabels): boolean {
  return [tcp, udp].some(({ routers, services }) => routers.size > 0 || services.size > 0);
}

function linkOf(router: Named, only: string | undefined): Link {
  const said = router.pairs.find(([key]) => key.toLowerCase() === 'service')?.[1].trim() ?? '';
  if (said === '') return { router, service: only, isExplicit: false };
  const { name, provider } = readReference(said);
  return { router, service: provider === 'docker' ? name : `${name}@${provider}`, isExplicit: true };
}
