/** JSON schemas of what is answered, for the OpenAPI document. Tests hold real answers against them. */
type Schema = Readonly<Record<string, unknown>>;

const text = { type: 'string' } as const;
const integer = { type: 'integer' } as const;
const texts = { type: 'array', items: text } as const;

function object(properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', properties, required };
}

function list(items: Schema): Schema {
  return { type: 'array', items };
}

const worker = object({
  id: integer,
  pid: integer,
  state: { type: 'string', enum: ['starting', 'online', 'draining', 'stopped', 'errored'] },
  snapshot: { type: 'integer', description: 'version of the Snapshot that it serves; 0 before the first' },
});

const balancer = {
  state: { type: 'string', enum: ['running', 'stopped'] },
  size: { type: 'integer', description: 'how many workers are wanted' },
  workers: list(worker),
  supervisor: { type: 'string', enum: ['ok', 'gone'] },
} as const;

const origin = object({ source: text, name: text, line: integer, project: text });

export const BALANCER = object(balancer);
export const BALANCER_CHANGE = object({
  done: { type: 'boolean', description: 'false: connections of leaving workers are still open' },
  ...balancer,
});
export const HEALTH = object({ ...balancer, online: integer, warnings: texts });
const pairs = { type: 'array', items: texts } as const;

export const CONTAINERS = list(
  object(
    {
      id: text,
      name: text,
      image: text,
      engine: text,
      state: text,
      health: text,
      hosts: texts,
      backends: list(object({ id: text, address: text, port: integer, state: text })),
      reason: { type: 'string', description: 'why it has no route, with what to add; empty when it has' },
      wakeGroup: { ...text, description: 'the containers that it sleeps and wakes with; absent: it does not' },
    },
    ['wakeGroup'],
  ),
);
export const BACKENDS = list(
  object({
    id: text,
    name: text,
    protocol: { type: 'string', enum: ['http', 'https', 'h2c', 'h2', 'tcp', 'udp'] },
    address: text,
    port: integer,
    state: { type: 'string', enum: ['ready', 'draining', 'starting', 'unhealthy', 'paused', 'stopped', 'unreachable'] },
    reason: text,
    tlsVerify: { type: 'boolean' },
    proxyProtocol: { type: 'string', enum: ['', 'v1', 'v2'] },
    containerId: text,
  }),
);
/** A shadowed row has these not, or only these. */
const ROUTE_OPTIONAL = [
  'id',
  'audience',
  'action',
  'headers',
  'timeouts',
  'plugins',
  'listeners',
  'https',
  'fallThrough',
  'pathMatch',
  'condition',
  'priority',
  'filters',
  'balance',
  'panic',
  'wakeGroup',
  'shadowedBy',
  'reason',
] as const;

export const ROUTES = list(
  object(
    {
      host: text,
      path: text,
      state: { type: 'string', enum: ['serving', 'shadowed'] },
      wakeGroup: { ...text, description: 'the containers that a request wakes; empty: none' },
      origins: list(origin),
      id: text,
      audience: { type: 'string', enum: ['everyone', 'local'] },
      action: { type: 'object', description: 'forward, respond or redirect, with what it needs' },
      headers: { type: 'object', description: 'changes of headers; credentials are replaced by ***' },
      timeouts: { type: 'object', description: 'milliseconds; 0: the default' },
      plugins: texts,
      listeners: { ...texts, description: 'empty: every http and https listener' },
      https: { type: 'object', description: 'redirect (0: none), hsts, certificate' },
      fallThrough: { type: 'boolean' },
      pathMatch: { type: 'string', enum: ['segments', 'prefix', 'exact'] },
      condition: { type: ['object', 'null'], description: 'what else is asked of a request' },
      priority: { ...integer, description: 'among the routes of one host; 0: the longer path' },
      filters: list({ type: 'object', description: 'in the order in which they act; secrets are replaced by ***' }),
      balance: { type: 'object', description: 'strategy, hashBy, sticky, ejection, slowStartMs' },
      panic: { type: 'boolean', description: 'unhealthy backends are asked when nobody else is left' },
      shadowedBy: origin,
      reason: text,
    },
    ROUTE_OPTIONAL,
  ),
);
/** A shadowed row has these not, or only these. */
const STREAM_OPTIONAL = [
  'id',
  'protocol',
  'tls',
  'clients',
  'alpn',
  'connectionsPerClient',
  'priority',
  'idleMs',
  'backends',
  'panic',
  'wakeGroup',
  'shadowedBy',
  'reason',
] as const;

export const STREAMS = list(
  object(
    {
      listenerId: text,
      host: { ...text, description: 'server name (SNI); *: all' },
      state: { type: 'string', enum: ['serving', 'shadowed'] },
      panic: { type: 'boolean', description: 'unhealthy backends are asked when nobody else is left' },
      wakeGroup: { ...text, description: 'the containers that a connection wakes; empty: none' },
      origins: list(origin),
      id: text,
      protocol: { type: 'string', enum: ['tcp', 'udp'] },
      tls: { type: 'string', enum: ['none', 'terminate', 'passthrough'] },
      clients: { ...texts, description: 'who may connect; empty: everybody' },
      alpn: { ...texts, description: 'of which a client must offer one; empty: any' },
      connectionsPerClient: { ...integer, description: '0: no limit of its own' },
      priority: integer,
      idleMs: { ...integer, description: '0: the default' },
      backends: list(object({ backendId: text, weight: integer })),
      shadowedBy: origin,
      reason: text,
    },
    STREAM_OPTIONAL,
  ),
);
export const CERTIFICATES = list(
  object({
    names: texts,
    kind: { type: 'string', enum: ['file', 'acme', 'local'] },
    state: { type: 'string', enum: ['valid', 'pending', 'renewing', 'failed', 'expired'] },
    id: { ...text, description: 'SHA-256 fingerprint of the leaf, hex; empty while there is none' },
    issuer: text,
    notBeforeMs: { ...integer, description: 'epoch milliseconds; 0: none' },
    notAfterMs: { ...integer, description: 'epoch milliseconds; 0: none' },
    renewMs: { ...integer, description: 'when its renewal is planned; 0: never' },
    nextAttemptMs: { ...integer, description: 'when it is tried again; 0: not planned' },
    failures: { ...integer, description: 'attempts that failed since the last success' },
    problem: text,
    advice: { ...text, description: 'what to do about the problem' },
  }),
);
const traffic = object({
  id: text,
  active: { ...integer, description: 'under way now' },
  requests: integer,
  statuses: { type: 'array', items: integer, description: '1xx, 2xx, 3xx, 4xx, 5xx' },
  errors: integer,
  bytesIn: integer,
  bytesOut: integer,
  totalMs: { ...integer, description: 'sum over all requests' },
});
export const STATISTICS = object({
  atMs: { ...integer, description: 'epoch milliseconds' },
  server: text,
  routeCount: integer,
  workers: list(
    object({
      id: integer,
      pid: integer,
      state: { type: 'string', enum: ['starting', 'online', 'draining', 'stopped', 'errored'] },
      snapshot: integer,
      requests: integer,
      connections: integer,
      tunnels: integer,
      upstreamConnections: integer,
      bytesIn: integer,
      bytesOut: integer,
      errors: integer,
    }),
  ),
  routes: list(
    object(
      {
        id: text,
        kind: { type: 'string', enum: ['http', 'tcp', 'udp'] },
        host: text,
        path: text,
        listeners: texts,
        origins: list(origin),
        traffic,
        workers: list(object({ pid: integer, traffic })),
        backends: list(
          object(
            { id: text, name: text, address: text, port: integer, state: text, reason: text, weight: integer, traffic },
            ['traffic'],
          ),
        ),
      },
      ['traffic'],
    ),
  ),
});
const shadowedRoute = object({ host: text, path: text, origin, shadowedBy: origin, reason: text });
const boolean = { type: 'boolean' } as const;

export const EXPLANATION = object(
  {
    url: text,
    scheme: { type: 'string', enum: ['http', 'https'] },
    host: { ...text, description: 'as routes are matched by; empty when the request is malformed' },
    path: { ...text, description: 'canonical' },
    listener: text,
    client: text,
    isLocal: { ...boolean, description: 'local names answer this client' },
    outcome: { type: 'string', enum: ['exact', 'wildcard', 'www', 'any', 'path-unknown', 'route-unknown', ''] },
    answer: object({
      type: {
        type: 'string',
        enum: [
          'backend',
          'plugins',
          'respond',
          'redirect',
          'https-redirect',
          'filter',
          'challenge',
          'error',
          'stream',
          'wake',
          'tls-refused',
          'no-listener',
        ],
      },
      ok: { ...boolean, description: 'something answers that is no error' },
      status: { ...integer, description: "0: the backend's, or none" },
      code: { ...text, description: 'of the table of errors' },
      location: text,
      detail: text,
    }),
    route: { type: 'object', description: 'the one that answers, as in /routes' },
    candidates: list(
      object({
        id: text,
        host: text,
        path: text,
        verdict: { type: 'string', enum: ['chosen', 'next', 'outranked', 'failed', 'not-reached'] },
        checks: list(object({ matcher: text, passed: boolean, detail: text })),
        reason: text,
        from: texts,
      }),
    ),
    filters: list(object({ filter: text, detail: text, values: pairs })),
    backends: list(
      object({
        id: text,
        name: text,
        protocol: text,
        address: text,
        port: integer,
        state: text,
        weight: integer,
        mayBeChosen: boolean,
        reason: { ...text, description: 'why it is passed over, with what mends it' },
      }),
    ),
    tls: object({
      serverName: text,
      certificateKind: { type: 'string', enum: ['file', 'acme', 'local', ''] },
      certificateId: text,
      names: texts,
      issuer: text,
      notAfterMs: { ...integer, description: 'epoch milliseconds; 0: not known' },
      alert: { ...text, description: 'with which the handshake is refused' },
      policy: object({ id: text, profile: text, clientCertificates: text }),
      redirect: { ...text, description: 'whether plain HTTP is sent to HTTPS, and why' },
    }),
    shadowed: list(shadowedRoute),
    didYouMean: texts,
    unrouted: list(object({ name: text, reason: text })),
    notes: texts,
  },
  ['route'],
);
export const RETRY = object({ host: text });
export const WAKE_GROUPS = list(
  object({
    id: text,
    name: text,
    state: { type: 'string', enum: ['asleep', 'waking', 'awake'] },
    message: { ...text, description: 'what is being waited for, or why a request does not start what sleeps' },
    members: list(object({ name: text, service: text, state: text, health: text })),
    failure: { ...text, description: 'why its last wake failed; empty: it did not' },
    retryAfterS: { ...integer, description: 'after which a request may wake it again; 0: at once' },
    idle: {
      description: 'null: it is never put to sleep',
      anyOf: [
        object({
          state: { type: 'string', enum: ['asleep', 'awake', 'silent', 'leaving'] },
          reason: { ...text, description: 'what keeps it awake' },
          idleMs: { ...integer, description: 'since it was used or started' },
          leftMs: { ...integer, description: 'until it has been unused for long enough, if nobody uses it' },
          isOurs: { type: 'boolean', description: 'it was put to sleep by dproxy, not stopped by hand' },
        }),
        { type: 'null' },
      ],
    },
  }),
);
export const REJECTED = list(object({ source: text, line: integer, column: integer, message: text, expected: text }));
export const ENDPOINTS = object({
  endpoints: list(object({ method: text, path: text, summary: text, query: text, statuses: texts })),
});

/** `{ok, message, data}` around `data`. */
export function answerOf(data: Schema, description: string): Schema {
  return { description, ...object({ ok: { type: 'boolean' }, message: text, data }) };
}

/** Refusals that every call can meet. */
export function refusals(...statuses: readonly (keyof typeof REFUSALS)[]): Readonly<Record<number, Schema>> {
  const all = [400, 401, 429, ...statuses] as const;
  return Object.fromEntries(all.map((status) => [status, answerOf({ type: 'null' }, REFUSALS[status])]));
}

const REFUSALS = {
  400: 'The request is malformed; the message says what was expected.',
  401: 'The token is missing or wrong.',
  413: 'The body is too large.',
  415: 'The body is not JSON.',
  429: 'Too many wrong tokens.',
  500: 'The call failed; the log says why.',
  503: 'The supervisor is gone: everything serves on, but no worker can be started or stopped.',
} as const;
