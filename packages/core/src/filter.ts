import type { BackendRef } from './backend.ts';
import type { StatusRange } from './status-ranges.ts';

/** By whom something is counted: the client (its address), a header's value, or the host of the request. */
export type CountedBy =
  | {
      readonly type: 'client';
      /** Which address of `x-forwarded-for` from the right; 0: who `trustedProxies` says the client is. */
      readonly depth: number;
      /** CIDRs that are passed over, from the right. */
      readonly excluded: readonly string[];
      /** Of IPv6 addresses only this many bits count; 0: all. */
      readonly ipv6Prefix: number;
    }
  | { readonly type: 'header'; readonly name: string }
  | { readonly type: 'host' };

/** `set` replaces, `add` appends one more line, `remove` has an empty value. Names are lower case. */
export interface HeaderChange {
  readonly operation: 'set' | 'add' | 'remove';
  readonly name: string;
  readonly value: string;
}

export interface HeadersFilter {
  readonly type: 'headers';
  readonly request: readonly HeaderChange[];
  readonly response: readonly HeaderChange[];
}

/** Answers to cross-origin requests (Fetch standard). Preflight requests are answered here. */
export interface CorsFilter {
  readonly type: 'cors';
  /** `https://app.example.com`; `*` is every origin. */
  readonly origins: readonly string[];
  readonly originPatterns: readonly string[];
  readonly methods: readonly string[];
  readonly headers: readonly string[];
  readonly exposed: readonly string[];
  readonly credentials: boolean;
  /** Seconds; -1: not said. */
  readonly maxAgeS: number;
  /** `vary: origin` on every answer. */
  readonly vary: boolean;
}

/** 302 for GET and HEAD, 307 for others; permanent: 301 and 308. */
export type RedirectFilter =
  | {
      readonly type: 'redirectScheme';
      readonly scheme: 'http' | 'https';
      /** 0: the usual one of the scheme. */
      readonly port: number;
      readonly permanent: boolean;
    }
  /** Of the whole URL as the client sees it; `$1` and `${name}` in the replacement. */
  | {
      readonly type: 'redirectPattern';
      readonly pattern: string;
      readonly replacement: string;
      readonly permanent: boolean;
    };

/** Changes of the target that the backend gets. */
export type RewriteFilter =
  /** The first that the path begins with, as characters; it is told in `x-forwarded-prefix`. */
  | { readonly type: 'stripPrefix'; readonly prefixes: readonly string[] }
  | { readonly type: 'stripPrefixPattern'; readonly patterns: readonly string[] }
  | { readonly type: 'addPrefix'; readonly prefix: string }
  /** The path was told in `x-replaced-path`. */
  | { readonly type: 'replacePath'; readonly path: string }
  | { readonly type: 'replacePathPattern'; readonly pattern: string; readonly replacement: string }
  /** `from` at the beginning of the path becomes `to`, as nginx does for a `proxy_pass` with a path. */
  | { readonly type: 'replacePrefix'; readonly from: string; readonly to: string };

export interface AllowHostsFilter {
  readonly type: 'allowHosts';
  readonly hosts: readonly string[];
}

export interface AllowClientsFilter {
  readonly type: 'allowClients';
  /** CIDRs. */
  readonly ranges: readonly string[];
  readonly by: Extract<CountedBy, { type: 'client' }>;
  readonly status: number;
}

export interface BasicAuthFilter {
  readonly type: 'basicAuth';
  /** Hashes as `htpasswd` writes them: bcrypt (`$2y$`), MD5 (`$apr1$`), `{SHA}`. */
  readonly users: readonly (readonly [name: string, hash: string])[];
  readonly realm: string;
  /** The backend does not see the password. */
  readonly removeHeader: boolean;
  /** Header in which the backend is told the user; empty: none. */
  readonly userHeader: string;
}

export interface ForwardAuthFilter {
  readonly type: 'forwardAuth';
  /** http:// or https:// URL. 2xx lets the request through; anything else is the answer. */
  readonly url: string;
  /** `x-forwarded-*` of the client go to it as they came. */
  readonly trustForwarded: boolean;
  /** Headers of the request that it gets; empty: all. */
  readonly requestHeaders: readonly string[];
  /** Headers of its answer that the backend gets. */
  readonly responseHeaders: readonly string[];
  readonly responseHeadersPattern: string;
  /** Cookies of its answer that the client gets with the backend's answer; it alone sets them. */
  readonly cookies: readonly string[];
  /** Header of the backend's request that is told the user, as the answer says it in the same header; empty: none. */
  readonly userHeader: string;
  /** Bytes of the request's body that it gets; -1: none. */
  readonly maxBodyBytes: number;
  /** Its request has the method of the client's, not GET. */
  readonly preserveMethod: boolean;
  /** A relative `location` stays relative. */
  readonly preserveLocation: boolean;
  readonly tlsVerify: boolean;
  readonly timeoutMs: number;
}

/** A token bucket per `by`; 429 with `retry-after`. All workers of a host share it, within a moment. */
export interface RateLimitFilter {
  readonly type: 'rateLimit';
  /** Requests per period; 0: no limit. */
  readonly average: number;
  readonly periodMs: number;
  readonly burst: number;
  readonly by: CountedBy;
}

/** Requests that may be served at the same time; 429. */
export interface InFlightFilter {
  readonly type: 'inFlight';
  readonly amount: number;
  readonly by: CountedBy;
}

/** Answers with such a status are replaced by a page of other backends. */
export interface ErrorPagesFilter {
  readonly type: 'errorPages';
  readonly statuses: readonly StatusRange[];
  readonly backends: readonly BackendRef[];
  /** Target; `{status}`, `{originalStatus}` and `{url}` (escaped) are filled in. */
  readonly path: string;
}

export interface RetryFilter {
  readonly type: 'retry';
  /** All tries together; 1: none more. */
  readonly attempts: number;
  /** Before the second try; doubles each time. 0: at once. */
  readonly initialMs: number;
  /** Answers that lead to another try. */
  readonly statuses: readonly StatusRange[];
  /** POST and the like, too: a backend may see them twice. */
  readonly nonIdempotent: boolean;
  /** Longer bodies are not repeated. */
  readonly maxBodyBytes: number;
}

export interface CircuitBreakerFilter {
  readonly type: 'circuitBreaker';
  /** `NetworkErrorRatio() > 0.30 || ResponseCodeRatio(500, 600, 0, 600) > 0.25`, `LatencyAtQuantileMS(50.0) > 100`. */
  readonly expression: string;
  readonly checkMs: number;
  readonly fallbackMs: number;
  readonly recoveryMs: number;
  readonly status: number;
}

/** A share of the requests is sent to other backends, too; their answers are dropped. */
export interface MirrorFilter {
  readonly type: 'mirror';
  readonly backends: readonly BackendRef[];
  /** 0-100. */
  readonly percent: number;
  /** Requests with longer bodies are not mirrored. */
  readonly maxBodyBytes: number;
}

/** On the application path. */
export interface CompressFilter {
  readonly type: 'compress';
  /** In order of preference. */
  readonly encodings: readonly ('gzip' | 'br' | 'zstd' | 'deflate')[];
  readonly minBytes: number;
  /** Media types; empty: what compresses well. */
  readonly includedTypes: readonly string[];
  readonly excludedTypes: readonly string[];
}

/** On the application path: the request is read whole before it is sent on. 413, and 502 for an answer that is too long. */
export interface BufferFilter {
  readonly type: 'buffer';
  /** 0: no limit. */
  readonly maxRequestBytes: number;
  readonly maxResponseBytes: number;
}

/** What happens to a request between match and send, and to its answer on the way back; in the order in which they stand. */
export type Filter =
  | HeadersFilter
  | CorsFilter
  | RedirectFilter
  | RewriteFilter
  | AllowHostsFilter
  | AllowClientsFilter
  | BasicAuthFilter
  | ForwardAuthFilter
  | RateLimitFilter
  | InFlightFilter
  | ErrorPagesFilter
  | RetryFilter
  | CircuitBreakerFilter
  | MirrorFilter
  | CompressFilter
  | BufferFilter;

export type FilterType = Filter['type'];

/** Those that need more than the head: their routes are served by the application path. */
export const APPLICATION_FILTERS: ReadonlySet<FilterType> = new Set(['compress', 'buffer']);
