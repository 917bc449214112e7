import { z } from 'zod';
import { canonicalRoutePath } from '@dproxy/core';
import { balance } from './balance.ts';
import { field, flag, integer, oneOrMore, readable, required, section, text, type Read } from './field.ts';
import { healthCheck } from './health.ts';
import { headerMap, headerRules } from './header-rules.ts';
import { filterList } from './filters/filter-list.ts';
import { match, priority } from './match.ts';
import { HOST, readRouteHost } from './host-name.ts';
import { httpsOptions } from './https.ts';
import { pluginUse } from './plugins.ts';
import { duration } from './units.ts';
import { targets } from './targets.ts';
import { wakeName } from './wake.ts';

const ROUTE_HOST = `${HOST}, or "*"`;
const PATH = 'a path prefix such as /api: starts with "/", without "?", "#", ";" and dot segments';
const REDIRECT_TO = 'an http:// or https:// URL, or a path that starts with "/"';

const REDIRECT_STATUSES = [301, 302, 303, 307, 308] as const;

const respond = () =>
  section({
    status: field(integer(200, 599), { meaning: 'Status of the answer', default: '200' }),
    body: field(z.string({ error: 'a text' }), { meaning: 'Body of the answer, in UTF-8', default: 'empty' }),
    headers: field(headerMap(), {
      meaning: 'Headers of the answer',
      default: 'content-type: text/plain; charset=utf-8 where there is a body',
    }),
  });

const redirect = () => {
  const to = () => readable(REDIRECT_TO, readRedirectTarget);
  const status = () =>
    z
      .int({ error: `one of: ${REDIRECT_STATUSES.join(', ')}` })
      .refine((value) => isRedirectStatus(value), { error: `one of: ${REDIRECT_STATUSES.join(', ')}` })
      .transform((value) => value);
  const detailed = section({
    to: required(to(), {
      meaning:
        'Where the client is sent: an absolute URL, or a path on the same host. It is sent as written; the path of the request is not appended',
    }),
    status: field(status(), {
      meaning: 'Status of the redirect',
      default: '302',
      danger: 'browsers keep a 301 or 308 for ever, even after the entry is gone',
    }),
  });
  return z.union(
    [
      to().transform((location) => ({ location, status: 302 as const })),
      detailed.transform((value) => ({ location: value.to, status: value.status ?? (302 as const) })),
    ],
    { error: `${REDIRECT_TO}, or {to, status}` },
  );
};

const timeouts = () =>
  section({
    connect: field(duration(0), {
      meaning: 'Until the backend accepts the connection, in ms or as 5s',
      default: 'limits.upstreamConnectMs',
      zero: 'the default',
    }),
    response: field(duration(0), {
      meaning: 'From the end of the request until the head of the response, in ms or as 5m',
      default: 'limits.upstreamResponseMs',
      zero: 'the default',
    }),
    idle: field(duration(0), {
      meaning: 'Without a byte either way once the response has begun, in ms or as 5m',
      default: 'limits.upstreamIdleMs',
      zero: 'the default',
    }),
  });

const names = (what: string) => oneOrMore(text(what, 64), what);

/** One entry of `routes`. */
export const routeEntry = section({
  host: required(oneOrMore(readable(ROUTE_HOST, readRouteHost), ROUTE_HOST), {
    meaning:
      'Host name or list of them. *.example.com takes any depth below example.com, but not example.com itself; "*" takes every host that no other route takes. The same host, path and match may stand in one entry only',
  }),
  path: field(readable(PATH, readPath), {
    meaning: 'Path prefix in whole segments: /api takes /api and /api/x, not /apis; match.path compares it otherwise',
    default: '/, all paths',
  }),
  match: field(match(), {
    meaning:
      'What else must hold, all of it: {methods, headers, cookies, query, clients, hostPattern, pathPattern, not}, and how path is compared: {path}, see docs/routing.md',
    default: 'nothing else',
  }),
  priority: field(priority(), {
    meaning:
      'Among the routes of the same host the higher comes first; what says none counts by the length of its host and path, see docs/routing.md',
    default: 'the longer path comes first',
    zero: 'the default',
  }),
  to: field(targets(), {
    meaning:
      'Backend or list of them, shared as balance says: http://host[:port], https://host[:port], h2c://host[:port] (HTTP/2 in clear, as gRPC servers speak it; also grpc://), h2://host[:port] (HTTP/2 over TLS; also grpcs://), host:port, or {url, weight, proxyProtocol}. Give exactly one of to, respond and redirect',
    default: 'none',
    danger: 'the address is not checked against private networks: whoever writes this file decides what is reachable',
  }),
  wake: field(wakeName(), {
    meaning:
      'The containers behind to, which a request starts when they sleep: the name of their compose project, of their group (dproxy.wake.group) or of one container, see docs/sleeping.md',
    default: 'none: they are neither started nor known',
  }),
  respond: field(respond(), { meaning: 'A fixed answer that dproxy gives itself', default: 'none' }),
  redirect: field(redirect(), { meaning: 'A redirect: the place, or {to, status}', default: 'none' }),
  headers: field(headerRules(), { meaning: 'Header changes', default: 'none' }),
  filters: field(filterList(), {
    meaning:
      'What happens to its requests and answers, in this order; each entry is a map with one key, the type of the filter, see docs/filters.md',
    default: 'none',
  }),
  health: field(healthCheck(), {
    meaning:
      'How its backends are checked: a path such as /health, tcp, grpc, or a map; one that fails takes no requests until it passes again',
    default: 'none',
  }),
  balance: field(balance(), {
    meaning:
      'How requests are shared by the backends: a strategy, or {strategy, hashBy, sticky, ejection, slowStart}, see docs/balancing.md',
    default: 'roundRobin',
  }),
  timeouts: field(timeouts(), {
    meaning: 'Deadlines of this route, in place of those in limits',
    default: 'those in limits',
  }),
  plugins: field(oneOrMore(pluginUse(), 'the name of a plugin, a module, or {use, with}'), {
    meaning:
      'Fastify plugins that its requests go through, in order: names under plugins:, modules, or {use, with} with options; the route is then served by the application path',
    default: 'none',
  }),
  listeners: field(names('the name of a listener'), {
    meaning: 'Listeners (names under listen:) on which it answers',
    default: 'all HTTP and HTTPS listeners',
  }),
  https: field(httpsOptions(), {
    meaning: 'What HTTPS means for this route: {redirect, hsts, certificate}, or false for no redirect',
    default: 'https, for all routes',
  }),
  tlsVerify: field(flag(), {
    meaning: 'Whether the certificate of an https:// or h2:// backend is verified',
    default: 'true',
    danger: 'with false, whoever is in between can read and change everything',
  }),
  fallThrough: field(flag(), {
    meaning: 'For a wildcard host: whether the next candidate is tried when this one answers with an error',
    default: 'wildcards.fallThrough',
  }),
}).superRefine((value, context) => {
  const actions = (['to', 'respond', 'redirect'] as const).filter((key) => value[key] !== undefined);
  const problem = actions.length === 0 ? 'no to, respond or redirect' : `${actions.join(' and ')} together`;
  if (actions.length !== 1) {
    context.addIssue({ code: 'custom', message: 'exactly one of to, respond and redirect', params: { problem } });
  }
  if (value.wake !== undefined && value.to === undefined)
    context.addIssue({ code: 'custom', message: 'only beside to', path: ['wake'] });
  if (value.respond?.body !== undefined && [204, 205, 304].includes(value.respond.status ?? 200)) {
    const message = 'no body with the status 204, 205 or 304 (RFC 9110 section 6.4.1)';
    context.addIssue({ code: 'custom', message, path: ['respond', 'body'] });
  }
});

export type RouteEntry = z.output<typeof routeEntry>;

export function readPath(raw: string): Read<string> {
  // With the slash at its end: an exact path has it, and a prefix of characters. `routePath` takes it off elsewhere.
  const path = canonicalRoutePath(raw, 'exact');
  return path === undefined ? { problem: 'not a path prefix' } : { value: path };
}

function isRedirectStatus(value: number): value is (typeof REDIRECT_STATUSES)[number] {
  return (REDIRECT_STATUSES as readonly number[]).includes(value);
}

function readRedirectTarget(raw: string): Read<string> {
  if (/[^\x21-\x7e\u0080-\uffff]/.test(raw)) return { problem: 'it has spaces or control characters' };
  // "//host" is another host in the eyes of a browser: an open redirect by a slip of the finger.
  if (/^\/(?![/\\])/.test(raw)) return { value: raw };
  if (!/^https?:\/\//i.test(raw) || !URL.canParse(raw)) return { problem: 'neither a URL nor a path' };
  return new URL(raw).username === '' ? { value: raw } : { problem: 'a URL with a user name' };
}
