import type { DiscoverySettings } from '../settings.ts';
import type { Dialect } from './dialect.ts';
import { caddy } from './caddy/index.ts';
import { docksal } from './docksal.ts';
import { native } from './native.ts';
import { nginxProxy } from './nginx-proxy/index.ts';
import { rproxy } from './rproxy.ts';
import { lazytainer, sablier } from './sleep.ts';
import { traefik } from './traefik/index.ts';

/**
 * All label languages that are not turned off, in the order in which they hold: where two say the same host and path of one
 * container, the first one's settings do. Each new dialect adds its line here, its name in
 * `packages/config/src/schema/dialects/dialects.ts`, and its options, if it has any, in a file beside that.
 */
export function dialectsOf(settings: DiscoverySettings['dialects']): readonly Dialect[] {
  const all = [
    read(settings.native, () => native),
    read(settings.nginxProxy, (options) => nginxProxy(options)),
    read(settings.traefik, (options) => traefik(options)),
    read(settings.caddy, (options) => caddy(options)),
    read(settings.docksal, () => docksal),
    read(settings.rproxy, () => rproxy),
    read(settings.sablier, () => sablier),
    read(settings.lazytainer, () => lazytainer),
  ];
  return all.filter((dialect) => dialect !== undefined);
}

/** @param make is given the options that dproxy.yml names; what is absent has the dialect's own default */
function read<O extends object>(
  setting: O | boolean | undefined,
  make: (options: Partial<O>) => Dialect,
): Dialect | undefined {
  if (setting === false) return undefined;
  return make(typeof setting === 'object' ? setting : {});
}
