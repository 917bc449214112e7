/** One row of the limits table: the default, its unit and why it exists. docs/limits.md is tested against this table. */
interface LimitRow {
  readonly default: number;
  readonly unit: 'bytes' | 'ms' | 'count' | 'bytes/s';
  readonly meaning: string;
}

/**
 * Every limit and deadline of the data plane. All are finite: a value of 0 is refused by the schema, except where the
 * meaning says what 0 does.
 */
export const LIMITS = {
  headBytes: { default: 32_768, unit: 'bytes', meaning: 'request line and headers together; more is 431' },
  headerCount: { default: 100, unit: 'count', meaning: 'header lines of a request; more is 431' },
  targetBytes: { default: 16_384, unit: 'bytes', meaning: 'request target; more is 414' },
  headMs: {
    default: 10_000,
    unit: 'ms',
    meaning: 'from the first byte of a request until its head is complete, else 408',
  },
  keepAliveMs: { default: 75_000, unit: 'ms', meaning: 'an idle connection from a client is closed after it' },
  requestsPerConnection: {
    default: 10_000,
    unit: 'count',
    meaning: 'requests on one connection before it is closed politely',
  },
  bodyMinRate: {
    default: 240,
    unit: 'bytes/s',
    meaning: 'slowest request body, measured over windows of bodyGraceMs, else 408',
  },
  bodyGraceMs: {
    default: 10_000,
    unit: 'ms',
    meaning: 'window of bodyMinRate; time that passes while the backend does not read does not count',
  },
  writeStallMs: {
    default: 60_000,
    unit: 'ms',
    meaning: 'a client that reads nothing for that long while data waits is cut',
  },
  halfClosedMs: {
    default: 30_000,
    unit: 'ms',
    meaning:
      'a client that has ended its side behind a whole request is given up after that long without a byte for it',
  },
  bufferBytes: {
    default: 65_536,
    unit: 'bytes',
    meaning: 'waiting data per direction of a connection before the other side is paused',
  },
  chunkExtensionBytes: { default: 256, unit: 'bytes', meaning: 'extension of one chunk; more is 400' },
  chunkExtensionTotalBytes: { default: 16_384, unit: 'bytes', meaning: 'extensions of one body; more is 400' },
  trailerBytes: { default: 8_192, unit: 'bytes', meaning: 'trailer section of a body' },
  upstreamConnectMs: { default: 5_000, unit: 'ms', meaning: 'until a backend accepts, else another one or 504' },
  upstreamElsewhereMs: {
    default: 1_000,
    unit: 'ms',
    meaning: 'the same while another ready backend can be asked instead, if that is less',
  },
  upstreamResponseMs: {
    default: 300_000,
    unit: 'ms',
    meaning: 'from the end of the request to the head of the response, else 504',
  },
  upstreamIdleMs: { default: 300_000, unit: 'ms', meaning: 'silence of a backend in the middle of a response' },
  upstreamKeepAliveMs: {
    default: 4_000,
    unit: 'ms',
    meaning: 'an idle connection to a backend is closed after it, unless Keep-Alive: timeout says less',
  },
  upstreamIdlePerBackend: { default: 256, unit: 'count', meaning: 'idle connections kept per backend and worker' },
  upstreamHeadBytes: { default: 65_536, unit: 'bytes', meaning: 'status line and headers of a response; more is 502' },
  upstreamHeaderCount: { default: 200, unit: 'count', meaning: 'header lines of a response; more is 502' },
  interimResponses: { default: 10, unit: 'count', meaning: '1xx answers before the final one; more is 502' },
  tunnelIdleMs: {
    default: 3_600_000,
    unit: 'ms',
    meaning: 'a tunnel (WebSocket, TCP) without a byte either way is closed after it',
  },
  udpIdleMs: { default: 30_000, unit: 'ms', meaning: 'a session of UDP without a datagram either way ends after it' },
  udpSessions: {
    default: 4_096,
    unit: 'count',
    meaning:
      'sessions of UDP per listener and worker, each a socket; a new one ends the one that was silent longest, first of those whose client has not answered',
  },
  udpSessionsPerClient: {
    default: 256,
    unit: 'count',
    meaning:
      'sessions of UDP of one client address per listener and worker; datagrams that would begin more are dropped',
  },
  proxyHeaderMs: { default: 3_000, unit: 'ms', meaning: 'until the PROXY protocol header is complete' },
  tlsHandshakeMs: { default: 10_000, unit: 'ms', meaning: 'TLS handshake of a client' },
  certificateWaitMs: {
    default: 10_000,
    unit: 'ms',
    meaning: 'a TLS handshake waits for a certificate on demand, then gets one of the local CA',
  },
  leafWaitMs: {
    default: 2_000,
    unit: 'ms',
    meaning: 'a TLS handshake for a new host waits for the first certificate of it, then is refused',
  },
  heldHandshakes: {
    default: 256,
    unit: 'count',
    meaning: 'TLS handshakes per worker that wait for each of the two; more go on at once with what there is',
  },
  holdOverMs: {
    default: 5_000,
    unit: 'ms',
    meaning:
      'requests wait for the successor of the last backend of a route, from the moment at which it went away; then 503',
  },
  holdOverReadyMs: {
    default: 10_000,
    unit: 'ms',
    meaning: 'a backend must have been ready for that long, or nobody waits for its successor (restart loops)',
  },
  heldRequests: {
    default: 1_024,
    unit: 'count',
    meaning:
      'requests and connections of TCP per worker that wait for a backend; more are 503, as are those beyond the next two',
  },
  heldRequestsPerRoute: { default: 256, unit: 'count', meaning: 'how many of them wait for one route' },
  heldRequestsPerClient: { default: 16, unit: 'count', meaning: 'how many of them are of one client address' },
  connectionsPerClient: {
    default: 1_024,
    unit: 'count',
    meaning: 'open connections of one client address per worker; trusted proxies are exempt',
  },
  connections: { default: 20_000, unit: 'count', meaning: 'open client connections per worker' },
  lingerMs: {
    default: 2_000,
    unit: 'ms',
    meaning: 'reading and discarding after an error answer, so that it is not lost to a reset',
  },
  lingerBytes: { default: 65_536, unit: 'bytes', meaning: 'the most that is discarded then' },
  http2Streams: {
    default: 100,
    unit: 'count',
    meaning: 'requests at a time on one connection of HTTP/2; each costs memory and backend work, more are refused',
  },
  http2StreamWindowBytes: {
    default: 65_536,
    unit: 'bytes',
    meaning:
      'body of one request of HTTP/2 that its client may send ahead; times http2Streams it is what one connection can fill',
  },
  http2ConnectionWindowBytes: {
    default: 1_048_576,
    unit: 'bytes',
    meaning: 'bodies of all requests of one connection of HTTP/2 that its client may send ahead',
  },
  http2SessionBytes: {
    default: 10_485_760,
    unit: 'bytes',
    meaning:
      'memory of one connection of HTTP/2 for headers, compression and waiting frames, in whole MiB; streams beyond it are refused',
  },
  http2Glitches: {
    default: 200,
    unit: 'count',
    meaning:
      'requests taken back, malformed requests and empty control frames that one connection of HTTP/2 may make at once, before it is closed (rapid reset); a proxy in front that carries many clients needs more',
  },
  http2GlitchesPerSecond: {
    default: 20,
    unit: 'count',
    meaning: 'how many of these are forgotten in a second',
  },
} as const satisfies Record<string, LimitRow>;

export type LimitName = keyof typeof LIMITS;
export type Limits = Readonly<Record<LimitName, number>>;

export const DEFAULT_LIMITS: Limits = Object.freeze(
  Object.fromEntries(Object.entries(LIMITS).map(([name, row]) => [name, row.default])),
) as Limits;
