import type { ProxyError } from './errors.ts';

/** Methods whose repetition does no more than the first (RFC 9110 section 9.2.2). Names are case-sensitive. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);
/** Methods that ask for no change at all (RFC 9110 section 9.2.1). */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

export function isIdempotent(method: string): boolean {
  return IDEMPOTENT.has(method);
}

export interface Attempt {
  readonly method: string;
  /** Bytes of the request's body that were taken from the client so far: they are gone. */
  readonly bodyBytesSent: number;
  /** 1 for the first. */
  readonly attempt: number;
  readonly maxAttempts: number;
}

/**
 * Whether a request that failed with `error` may go to a backend once more, without the risk that it is carried out
 * twice. A keep-alive race (a reused connection that the backend closes while we write) is repeated once only: a second
 * one in a row is no race. What asks for no change may be cut by two backends, as when both are taken away at once; a third try is the last.
 */
export function mayRetry(error: ProxyError, { method, bodyBytesSent, attempt, maxAttempts }: Attempt): boolean {
  if (attempt >= maxAttempts || bodyBytesSent > 0) return false;
  const { retry } = error;
  switch (retry) {
    case 'never':
      return false;
    case 'unsent':
      return true;
    case 'replayable':
      return attempt === 1 && IDEMPOTENT.has(method);
    case 'elsewhere':
      return attempt === 1 ? IDEMPOTENT.has(method) : SAFE.has(method);
    default:
      return retry satisfies never;
  }
}

/**
 * Whether a request may be shown to several wildcard candidates in turn. Only safe methods: a PUT that one site refused
 * with a 500 must not be carried out by another.
 */
export function mayTryCandidates(method: string, hasBody: boolean): boolean {
  return !hasBody && SAFE.has(method);
}
