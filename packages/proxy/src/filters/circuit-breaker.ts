import { CircuitBreaker, type CircuitBreakerFilter } from '@dproxy/core';
import type { CompiledFilter, Rehearsed, Verdict } from './compiled-filter.ts';
import type { FilterContext } from './filter-context.ts';
import type { FilteredRequest, RequestEnd } from './filtered-request.ts';
import { type CountingFilter, inherited } from './inherited.ts';

/** @throws RangeError when its expression cannot be read */
export function compileCircuitBreaker(filter: CircuitBreakerFilter, context: FilterContext): CompiledFilter {
  const previous = inherited(filter, context, (each) => each instanceof Breaker);
  return new Breaker(filter, previous);
}

/** The circuit breaker of one route, on one worker. */
class Breaker implements CountingFilter {
  readonly type = 'circuitBreaker';
  readonly filter: CircuitBreakerFilter;
  readonly #breaker: CircuitBreaker;

  constructor(filter: CircuitBreakerFilter, previous: Breaker | undefined) {
    this.filter = filter;
    this.#breaker = previous === undefined ? new CircuitBreaker(filter) : previous.#breaker;
  }

  onRequest(request: FilteredRequest): Verdict {
    const nowMs = performance.now();
    if (!this.#breaker.allows(nowMs)) {
      // The page says one of its own.
      request.responseFields.change('set', 'retry-after', String(this.#breaker.retryAfterS(nowMs)));
      return request.refusal(this.filter.status);
    }
    request.onEnd((end) => this.#record(end));
    return undefined;
  }

  rehearse(): Rehearsed {
    return { detail: `answers ${this.filter.status} for a while when ${this.filter.expression}` };
  }

  #record({ status, durationMs }: RequestEnd): void {
    // A client that went away says nothing about the backends, neither does how long a tunnel was open.
    if (status === 499 || status === 101) return;
    this.#breaker.record(status, durationMs, performance.now());
  }
}
