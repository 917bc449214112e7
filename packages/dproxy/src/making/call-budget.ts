import { MakerError, TokenBuckets } from '@dproxy/core';

const MINUTE_MS = 60_000;

/** So many calls a minute, of all callers together. A number that was changed begins with a full minute's worth. */
export class CallBudget {
  #perMinute = 0;
  #buckets: TokenBuckets | undefined;

  /** @throws MakerError that says when the next is allowed */
  charge(perMinute: number, nowMs: number): void {
    if (this.#buckets === undefined || this.#perMinute !== perMinute) {
      this.#perMinute = perMinute;
      this.#buckets = new TokenBuckets({ average: perMinute, periodMs: MINUTE_MS, burst: perMinute });
    }
    const retryAfterMs = this.#buckets.take('', nowMs);
    if (retryAfterMs === 0) return;
    const message = `more than ${perMinute} calls a minute (api.containerLimits.perMinute)`;
    throw new MakerError('budget', message, { retryAfterMs });
  }
}
