export type ErrorSource = 'downstream' | 'upstream' | 'internal' | 'config';

/**
 * Whether a request that failed so may be tried on another backend.
 * - `never`: it may have been acted on, or trying again cannot help
 * - `unsent`: nothing of it left us, so any request may be tried again
 * - `replayable`: the socket was a reused one that gave no byte of a response; only an idempotent request without a sent
 *   body may be tried again, once (RFC 9110 section 9.2.2)
 * - `elsewhere`: a new socket ended without a byte of a response, as when a server leaves with connections in its queue. Like
 *   `replayable`, but only another backend is asked: what kills one of them must not be sent to it twice
 */
export type Retry = 'never' | 'unsent' | 'replayable' | 'elsewhere';

interface ErrorRow {
  /** 0: the client is gone or its connection cannot carry an answer. 499 is only for the log. */
  readonly status: number;
  readonly source: ErrorSource;
  readonly retry: Retry;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  /** Counts against the backend's health. */
  readonly blamesBackend: boolean;
  /** One sentence for the error page: no detail of the inside. */
  readonly message: string;
}

function row(source: ErrorSource, status: number, message: string, more: Partial<ErrorRow> = {}): ErrorRow {
  return {
    status,
    source,
    message,
    retry: 'never',
    logLevel: source === 'downstream' ? 'debug' : 'warn',
    blamesBackend: false,
    ...more,
  };
}

/** Every way in which a request can fail. docs/errors.md is tested against this table. */
export const ERRORS = {
  'request-line-malformed': row('downstream', 400, 'The request line is malformed.'),
  'header-malformed': row('downstream', 400, 'A header is malformed.'),
  'header-ambiguous': row('downstream', 400, 'A header name could be mistaken for another one.'),
  'framing-conflict': row('downstream', 400, 'The length of the body is stated in two ways.'),
  'content-length-malformed': row('downstream', 400, 'The Content-Length is malformed.'),
  'transfer-encoding-malformed': row('downstream', 400, 'The Transfer-Encoding is malformed.'),
  'transfer-encoding-unknown': row('downstream', 501, 'The Transfer-Encoding is not supported.'),
  'chunk-malformed': row('downstream', 400, 'The chunked body is malformed.'),
  'trailer-malformed': row('downstream', 400, 'The trailer section is malformed.'),
  'host-malformed': row('downstream', 400, 'The Host is missing, repeated or malformed.'),
  'target-malformed': row('downstream', 400, 'The request target is malformed.'),
  'path-ambiguous': row('downstream', 400, 'The path can be read in two ways that lead to different places.'),
  'target-too-long': row('downstream', 414, 'The request target is too long.'),
  'head-too-large': row('downstream', 431, 'The headers are too large.'),
  'version-unsupported': row('downstream', 505, 'This version of HTTP is not supported.'),
  'expectation-unknown': row('downstream', 417, 'The expectation cannot be met.'),
  'protocol-unknown': row('downstream', 501, 'This protocol is not supported here.'),
  'method-refused': row('downstream', 405, 'This method is not allowed here.'),
  'head-timeout': row('downstream', 408, 'The request took too long to arrive.'),
  'body-too-large': row('downstream', 413, 'The body of the request is too large.'),
  'body-too-slow': row('downstream', 408, 'The body of the request arrived too slowly.'),
  'plain-http-on-tls': row('downstream', 400, 'Plain HTTP was sent to an HTTPS port.'),
  misdirected: row('downstream', 421, 'This connection is not the right one for this host.'),
  'too-many-connections': row('downstream', 503, 'Too many connections.'),
  'tls-handshake-failed': row('downstream', 0, 'The TLS handshake failed, or was refused.'),
  'proxy-header-invalid': row('downstream', 0, 'The PROXY protocol header is missing or malformed.'),
  'too-many-glitches': row('downstream', 0, 'The connection was used to make work, not requests.', {
    logLevel: 'info',
  }),
  'client-gone': row('downstream', 499, 'The client closed the connection.'),
  'client-stalled': row('downstream', 499, 'The client stopped reading.'),
  'logins-busy': row('downstream', 503, 'Too many passwords are being checked.', { logLevel: 'info' }),
  'route-unknown': row('downstream', 404, 'No site answers at this address.', { logLevel: 'info' }),
  'path-unknown': row('downstream', 404, 'Nothing answers at this path.', { logLevel: 'info' }),
  'no-backend-ready': row('upstream', 503, 'This site is offline at the moment.', { logLevel: 'info' }),
  asleep: row('upstream', 406, 'This site is asleep, and a request does not start it.', { logLevel: 'info' }),
  'wake-failed': row('upstream', 503, 'This site could not be started.', { logLevel: 'info' }),
  'wake-timeout': row('upstream', 503, 'This site did not start in time.', { logLevel: 'info' }),
  'too-many-waiting': row('upstream', 503, 'Too many requests wait for this site.', { logLevel: 'info' }),
  'upstream-refused': row('upstream', 502, 'The site cannot be reached.', { retry: 'unsent', blamesBackend: true }),
  'upstream-unresolved': row('upstream', 502, 'The site cannot be reached.', { retry: 'unsent', blamesBackend: true }),
  'upstream-tls': row('upstream', 502, 'The site could not be reached safely.', {
    retry: 'unsent',
    blamesBackend: true,
  }),
  'upstream-connect-timeout': row('upstream', 504, 'The site did not accept the connection in time.', {
    retry: 'unsent',
    blamesBackend: true,
  }),
  'upstream-closed-idle': row('upstream', 502, 'The site closed the connection.', { retry: 'replayable' }),
  'upstream-closed-empty': row('upstream', 502, 'The site closed the connection before it answered.', {
    retry: 'elsewhere',
    blamesBackend: true,
  }),
  'upstream-closed': row('upstream', 502, 'The site closed the connection before it answered.', {
    blamesBackend: true,
  }),
  'upstream-timeout': row('upstream', 504, 'The site did not answer in time.', { blamesBackend: true }),
  'upstream-malformed': row('upstream', 502, 'The site gave an answer that is not valid HTTP.', {
    blamesBackend: true,
  }),
  'upstream-head-too-large': row('upstream', 502, 'The headers of the answer are too large.', { blamesBackend: true }),
  'upstream-too-large': row('upstream', 502, 'The answer of the site is too large.'),
  'upstream-aborted': row('upstream', 502, 'The site broke off its answer.', { blamesBackend: true }),
  'plugin-unknown': row('config', 500, 'This site is not set up correctly.', { logLevel: 'error' }),
  'plugin-broken': row('config', 503, 'This site is not set up correctly.', { logLevel: 'error' }),
  'too-much-buffered': row('internal', 503, 'Too much is being read at the moment.', { logLevel: 'info' }),
  'access-unchecked': row('config', 500, 'It could not be checked whether you may see this.'),
  internal: row('internal', 500, 'Something went wrong.', { logLevel: 'error' }),
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

export interface ProxyErrorOptions extends ErrorOptions {
  /** Told to the client behind the sentence of the code: no detail of the inside. Default none. */
  readonly told?: string;
  /** When trying again may help, in seconds. Default 0: as the status says. */
  readonly retryAfterS?: number;
}

/** The one error of the data plane. `detail` and `cause` go to the log, never to the client. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError';
  readonly code: ErrorCode;
  readonly detail: string;
  readonly told: string;
  readonly retryAfterS: number;

  constructor(code: ErrorCode, detail = '', { told = '', retryAfterS = 0, ...options }: ProxyErrorOptions = {}) {
    super(detail === '' ? `${code}: ${ERRORS[code].message}` : `${code}: ${detail}`, options);
    this.code = code;
    this.detail = detail;
    this.told = told;
    this.retryAfterS = retryAfterS;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }

  get source(): ErrorSource {
    return ERRORS[this.code].source;
  }

  get retry(): Retry {
    return ERRORS[this.code].retry;
  }
}
