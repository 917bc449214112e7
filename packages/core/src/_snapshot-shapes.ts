import { BALANCE, CONDITION, FILTER, PRIORITY, REFS as refs } from './_filter-shapes.ts';
import { LIMITS } from './limits.ts';
import {
  record,
  flag,
  integer,
  listOf,
  matching,
  nullOr,
  object,
  oneOf,
  partial,
  text,
  tuple,
  variant,
} from './_shape.ts';

/** These follow the types in backend.ts, listener.ts, route.ts, settings.ts, snapshot.ts and tls-policy.ts, field by field. */

const texts = listOf(text);
const pairs = listOf(tuple(text, text));
const port = integer(0, 65_535);
const count = integer(0);
const hash = matching(/^[0-9a-f]{32}$/, '32 hexadecimal digits');

const origins = listOf(object({ source: text, name: text, line: count, project: text }));

const BACKEND = object({
  id: text,
  name: text,
  protocol: oneOf('http', 'https', 'h2c', 'h2', 'tcp', 'udp'),
  address: text,
  port,
  state: oneOf('ready', 'draining', 'starting', 'unhealthy', 'paused', 'stopped', 'unreachable'),
  reason: text,
  tlsVerify: flag,
  proxyProtocol: oneOf('', 'v1', 'v2'),
  containerId: text,
});

const LISTENER = object({
  id: text,
  protocol: oneOf('http', 'https', 'tcp', 'udp'),
  addresses: listOf(object({ host: text, port })),
  publicPort: port,
  proxyProtocol: texts,
});

const ROUTE = object({
  id: text,
  host: text,
  path: matching(/^\//, 'a path that starts with /'),
  pathMatch: oneOf('segments', 'prefix', 'exact'),
  condition: nullOr(CONDITION),
  priority: PRIORITY,
  filters: listOf(FILTER),
  balance: BALANCE,
  audience: oneOf('everyone', 'local'),
  headers: object({ requestSet: pairs, requestRemove: texts, responseSet: pairs, responseRemove: texts }),
  timeouts: object({ connectMs: count, responseMs: count, idleMs: count }),
  plugins: listOf(object({ module: text, options: record })),
  listeners: texts,
  fallThrough: flag,
  https: object({ redirect: oneOf(0, 301, 302, 307, 308), hsts: text, certificate: oneOf('default', 'acme', 'none') }),
  action: variant('type', {
    forward: object({ type: text, backends: refs }),
    respond: object({ type: text, status: integer(100, 999), body: text, headers: pairs }),
    redirect: object({ type: text, status: oneOf(301, 302, 303, 307, 308), location: text }),
  }),
  panic: flag,
  wakeGroup: text,
  origins,
});

const STREAM = object({
  id: text,
  listenerId: text,
  host: text,
  protocol: oneOf('tcp', 'udp'),
  tls: oneOf('none', 'terminate', 'passthrough'),
  clients: texts,
  alpn: texts,
  connectionsPerClient: count,
  priority: PRIORITY,
  idleMs: count,
  backends: refs,
  panic: flag,
  wakeGroup: text,
  origins,
});

const CERTIFICATE = object({ id: text, names: texts, kind: oneOf('file', 'acme', 'local') });
const CHALLENGE = variant('type', {
  'http-01': object({ id: text, type: text, host: text, token: text, keyAuthorization: text }),
  'tls-alpn-01': object({ id: text, type: text, host: text, certificateId: text }),
});
const PROFILE = oneOf('modern', 'intermediate');
const TLS_POLICY = object({
  id: text,
  profile: PROFILE,
  clientCertificates: oneOf('none', 'optional', 'require'),
  clientCaPem: text,
});
const WAKE_GROUP = object({
  id: text,
  name: text,
  autostart: flag,
  timeoutMs: count,
  browsers: oneOf('page', 'hold'),
  theme: text,
});
const PAGE = object({ id: text, content: text });

const SETTINGS = object({
  trustedProxies: texts,
  debugClients: texts,
  debugHeaders: flag,
  localNamesClients: texts,
  accessLog: flag,
  serverName: text,
  limits: object(Object.fromEntries(Object.keys(LIMITS).map((name) => [name, count]))),
  drainMs: count,
  ownAddresses: texts,
  passChallenges: flag,
  tls: object({ profile: PROFILE, onDemand: flag }),
});

export const ENCODED_SNAPSHOT = object({
  version: integer(1),
  hash,
  settings: SETTINGS,
  listeners: listOf(LISTENER),
  routes: listOf(ROUTE),
  streams: listOf(STREAM),
  backends: listOf(BACKEND),
  certificates: listOf(CERTIFICATE),
  pages: listOf(PAGE),
  challenges: listOf(CHALLENGE),
  tlsPolicies: listOf(TLS_POLICY),
  wakeGroups: listOf(WAKE_GROUP),
});

function deltaOf(entry: Parameters<typeof listOf>[0]): ReturnType<typeof object> {
  return object({ set: listOf(entry), remove: texts });
}

export const DELTA = object({
  from: integer(1),
  to: integer(1),
  fromHash: hash,
  hash,
  settings: nullOr(SETTINGS),
  tables: partial({
    listeners: deltaOf(LISTENER),
    routes: deltaOf(ROUTE),
    streams: deltaOf(STREAM),
    backends: deltaOf(BACKEND),
    certificates: deltaOf(CERTIFICATE),
    pages: deltaOf(PAGE),
    challenges: deltaOf(CHALLENGE),
    tlsPolicies: deltaOf(TLS_POLICY),
    wakeGroups: deltaOf(WAKE_GROUP),
  }),
});
