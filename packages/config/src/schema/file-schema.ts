import { z } from 'zod';
import { qualifyImage } from '@dproxy/core';
import { acme } from './acme.ts';
import { docker } from './docker.ts';
import { field, flag, integer, oneOrMore, readable, section, text, words, type Read } from './field.ts';
import { namedFilters } from './filters/filter-list.ts';
import { httpsOptions } from './https.ts';
import { limits } from './limits.ts';
import { addresses, addressesOrNone, listenEntry, type ListenEntry } from './listen.ts';
import { cidrs } from './network.ts';
import { namedPlugins } from './plugins.ts';
import { routeEntry } from './route-entry.ts';
import { tcpSection, udpSection } from './stream-sections.ts';
import { tls } from './tls.ts';
import { duration, size } from './units.ts';
import { wakeSection } from './wake.ts';

const NAME = /^[a-z][a-z0-9-]{0,31}$/;
const IMAGE = 'a fully qualified image such as docker.io/library/nginx';
const clients = (meaning: string, unset: string, danger: string) =>
  section({ clients: field(cidrs(), { meaning, default: unset, danger }) });

/** `http`, `https` and `api` are always known; others are the user's own names. */
const listen = z
  .object(
    {
      http: field(listenEntry(), {
        meaning:
          'The HTTP listener: a port, address:port, a list, {port|address|addresses, public, proxyProtocol}, or false for none',
        default: '80, or 8080 where 80 cannot be had and nobody named a port',
        zero: 'the system chooses a free port',
      }),
      https: field(listenEntry(), {
        meaning: 'The HTTPS listener, as http',
        default: '443, or 8443 where 443 cannot be had and nobody named a port',
        zero: 'the system chooses a free port',
      }),
      api: field(addresses(), {
        meaning: 'The admin API: a port on 127.0.0.1, or address:port',
        default: '127.0.0.1:16000',
        danger:
          'beyond loopback everybody who reaches it needs only the token; DOCKER_PROXY_API_TOKEN must then be set',
      }),
      stats: field(addressesOrNone(), {
        meaning:
          'The statistics page on a port of its own: a port on 127.0.0.1, address:port, or false for none. Beyond loopback it asks for the API token as its password',
        default: '127.0.0.1:1, where that can be had',
        danger: 'hosts, addresses of backends and their traffic are to be seen there',
      }),
    },
    { error: 'a map of names to ports' },
  )
  .catchall(listenEntry())
  .superRefine((value, context) => {
    for (const [name, entry] of Object.entries(value)) {
      if (!NAME.test(name)) {
        const problem = 'not a name for a listener';
        context.addIssue({
          code: 'custom',
          message: 'lower-case letters, digits and "-"',
          path: [name],
          params: { problem },
        });
      } else if (name === 'http' || name === 'https') {
        const { tls: isTls, protocol } = (entry as ListenEntry | undefined) ?? {};
        const message = 'http is plain and https is TLS';
        if (isTls !== undefined)
          context.addIssue({ code: 'custom', message: `no tls here: ${message}`, path: [name, 'tls'] });
        if (protocol !== undefined) {
          context.addIssue({ code: 'custom', message: `no protocol here: ${message}`, path: [name, 'protocol'] });
        }
      }
    }
  });

const log = z.union(
  [
    words(['debug', 'info', 'warn', 'error']).transform((level) => ({ level, folder: undefined })),
    section({
      level: field(words(['debug', 'info', 'warn', 'error']), {
        meaning: 'The least important level that is written: debug, info, warn or error',
        default: 'info',
        danger: 'debug writes several lines per request',
      }),
      folder: field(z.union([text('a folder'), z.literal(true)], { error: 'true or a folder' }), {
        meaning: 'Folder for log files, beside stdout. true: /var/log/docker-proxy. Relative to this file',
        default: 'none, stdout only',
      }),
    }).transform(({ level, folder }) => ({ level, folder: folder === true ? '/var/log/docker-proxy' : folder })),
  ],
  { error: 'debug, info, warn or error, or {level, folder}' },
);

/** Everything that dproxy.yml can say. */
export const fileSchema = section({
  listen: field(listen, {
    meaning: 'Where to listen. Names other than http, https and api are further HTTP listeners that routes can name',
    default: 'http: 80, https: 443, api: 127.0.0.1:16000',
  }),
  workers: field(z.union([z.literal('auto'), integer(1, 256)], { error: 'auto, or a whole number from 1 to 256' }), {
    meaning: 'How many worker processes serve; a change acts as a resize. auto: one per CPU',
    default: 'auto',
  }),
  docker: field(docker(), {
    meaning:
      'The Docker engines: a URL, a list, or {engines, trustImages, exposedByDefault, readiness, dialects}; an empty list for none',
    default: 'unix:///var/run/docker.sock, or the socket of a rootless engine',
  }),
  routes: field(z.array(routeEntry, { error: 'a list of routes' }), {
    meaning: 'What is not a container, or needs more than labels can say',
    default: 'none',
  }),
  tcp: field(tcpSection, {
    meaning:
      'Raw TCP, with or without TLS: a list of entries, or {allow, routes}. Listeners open and close while dproxy runs; see docs/tcp.md',
    default: 'none',
  }),
  udp: field(udpSection, {
    meaning: 'Raw UDP, by sessions; see docs/tcp.md',
    default: 'none',
  }),
  filters: field(namedFilters(), {
    meaning:
      'Lists of filters by name, for routes that have the same: - use: name under filters of a route puts the list there',
    default: 'none',
  }),
  wake: field(wakeSection(), {
    meaning:
      'Containers that sleep while nobody uses them and wake by a request: what holds for those whose labels do not say it; see docs/sleeping.md',
    default: 'see each',
  }),
  acme: field(acme(), {
    meaning: 'Certificates from certificate authorities that speak ACME; see docs/certificates.md',
    default: 'none',
  }),
  https: field(httpsOptions(), {
    meaning: 'What HTTPS means for routes and containers that do not say it themselves',
    default: 'redirect: true, hsts: false, certificate: default',
  }),
  tls: field(tls(), { meaning: 'TLS of the HTTPS listeners', default: 'profile: intermediate' }),
  trustedProxies: field(cidrs(), {
    meaning: 'Address blocks of proxies in front, whose word about the client (X-Forwarded-*, X-Real-IP) is believed',
    default: 'none',
    danger: 'everybody in such a block can pretend to be any client; 0.0.0.0/0 is everybody',
  }),
  debug: field(
    clients(
      'Address blocks of clients that get the x-debug-* headers on responses when they send X-Debug',
      'loopback at both ends, nothing forwarded',
      'names and addresses of backends become visible to them',
    ),
    { meaning: 'Who may look inside', default: 'this machine' },
  ),
  headers: field(
    section({
      debug: field(flag(), {
        meaning: 'Whether x-debug-backend, x-debug-time-total and x-debug-time-backend exist at all',
        default: 'true',
      }),
    }),
    { meaning: 'Headers that dproxy adds', default: 'all' },
  ),
  localNames: field(
    clients(
      'Address blocks, beside loopback, for whose clients the .localhost names of containers answer',
      'none',
      'containers that nobody meant to publish become reachable from there',
    ),
    { meaning: 'Who may use <name>.localhost', default: 'this machine' },
  ),
  ownership: field(words(['shared', 'project']), {
    meaning:
      'Who may claim a host. shared: containers with the same host are replicas of each other. project: the compose project that has held a host longest owns it, others are shadowed',
    default: 'shared',
    danger: 'shared on a host with several tenants lets one take a share of the traffic of another',
  }),
  wildcards: field(
    section({
      fallThrough: field(flag(), {
        meaning: 'Whether the next wildcard candidate is tried when one answers with an error',
        default: 'true',
      }),
    }),
    { meaning: 'How wildcard hosts are matched', default: 'verified' },
  ),
  limits: field(limits(), { meaning: 'Limits and deadlines. None can be switched off', default: 'see each' }),
  pages: field(text('a folder'), {
    meaning:
      'Folder with replacements for the pages that dproxy answers itself: 503.html, 404.json, default.txt, wake.html (docs/waiting-page.md). Relative to this file',
    default: 'none, the built-in pages',
  }),
  accessLog: field(flag(), { meaning: 'One JSON line on stdout per request', default: 'false' }),
  log: field(log, { meaning: "dproxy's own log: a level, or {level, folder}", default: 'info, on stdout' }),
  api: field(
    section({
      tokenAlways: field(flag(), {
        meaning: 'Whether even loopback needs the token for reads and the balancer calls',
        default: 'false',
      }),
      containers: field(oneOrMore(readable(IMAGE, readImage), IMAGE, 0), {
        meaning: 'Images from which POST /container may make containers, fully qualified, without a tag',
        default: 'none, the call is off',
        danger: 'whoever has the token can run these images on this machine',
      }),
      containerLimits: field(
        section({
          memory: field(size(6_291_456), { meaning: 'Memory of each, without swap', default: '512MiB' }),
          processes: field(integer(1, 32_768), {
            meaning: 'Processes and threads in each',
            default: '256',
          }),
          count: field(integer(1, 1_000), { meaning: 'Containers at once, on each engine', default: '16' }),
          perMinute: field(integer(1, 600), {
            meaning: 'Calls a minute that make, start, stop or remove one, of all callers together',
            default: '30',
          }),
        }),
        { meaning: 'Bounds of the containers that POST /container makes', default: 'see each' },
      ),
    }),
    { meaning: 'The admin API', default: 'see each' },
  ),
  drain: field(duration(0), {
    meaning: 'How long a leaving worker waits for its connections, in ms or as 30s; what is still busy then is cut',
    default: '30s',
    zero: 'connections are cut at once',
  }),
  plugins: field(namedPlugins(), {
    meaning:
      'Fastify plugins by name: the path of a module, relative to this file, the name of a package, or {use, with} with options',
    default: 'none',
    danger: 'a plugin is code that runs in the workers, with all their rights',
  }),
});

export type FileValues = z.output<typeof fileSchema>;

/** `registry/repository[/...]`: the first part has a dot or a port, so that no default registry is meant by accident. */
function readImage(raw: string): Read<string> {
  if (qualifyImage(raw) === raw) return { value: raw };
  return { problem: raw.includes('/') ? 'no registry, or a tag' : 'not fully qualified' };
}
