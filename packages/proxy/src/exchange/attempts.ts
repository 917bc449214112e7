import { mayRetry, type ProxyError } from '@dproxy/core';
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
  readonly #method: string;
  #count = 0;
  #tried: Set<string> | undefined;

  constructor(route: CompiledRoute, method: string) {
    this.#route = route;
    this.#method = method;
  }

  /** @returns undefined when no backend is ready */
  first(): UpstreamPool | undefined {
    this.#count = 1;
    return this.#route.balance.next();
  }

  /**
   * Another replica first; only a keep-alive race may also go to the same one. After a race the connection is a new one: idle
   * ones of the same age may be just as dead.
   *
   * @param bodyBytes of the request that were taken from the client
   * @returns undefined when the request may not be repeated, or there is nobody left
   */
  after(error: ProxyError, failed: UpstreamPool, bodyBytes: number): Attempt | undefined {
    const { backend } = failed;
    const attempt = { method: this.#method, bodyBytesSent: bodyBytes, attempt: this.#count, maxAttempts: MAX_ATTEMPTS };
    if (!mayRetry(error, attempt)) return undefined;
    const isNew = error.retry === 'replayable';
    this.#tried = (this.#tried ?? new Set()).add(backend.id);
    const pool = this.#route.balance.next(this.#tried) ?? (isNew ? failed : undefined);
    if (pool === undefined) return undefined;
    this.#count++;
    return { pool, isNew };
  }
}
