/** How the end of a message body is found (RFC 9112 section 6.3). A request is never `close`. */
export type Framing = 'none' | 'length' | 'chunked' | 'close';

/** What a client (or a proxy before us) says about itself. Raw values, empty when absent; whether they are believed is policy. */
export interface ForwardedClaims {
  readonly xForwardedFor: string;
  readonly xForwardedProto: string;
  readonly xForwardedHost: string;
  readonly xForwardedPort: string;
  readonly xRealIp: string;
  /** True when any of `Forwarded`, `X-Forwarded-*`, `X-Real-IP` or `Via` was there: such a request is never "local". */
  readonly any: boolean;
}

/** Of a client that says nothing, or of a connection that carries no headers. */
export const NO_CLAIMS: ForwardedClaims = Object.freeze({
  xForwardedFor: '',
  xForwardedProto: '',
  xForwardedHost: '',
  xForwardedPort: '',
  xRealIp: '',
  any: false,
});

/**
 * A request head that has passed every check of the strict parser. Header values are latin1 strings, byte for byte as
 * sent. The parser has already taken out what never goes on (hop-by-hop fields, `Connection`-named fields, framing
 * fields, `Expect`, every forwarding field and `X-Debug*`, `Proxy`): `passed` is the rest, ready to be written.
 *
 * Strings here share memory with the text of the whole head (up to `limits.headBytes`), except `host` and `hostHeader`:
 * copy what is kept longer than the request, such as keys of caches.
 */
export interface RequestHead {
  readonly method: string;
  /**
   * As sent, in origin form (absolute form is reduced to it after its authority was checked against Host). `*` for
   * `OPTIONS *`, which is matched like `/`.
   */
  readonly target: string;
  readonly minorVersion: 0 | 1;
  /** For matching: lower case, without port and trailing dot; IPv6 literals keep their brackets. */
  readonly host: string;
  /** `Host` as sent; goes to the backend unchanged. */
  readonly hostHeader: string;
  /** Canonical path for matching: dot segments and doubled slashes resolved, unreserved escapes decoded, `%2F` kept. */
  readonly path: string;
  /** The path as sent (before `?`); differs from `path` when it needed canonicalising: then both must choose one route. */
  readonly rawPath: string;
  readonly framing: Framing;
  /** Bytes; 0 unless `framing` is `length`. */
  readonly contentLength: number;
  /** The client wants to use the connection again. */
  readonly keepAlive: boolean;
  /** The `Upgrade` offer when `Connection` names it (never `h2c`); else empty. */
  readonly upgrade: string;
  /** `Expect: 100-continue` was there, and there is a body to wait for. */
  readonly expectContinue: boolean;
  /** `TE: trailers` was there. */
  readonly trailers: boolean;
  readonly claims: ForwardedClaims;
  /** `X-Debug` was there. */
  readonly debug: boolean;
  /** `Accept`, for pages; empty when absent. */
  readonly accept: string;
  /** Header lines that go on, in order, each ended by CRLF; without Host, which the writer puts first. */
  readonly passed: string;
  /** Bytes of the head, with its last CRLF CRLF: where the body begins. */
  readonly byteLength: number;
}

/** A final response head from a backend, checked and stripped like a request. */
export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  readonly minorVersion: 0 | 1;
  /** With the request's method taken into account: `none` for HEAD, 1xx, 204, 304. */
  readonly framing: Framing;
  readonly contentLength: number;
  /** The backend will take another request on this socket. */
  readonly keepAlive: boolean;
  /** From `Keep-Alive: timeout=`, in ms; 0 when absent. */
  readonly keepAliveTimeoutMs: number;
  /** The protocol of a 101; else empty. */
  readonly upgrade: string;
  readonly passed: string;
  /** `Content-Length` as stated although `framing` is `none` (HEAD, 304): goes on to the client; -1 when absent. */
  readonly statedLength: number;
  readonly byteLength: number;
}
