import { inRanges, isIdempotent, mayRetry, type ProxyError } from '@dproxy/core';
import type { ChoosingRequest } from '../balance/request-key.ts';
import { preferReachable } from '../balance/prefer-reachable.ts';
import type { CompiledRoute } from '../compiled-route.ts';
import type { UpstreamPool } from '../upstream/upstream-pool.ts';

/** Replicas that one request is shown to before its client is told. */
const MAX_ATTEMPTS = 3;

/** Where to go next, and whether an idle connection will do. */
export interface Attempt {
  readonly pool: UpstreamPool;
  readonly isNew: boolean;
  /** As `Attempts.connectMs`. */
  readonly connectMs: number;
  /** How long to wait before. */
  readonly delayMs: number;
}

/** However often the time before a try has doubled. */
const MAX_DELAY_MS = 60_000;

/** The replicas of one route that one request was shown to. */
export class Attempts {
  readonly #route: CompiledRoute;
  readonly #request: ChoosingRequest;
  #count = 0;
  /** The first try went into a keep-alive race. */
  #wasRace = false;
  /** A backend that is gone now had it before. */
  #wasSent = false;
  #tried: Set<string> | undefined;
  /** Where the request is now. */
  #pool: UpstreamPool | undefined;
  #startedMs = 0;

  constructor(route: CompiledRoute, request: ChoosingRequest) {
    this.#route = route;
    this.#request = request;
  }

  /**
   * @param wasSent to a backend that is gone now: what may have been its end is not sent to two more
   * @param leavingId of a backend that is not asked again; empty: none
   * @returns undefined when no backend is ready
   */
  first(wasSent: boolean, leavingId: string): UpstreamPool | undefined {
    this.#count = wasSent ? 2 : 1;
    this.#wasSent = wasSent;
    if (leavingId !== '') this.#tried = new Set([leavingId]);
    return this.#choose();
  }

  /** For a new connection: less where another replica can be asked instead. */
  get connectMs(): number {
    const { connectMs, elsewhereMs, readyCount } = this.#route;
    const asked = (this.#tried?.size ?? 0) + 1;
    return this.#count < MAX_ATTEMPTS && asked < readyCount ? elsewhereMs : connectMs;
  }

  /** Whether it may be sent once more, later, after it was sent without an answer. What was lost to a race has reached nobody. */
  mayBeSentAgain(error: ProxyError): boolean {
    const { method } = this.#request.head;
    const wasSentOnce = this.#count === 2 && this.#wasRace && isIdempotent(method);
    return (
      wasSentOnce || mayRetry(error, { method, bodyBytesSent: 0, attempt: this.#count, maxAttempts: MAX_ATTEMPTS })
    );
  }

  /**
   * Another replica first; only a keep-alive race may also go to the same one. After a race the connection is a new one: idle
   * ones of the same age may be just as dead.
   *
   * What is safe to repeat is repeated at once, whether the route asks for it or not; what a `retry` filter allows beyond that
   * may also go to the same replica, after a pause. Tries count together.
   *
   * @param failure what came instead of an answer, or the status of one
   * @param bodyBytes of the request that were taken from the client and are not kept
   * @returns undefined when the request may not be repeated, or there is nobody left
   */
  after(failure: ProxyError | number, failed: UpstreamPool, bodyBytes: number): Attempt | undefined {
    return typeof failure === 'number'
      ? this.#afterAnswer(failure, failed, bodyBytes)
      : this.#afterError(failure, failed, bodyBytes);
  }

  #afterError(error: ProxyError, failed: UpstreamPool, bodyBytes: number): Attempt | undefined {
    const { method } = this.#request.head;
    const attempt = { method, bodyBytesSent: bodyBytes, attempt: this.#count, maxAttempts: MAX_ATTEMPTS };
    const isUnsent = error.retry === 'unsent';
    const isSafe = mayRetry(error, attempt) && (isUnsent || !this.#wasSent);
    const isAllowed = error.code !== 'no-backend-ready' && this.#isAllowed(bodyBytes, isUnsent);
    if (!isSafe && !isAllowed) return undefined;
    const isNew = error.retry === 'replayable';
    this.#wasRace ||= isNew;
    this.#tried = (this.#tried ?? new Set()).add(failed.backend.id);
    const other = this.#chooseFor(failed);
    if (other !== undefined) return this.#begin(other, isNew, isSafe ? 0 : this.#delayMs);
    return isNew || isAllowed ? this.#begin(failed, isNew, isNew ? 0 : this.#delayMs) : undefined;
  }

  /** Where a `retry` filter asks for it. */
  #afterAnswer(status: number, failed: UpstreamPool, bodyBytes: number): Attempt | undefined {
    const { retry } = this.#route;
    if (retry === undefined || !inRanges(status, retry.statuses) || !this.#isAllowed(bodyBytes, false))
      return undefined;
    this.#tried = (this.#tried ?? new Set()).add(failed.backend.id);
    return this.#begin(this.#chooseFor(failed) ?? failed, false, this.#delayMs);
  }

  /** Its answer begins. @returns whether the backend is passed over from now on */
  answered(status: number): boolean {
    const { selection } = this.#route;
    const pool = this.#pool;
    pool?.reachability.reached();
    if (selection === undefined || pool === undefined) return false;
    return selection.answered(pool, status, performance.now() - this.#startedMs);
  }

  /** It gave no answer, or not all of it. @returns whether the backend is passed over from now on */
  failed(error: ProxyError): boolean {
    const { selection } = this.#route;
    const pool = this.#pool;
    this.#pool = undefined;
    if (pool === undefined) return false;
    pool.reachability.failed(error.code, performance.now());
    return selection?.failed(pool, error) === true;
  }

  #begin(pool: UpstreamPool, isNew: boolean, delayMs: number): Attempt {
    this.#pool = pool;
    this.#count++;
    return { pool, isNew, connectMs: this.connectMs, delayMs };
  }

  #isAllowed(bodyBytes: number, isUnsent: boolean): boolean {
    const { retry } = this.#route;
    if (retry === undefined || this.#count >= retry.attempts || bodyBytes > 0) return false;
    return isUnsent || retry.nonIdempotent || isIdempotent(this.#request.head.method);
  }

  get #delayMs(): number {
    return Math.min(MAX_DELAY_MS, (this.#route.retry?.initialMs ?? 0) * 2 ** (this.#count - 1));
  }

  /** A kept body has the form in which it was sent: over HTTP/2 a chunked one looks different. */
  #chooseFor(failed: UpstreamPool): UpstreamPool | undefined {
    const other = this.#choose();
    const isFixed = this.#route.retry !== undefined && this.#request.head.framing === 'chunked';
    return other !== undefined && isFixed && other.isHttp2 !== failed.isHttp2 ? undefined : other;
  }

  #choose(): UpstreamPool | undefined {
    const pool = this.#next(this.#tried);
    const isInDoubt = pool?.reachability.isInDoubt === true && !this.#isHad(pool);
    this.#pool = isInDoubt ? preferReachable(pool, this.#tried, (ids) => this.#next(ids)) : pool;
    if (this.#route.selection !== undefined) this.#startedMs = performance.now();
    return this.#pool;
  }

  /** Its cookie would lead the client elsewhere for good, because of what befell somebody else. */
  #isHad(pool: UpstreamPool): boolean {
    return this.#route.selection?.sticky?.find(this.#request.head) === pool;
  }

  #next(exclude: ReadonlySet<string> | undefined): UpstreamPool | undefined {
    const { selection, balance } = this.#route;
    return selection === undefined ? balance.next(exclude) : selection.next(this.#request, exclude);
  }
}
