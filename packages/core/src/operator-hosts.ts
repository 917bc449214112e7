import { isContainer, shadow, type Claim } from './claims.ts';
import { takesPath } from './path-index.ts';
import { ROUTE_DEFAULTS, type Origin, type RouteDefinition, type ShadowedRoute } from './route.ts';

/**
 * Hosts for which dproxy.yml has routes, where several tenants share the machine: what such a route takes, no label takes away,
 * neither by a longer path below it nor by a priority or a condition (threats: row 43).
 */
export class OperatorHosts {
  readonly #byHost: ReadonlyMap<string, readonly RouteDefinition[]>;

  constructor(claims: readonly Claim[]) {
    const own = claims.filter(({ definition }) => definition.audience === 'everyone' && !isContainer(definition));
    const byHost = Map.groupBy(own, ({ host }) => host);
    this.#byHost = new Map([...byHost].map(([host, list]) => [host, list.map(({ definition }) => definition)]));
  }

  /** Who has written a route for this very host. */
  originOf(host: string): Origin | undefined {
    return this.#byHost.get(host)?.[0]?.origin;
  }

  /** The claims that are left; those that may stay beside the operator's have no own priority. */
  guard(claims: readonly Claim[]): { readonly claims: readonly Claim[]; readonly shadowed: readonly ShadowedRoute[] } {
    if (this.#byHost.size === 0) return { claims, shadowed: [] };
    const shadowed: ShadowedRoute[] = [];
    const kept = claims.flatMap((claim) => {
      const { host, definition } = claim;
      const routes = isContainer(definition) && host !== '*' ? this.#byHost.get(host) : undefined;
      if (routes === undefined || definition.audience !== 'everyone') return [claim];
      const holder = routes.find((route) => takesAll(route, definition));
      if (holder !== undefined) {
        shadowed.push(shadow(host, definition, holder, 'dproxy.yml has a route for it'));
        return [];
      }
      const { priority = ROUTE_DEFAULTS.priority } = definition;
      return [priority > 0 ? { host, definition: { ...definition, priority: ROUTE_DEFAULTS.priority } } : claim];
    });
    return { claims: kept, shadowed };
  }
}

/** Whatever the container's route asks for, the operator's is there for it. */
function takesAll(route: RouteDefinition, { path }: RouteDefinition): boolean {
  const { pathMatch = ROUTE_DEFAULTS.pathMatch, condition = null, listeners, publicPorts = [] } = route;
  if (condition !== null || listeners.length > 0 || publicPorts.length > 0 || pathMatch === 'exact') return false;
  return takesPath({ path: route.path, pathMatch }, path);
}
