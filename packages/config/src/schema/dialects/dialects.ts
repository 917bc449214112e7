import { z } from 'zod';
import { field, flag, section } from '../field.ts';
import { caddyOptions } from './caddy.ts';
import { nginxProxyOptions } from './nginx-proxy.ts';
import { traefikOptions } from './traefik.ts';

/**
 * `docker.dialects`: one line for each label language that discovery reads (`packages/discovery/src/dialects/all-dialects.ts`).
 * A dialect with options has their section in a file beside this one: `switchable(traefikOptions())`.
 */
export const dialects = () =>
  section({
    native: dialect(flag(), 'dproxy.* labels'),
    nginxProxy: dialect(
      switchable(nginxProxyOptions()),
      'Variables of nginx-proxy and acme-companion (VIRTUAL_HOST, ...)',
    ),
    traefik: dialect(switchable(traefikOptions()), 'traefik.* labels'),
    caddy: dialect(switchable(caddyOptions()), 'caddy labels of caddy-docker-proxy'),
    rproxy: dialect(flag(), 'The variable RPROXY'),
    docksal: dialect(flag(), 'io.docksal.* labels'),
    sablier: dialect(flag(), 'sablier.* labels'),
    lazytainer: dialect(flag(), 'lazytainer.* labels'),
  });

/** What is not mentioned is read, with the options' defaults. */
export type DialectSettings = z.output<ReturnType<typeof dialects>>;

/** `false`, `true`, or a map of options, all of them optional. */
function switchable<S extends z.ZodObject<z.ZodRawShape>>(options: S) {
  return z.union([flag(), options], { error: 'true, false, or a map of options' });
}

function dialect<S extends z.ZodType>(schema: S, words: string) {
  return field(schema, { meaning: `${words}: whether they are read`, default: 'true' });
}
