import { z } from 'zod';
import {
  canonicalFieldName,
  DEFAULT_HEALTH_CHECK,
  isFieldValue,
  isOwnField,
  type HealthCheck,
  type HealthRules,
} from '@dproxy/core';
import { field, flag, integer, oneOrMore, readable, section, text, words, type Read } from './field.ts';
import { duration } from './units.ts';

const PATH = 'a path such as /health?full=1, in printable ASCII';
const STATUSES = 'a status such as 204, or a range such as 200-299';
const SERVICE = 'the name of a gRPC service such as my.package.Service';
const FORMS = 'a path such as /health, tcp, grpc, none, or {type, path, interval, panic, ...}';

/**
 * How the backends of a route or of a stream are checked.
 *
 * @param usual the type where neither it nor a path or a service is said
 */
export function healthCheck(usual: 'http' | 'tcp' = 'http') {
  const short = z
    .union([z.literal('tcp'), z.literal('grpc')])
    .transform((type) => rulesOf({ ...DEFAULT_HEALTH_CHECK, type, path: '' }));
  const none = z.literal('none').transform(() => rulesOf(undefined, { readiness: false }));
  const path = readable(PATH, readTarget).transform((value) => rulesOf({ ...DEFAULT_HEALTH_CHECK, path: value }));
  const detailed = options(usual).transform(({ panic, ...said }, context): HealthRules => {
    const { type: named, ...how } = said;
    const [option] = Object.keys(how);
    if (named === 'none') {
      if (option !== undefined) context.addIssue({ code: 'custom', path: [option], message: NOTHING_TO_SAY });
      return rulesOf(undefined, { readiness: false, panic });
    }
    // Alone it is about whoever else checks, as the engine does.
    if (panic !== undefined && named === undefined && option === undefined) return rulesOf(undefined, { panic });
    const implied = said.service !== undefined ? 'grpc' : said.path !== undefined ? 'http' : usual;
    const type = named ?? implied;
    if (said.service !== undefined && type !== 'grpc') {
      context.addIssue({ code: 'custom', path: ['service'], message: 'no service, or type: grpc' });
    }
    return rulesOf(checkOf(type, how), { panic });
  });
  return z.union([short, none, path, detailed], { error: FORMS });
}

const NOTHING_TO_SAY = 'nothing but panic beside type: none';

function rulesOf(
  check: HealthCheck | undefined,
  { readiness = true, panic = false }: Loose<HealthRules> = {},
): HealthRules {
  return { check, readiness, panic };
}

type Loose<T> = { readonly [Key in keyof T]?: T[Key] | undefined };
type Said = Omit<z.output<ReturnType<typeof options>>, 'type' | 'panic'>;

function checkOf(type: HealthCheck['type'], said: Said): HealthCheck {
  const { interval = DEFAULT_HEALTH_CHECK.intervalMs } = said;
  return {
    type,
    path: type === 'http' ? (said.path ?? DEFAULT_HEALTH_CHECK.path) : (said.service ?? ''),
    method: said.method ?? DEFAULT_HEALTH_CHECK.method,
    host: said.host ?? DEFAULT_HEALTH_CHECK.host,
    port: said.port ?? DEFAULT_HEALTH_CHECK.port,
    scheme: said.scheme ?? DEFAULT_HEALTH_CHECK.scheme,
    headers: said.headers ?? DEFAULT_HEALTH_CHECK.headers,
    statuses: said.statuses ?? DEFAULT_HEALTH_CHECK.statuses,
    followRedirects: said.followRedirects ?? DEFAULT_HEALTH_CHECK.followRedirects,
    intervalMs: interval,
    unhealthyIntervalMs: said.unhealthyInterval ?? interval,
    timeoutMs: said.timeout ?? DEFAULT_HEALTH_CHECK.timeoutMs,
    rise: said.rise ?? DEFAULT_HEALTH_CHECK.rise,
    fall: said.fall ?? DEFAULT_HEALTH_CHECK.fall,
  };
}

function options(usual: 'http' | 'tcp') {
  return section({
    type: field(words(['http', 'tcp', 'grpc', 'none']), {
      meaning:
        'http: an answer with an expected status. tcp: the connection is accepted. grpc: grpc.health.v1.Health/Check says SERVING. none: they are not asked, and a container without HEALTHCHECK takes requests as soon as it runs',
      default: usual === 'http' ? 'http, with service grpc' : 'tcp, with path http, with service grpc',
    }),
    path: field(readable(PATH, readTarget), { meaning: 'For http: what is asked for', default: '/' }),
    service: field(readable(SERVICE, readService), {
      meaning: 'For grpc: the service that is asked about',
      default: 'none, the server as a whole',
    }),
    method: field(words(['GET', 'HEAD', 'OPTIONS', 'POST']), { meaning: 'For http: the method', default: 'GET' }),
    host: field(readable('a host such as app.example.com', readHostHeader), {
      meaning: 'The Host of the request; over TLS also the name that the certificate must have',
      default: "the backend's address",
    }),
    port: field(integer(0, 65_535), {
      meaning: 'Another port of the same address',
      default: '0',
      zero: "the backend's port",
    }),
    scheme: field(words(['default', 'http', 'https']), {
      meaning: 'How it is asked. default: as requests are sent to it',
      default: 'default',
    }),
    headers: field(z.record(z.string(), z.string()).transform(readHeaders), {
      meaning: 'For http: headers of the request',
      default: 'none',
    }),
    statuses: field(oneOrMore(statusRange(), STATUSES), {
      meaning: 'For http: statuses that are expected, each a number or a range such as 200-299',
      default: '200-399',
    }),
    followRedirects: field(flag(), {
      meaning: 'For http: whether a redirect to the same server is followed; another server is never asked',
      default: 'true',
    }),
    interval: field(duration(100), { meaning: 'Between two checks, in ms or as 10s', default: '10s' }),
    unhealthyInterval: field(duration(100), {
      meaning:
        'The same while it is not healthy. One that has never passed is asked sooner: after 250 ms, 500 ms and so on up to this',
      default: 'interval',
    }),
    timeout: field(duration(1), { meaning: 'Until the answer must be there, in ms or as 3s', default: '3s' }),
    rise: field(integer(1, 100), { meaning: 'Passes in a row after which it takes requests', default: '1' }),
    fall: field(integer(1, 100), { meaning: 'Failures in a row after which it takes none', default: '2' }),
    panic: field(flag(), {
      meaning:
        'Whether unhealthy backends are asked when nobody else is left, also those that a HEALTHCHECK of Docker calls so. Without another option nothing is checked for it',
      default: 'false',
      danger: 'clients get what unhealthy backends answer',
    }),
  });
}

function readTarget(raw: string): Read<string> {
  return /^\/[!-"$-~]{0,2000}$/.test(raw) ? { value: raw } : { problem: 'not a path' };
}

function readService(raw: string): Read<string> {
  return /^[\w.]{1,120}$/.test(raw) ? { value: raw } : { problem: 'not the name of a gRPC service' };
}

function readHostHeader(raw: string): Read<string> {
  return /^[\w.:[\]-]{1,255}$/.test(raw) ? { value: raw } : { problem: 'not a host' };
}

function statusRange() {
  const status = integer(100, 599).transform((value): readonly [number, number] => [value, value]);
  const range = text(STATUSES).transform((raw, context): readonly [number, number] => {
    const [, from, to = from] = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(raw) ?? [];
    if (from !== undefined && Number(from) <= Number(to)) return [Number(from), Number(to)];
    context.addIssue({ code: 'custom', message: STATUSES });
    return z.NEVER;
  });
  return z.union([status, range], { error: STATUSES });
}

function readHeaders(raw: Readonly<Record<string, string>>, context: z.RefinementCtx): HealthCheck['headers'] {
  const headers: [string, string][] = [];
  for (const [name, value] of Object.entries(raw)) {
    const known = isOwnField(name) ? undefined : canonicalFieldName(name);
    if (known === undefined || !isFieldValue(value)) {
      const message = 'header names and one line of text each; not connection, content-length, host and the like';
      context.addIssue({ code: 'custom', path: [name], message });
      continue;
    }
    headers.push([known, value.trim()]);
  }
  return headers;
}
