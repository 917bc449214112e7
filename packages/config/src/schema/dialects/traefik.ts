import { z } from 'zod';
import { field, flag, integer, oneOrMore, section, text } from '../field.ts';

const ENTRY_POINT = 'the name of a listener, or a port';

/** `docker.dialects.traefik`: what Traefik has in its static configuration and its files, which no label says. */
export function traefikOptions() {
  return section({
    exposedByDefault: field(flag(), {
      meaning: 'Whether containers without the label traefik.enable are served by their traefik labels',
      default: 'true',
    }),
    constraints: field(
      text('an expression of Label(`name`, `value`) and LabelRegex(`name`, `pattern`), with &&, || and !'),
      {
        meaning: 'Only containers whose labels are like this are read',
        default: 'all are',
      },
    ),
    defaultRule: field(text('a rule with {{ normalize .Name }} and the like'), {
      meaning:
        'Rule of routers that have none. {{ }} takes .Name, .ContainerName, index .Labels "name", texts, and normalize, lower, upper, trim, trimPrefix, trimSuffix, replace, default',
      default: 'Host(`{{ normalize .Name }}`)',
    }),
    network: field(text('the name of a network', 255), {
      meaning: 'Network of containers without the label traefik.docker.network that are on it',
      default: 'chosen as for all containers',
    }),
    entryPoints: field(entryPoints(), {
      meaning: 'Entry points by name: a listener (http, https, a name under listen) or a port',
      default: 'web is http, websecure is https, tcp-5432 is that port, others are listeners of that name',
    }),
    redirectToHttps: field(flag(), {
      meaning:
        'Whether plain requests for what TLS routers serve are sent to HTTPS, as entryPoints.web.http.redirections does it',
      default: 'false',
    }),
    tlsVerify: field(flag(), {
      meaning: 'Whether certificates of https backends are verified; false is serversTransport.insecureSkipVerify',
      default: 'true',
      danger: 'with false, whoever is between dproxy and a backend can pretend to be it',
    }),
    tlsOptions: field(oneOrMore(text('the name of tls.options', 255), 'names of tls.options'), {
      meaning: 'Names of tls.options whose meaning the section tls of this file has for the hosts of their routers',
      default: 'none: routers with tls.options other than default answer 503',
      danger: 'if they asked for client certificates and tls does not, their sites are open to everybody',
    }),
    labels: field(labels(), {
      meaning:
        "Middlewares for the routers of all containers, as labels say them (traefik.http.middlewares.<name>.<type>.<option>): those of Traefik's files, and of its own container",
      default: 'none',
    }),
  });
}

function entryPoints() {
  const place = z.union([integer(1, 65_535), text(ENTRY_POINT, 255)], { error: ENTRY_POINT });
  return z.record(text('a name', 255), place, { error: `a map of names to ${ENTRY_POINT}` });
}

function labels() {
  const value = z.union([text('a value', 16_384), z.number().transform(String), z.boolean().transform(String)], {
    error: 'a text, a number, true or false',
  });
  const name = z.string().regex(/^traefik\.(?:http|tcp)\.middlewares\./i, {
    error: 'traefik.http.middlewares.<name>.<type>.<option>, or the same with tcp',
  });
  return z.record(name, value, { error: 'a map of labels to values' });
}
