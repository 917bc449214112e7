import { mayRetry, type ProxyError } from '@dproxy/core';
import type { ChoosingRequest } from '../balance/request-key.ts';
import type { CompiledRoute } from '../compiled-route.ts';
import type { UpstreamPool } from '../upstream/upstream-pool.ts';

/** Replicas that one request is shown to before its client is told. */
const MAX_ATTEMPTS = 3;

/** Where to go next, and whether an idle connection will do. */
export interface Attempt {
  readonly pool: UpstreamPool;
  readonly isNew: boolean;
}

/** The replicas of one route that one request was shown to. */
export class Attempts {
  readonly #route: CompiledRoute;
  readonly #request: ChoosingRequest;
  #count = 0;
  #tried: Set<string> | undefined;
  /** Where the request is now. */
  #pool: UpstreamPool | undefined;
  #startedMs = 0;

  constructor(route: CompiledRoute, request: ChoosingRequest) {
    this.#route = route;
    this.#request = request;
  }

  /** @returns undefined when no backend is ready */
  first(): UpstreamPool | undefined {
    this.#count = 1;
    return this.#choose();
  }

  /**
   * Another replica first; only a keep-alive race may also go to the same one. After a race the connection is a new one: idle
   * ones of the same age may be just as dead.
   *
   * @param bodyBytes of the request that were taken from the client
   * @returns undefined when the request may not be repeated, or there is nobody left
   */
  after(error: ProxyError, failed: UpstreamPool, bodyBytes: number): Attempt | undefined {
    const { method } = this.#request.head;
    const attempt = { method, bodyBytesSent: bodyBytes, attempt: this.#count, maxAttempts: MAX_ATTEMPTS };
    if (!mayRetry(error, attempt)) return undefined;
    const isNew = error.retry === 'replayable';
    this.#tried = (this.#tried ?? new Set()).add(failed.backend.id);
    const pool = this.#choose() ?? (isNew ? failed : undefined);
    if (pool === undefined) return undefined;
    this.#pool = pool;
    this.#count++;
    return { pool, isNew };
  }

  /** Its answer begins. @returns whether the backend is passed over from now on */
  answered(status: number): boolean {
    const { selection } = this.#route;
    const pool = this.#pool;
    if (selection === undefined || pool === undefined) return false;
    return selection.answered(pool, status, performance.now() - this.#startedMs);
  }

  /** It gave no answer, or not all of it. @returns whether the backend is passed over from now on */
  failed(error: ProxyError): boolean {
    const { selection } = this.#route;
    const pool = this.#pool;
    this.#pool = undefined;
    return selection !== undefined && pool !== undefined && selection.failed(pool, error);
  }

  #choose(): UpstreamPool | undefined {
    const { selection, balance } = this.#route;
    if (selection === undefined) return balance.next(this.#tried);
    this.#pool = selection.next(this.#request, this.#tried);
    this.#startedMs = performance.now();
    return this.#pool;
  }
}
