import { flag, integer, lazy, listOf, nullOr, object, oneOf, text, tuple, variant, type Shape } from './_shape.ts';

/** These follow the types in condition.ts, filter.ts and balance-policy.ts, field by field. */

const texts = listOf(text);
const count = integer(0);
const whole = integer(Number.MIN_SAFE_INTEGER);
const status = integer(100, 999);

export const REFS = listOf(object({ backendId: text, weight: integer(0, 1_000) }));

const named = object({ type: text, name: text, value: nullOr(text) });
const namedPattern = object({ type: text, name: text, pattern: text });
const pattern = object({ type: text, pattern: text });
const several = object({ type: text, of: lazy(() => listOf(CONDITION)) });

export const CONDITION: Shape = variant('type', {
  all: several,
  any: several,
  none: several,
  host: object({ type: text, host: text }),
  hostPattern: pattern,
  path: object({ type: text, kind: oneOf('exact', 'prefix'), path: text }),
  pathPattern: pattern,
  method: object({ type: text, methods: texts }),
  header: named,
  cookie: named,
  query: named,
  headerPattern: namedPattern,
  queryPattern: namedPattern,
  client: object({ type: text, ranges: texts }),
  encrypted: object({ type: text, is: flag }),
});

const byClient = object({ type: text, depth: count, excluded: texts, ipv6Prefix: integer(0, 128) });
const COUNTED_BY = variant('type', {
  client: byClient,
  header: object({ type: text, name: text }),
  host: object({ type: text }),
});
const statuses = listOf(tuple(status, status));
const changes = listOf(object({ operation: oneOf('set', 'add', 'remove'), name: text, value: text }));

export const FILTER = variant('type', {
  headers: object({ type: text, request: changes, response: changes }),
  cors: object({
    type: text,
    origins: texts,
    originPatterns: texts,
    methods: texts,
    headers: texts,
    exposed: texts,
    credentials: flag,
    maxAgeS: integer(-1),
    vary: flag,
  }),
  redirectScheme: object({ type: text, scheme: oneOf('http', 'https'), port: integer(0, 65_535), permanent: flag }),
  redirectPattern: object({ type: text, pattern: text, replacement: text, permanent: flag }),
  stripPrefix: object({ type: text, prefixes: texts }),
  stripPrefixPattern: object({ type: text, patterns: texts }),
  addPrefix: object({ type: text, prefix: text }),
  replacePath: object({ type: text, path: text }),
  replacePathPattern: object({ type: text, pattern: text, replacement: text }),
  replacePrefix: object({ type: text, from: text, to: text }),
  allowHosts: object({ type: text, hosts: texts }),
  allowClients: object({ type: text, ranges: texts, by: byClient, status }),
  basicAuth: object({
    type: text,
    users: listOf(tuple(text, text)),
    realm: text,
    removeHeader: flag,
    userHeader: text,
  }),
  forwardAuth: object({
    type: text,
    url: text,
    trustForwarded: flag,
    requestHeaders: texts,
    responseHeaders: texts,
    responseHeadersPattern: text,
    cookies: texts,
    userHeader: text,
    maxBodyBytes: integer(-1),
    preserveMethod: flag,
    preserveLocation: flag,
    tlsVerify: flag,
    timeoutMs: count,
  }),
  rateLimit: object({ type: text, average: count, periodMs: integer(1), burst: integer(1), by: COUNTED_BY }),
  inFlight: object({ type: text, amount: integer(1), by: COUNTED_BY }),
  errorPages: object({ type: text, statuses, backends: REFS, path: text }),
  retry: object({
    type: text,
    attempts: integer(1),
    initialMs: count,
    statuses,
    nonIdempotent: flag,
    maxBodyBytes: count,
  }),
  circuitBreaker: object({
    type: text,
    expression: text,
    checkMs: integer(1),
    fallbackMs: count,
    recoveryMs: count,
    status,
  }),
  mirror: object({ type: text, backends: REFS, percent: integer(0, 100), maxBodyBytes: count }),
  compress: object({
    type: text,
    encodings: listOf(oneOf('gzip', 'br', 'zstd', 'deflate')),
    minBytes: count,
    includedTypes: texts,
    excludedTypes: texts,
  }),
  buffer: object({ type: text, maxRequestBytes: count, maxResponseBytes: count }),
});

const key = object({ type: text });
const namedKey = object({ type: text, name: text });

export const BALANCE = object({
  strategy: oneOf('roundRobin', 'leastConnections', 'powerOfTwo', 'leastTime', 'hash', 'random', 'first'),
  hashBy: variant('type', { client: key, host: key, path: key, header: namedKey, cookie: namedKey, query: namedKey }),
  sticky: nullOr(
    object({
      name: text,
      path: text,
      domain: text,
      secure: flag,
      httpOnly: flag,
      sameSite: oneOf('', 'none', 'lax', 'strict'),
      maxAgeS: count,
    }),
  ),
  ejection: nullOr(object({ failures: integer(1), windowMs: integer(1), ejectMs: integer(1), statuses: flag })),
  slowStartMs: count,
});

export const PRIORITY = whole;
