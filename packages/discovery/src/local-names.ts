import type { RouteDefinition } from '@dproxy/core';

/**
 * `my_app` also answers as `my-app.localhost`, and `web` as `web.docker.localhost`; where another container is called
 * `my-app` or `web.docker`, that name is its own: two that merely look alike are no replicas.
 */
export function withoutTakenNames(definitions: readonly RouteDefinition[]): readonly RouteDefinition[] {
  const owners = new Map<string, string>();
  for (const { audience, hosts, origin } of definitions) {
    const own = `${origin.name.toLowerCase()}.localhost`;
    if (audience === 'local' && hosts.includes(own)) owners.set(own, origin.name);
  }
  return definitions.flatMap((definition) => {
    const isTaken = (host: string): boolean => (owners.get(host) ?? definition.origin.name) !== definition.origin.name;
    if (definition.audience !== 'local' || !definition.hosts.some(isTaken)) return [definition];
    const hosts = definition.hosts.filter((host) => !isTaken(host));
    return hosts.length === 0 ? [] : [{ ...definition, hosts }];
  });
}
