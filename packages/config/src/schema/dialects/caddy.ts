import { field, oneOrMore, readable, section, text, type Read } from '../field.ts';

const PREFIX = 'letters, digits, "-" and "_", at most 64';

/** `docker.dialects.caddy`: what was set on the container of caddy-docker-proxy itself, for all others. */
export function caddyOptions() {
  return section({
    labelPrefix: field(readable(PREFIX, readPrefix), {
      meaning: 'CADDY_DOCKER_LABEL_PREFIX: with what its labels begin',
      default: 'caddy',
    }),
    ingressNetworks: field(oneOrMore(text('the name of a network', 128), 'the name of a network'), {
      meaning:
        'CADDY_INGRESS_NETWORKS: through which networks containers are reached, the first that a container is in',
      default: 'a network that dproxy is in, too',
    }),
  });
}

function readPrefix(raw: string): Read<string> {
  return /^[\w-]{1,64}$/.test(raw) ? { value: raw } : { problem: 'not a prefix' };
}
