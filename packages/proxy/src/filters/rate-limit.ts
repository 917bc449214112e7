import {
  compileCountedBy,
  type CountedFacts,
  type RateLimitFilter,
  type SpentTokens,
  TokenBuckets,
} from '@dproxy/core';
import type { CompiledFilter, Rehearsed, Verdict } from './compiled-filter.ts';
import type { FilterContext } from './filter-context.ts';
import type { FilteredRequest } from './filtered-request.ts';
import { type CountingFilter, inherited } from './inherited.ts';

/** @throws RangeError for what cannot be counted by */
export function compileRateLimit(filter: RateLimitFilter, context: FilterContext): CompiledFilter {
  const previous = inherited(filter, context, (each) => each instanceof RateLimit);
  return new RateLimit(filter, context, previous);
}

/**
 * Requests that may come in a time. Each worker has its own buckets; what one lets through, it tells the others of its host
 * within a moment (`SpentLimits`), so that all of them together let `average` through. At the beginning of a burst they do not
 * know of each other yet: until they do, each may let its burst through.
 */
export class RateLimit implements CountingFilter {
  readonly type = 'rateLimit';
  readonly filter: RateLimitFilter;
  readonly #routeId: string;
  /** In the route's list. */
  readonly #place: number;
  readonly #keyOf: (facts: CountedFacts) => string;
  /** Undefined: no limit. */
  readonly #buckets: TokenBuckets | undefined;

  constructor(filter: RateLimitFilter, { route }: FilterContext, previous: RateLimit | undefined) {
    const { average, periodMs, burst, by } = filter;
    this.filter = filter;
    this.#routeId = route.id;
    this.#place = route.filters.indexOf(filter);
    this.#keyOf = compileCountedBy(by);
    const fresh = () => (average === 0 ? undefined : new TokenBuckets({ average, periodMs, burst }));
    this.#buckets = previous === undefined ? fresh() : previous.#buckets;
  }

  onRequest(request: FilteredRequest): Verdict {
    const waitMs = this.#buckets?.take(this.#keyOf(request.counted), performance.now()) ?? 0;
    if (waitMs === 0) {
      request.services.spentLimits?.note(this);
      return undefined;
    }
    const lines = `retry-after: ${Math.ceil(waitMs / 1_000)}\r\nx-retry-in: ${spellDuration(waitMs)}\r\n`;
    return request.refusal(429, lines);
  }

  /** It happened on another worker. */
  spend({ keys, times }: SpentTokens): void {
    for (const [index, key] of keys.entries()) {
      this.#buckets?.spend(key, Math.max(0, times[index] ?? 0), performance.now());
    }
  }

  /** What is told to the others; undefined: nothing. */
  takeSpent(): SpentTokens | undefined {
    const spent = this.#buckets?.takeSpent();
    if (spent === undefined || spent.size === 0) return undefined;
    return { routeId: this.#routeId, place: this.#place, keys: [...spent.keys()], times: [...spent.values()] };
  }

  isAt(routeId: string, place: number): boolean {
    return this.#routeId === routeId && this.#place === place;
  }

  rehearse(): Rehearsed {
    const { average, periodMs, burst } = this.filter;
    return { detail: average === 0 ? 'lets all pass' : `lets ${average} pass in ${periodMs} ms, ${burst} at once` };
  }
}

/** As Traefik's clients read it: `850ms`, `1.25s`. */
function spellDuration(ms: number): string {
  return ms < 1_000 ? `${ms}ms` : `${ms / 1_000}s`;
}
