import { compileCountedBy, type CountedFacts, type InFlightFilter } from '@dproxy/core';
import type { CompiledFilter, Rehearsed, Verdict } from './compiled-filter.ts';
import type { FilterContext } from './filter-context.ts';
import type { FilteredRequest } from './filtered-request.ts';
import { type CountingFilter, inherited } from './inherited.ts';

/** @throws RangeError for what cannot be counted by */
export function compileInFlight(filter: InFlightFilter, context: FilterContext): CompiledFilter {
  return new InFlight(
    filter,
    inherited(filter, context, (each) => each instanceof InFlight),
  );
}

/** Requests that may be served at the same time, by each worker for itself. A tunnel counts as long as it is open. */
class InFlight implements CountingFilter {
  readonly type = 'inFlight';
  readonly filter: InFlightFilter;
  readonly #keyOf: (facts: CountedFacts) => string;
  /** Only of keys that have some: as many as there are requests under way. */
  readonly #counts: Map<string, number>;

  constructor(filter: InFlightFilter, previous: InFlight | undefined) {
    this.filter = filter;
    this.#keyOf = compileCountedBy(filter.by);
    this.#counts = previous === undefined ? new Map() : previous.#counts;
  }

  onRequest(request: FilteredRequest): Verdict {
    const key = this.#keyOf(request.counted);
    const count = this.#counts.get(key) ?? 0;
    if (count >= this.filter.amount) return request.refusal(429);
    this.#counts.set(key, count + 1);
    request.onEnd(() => this.#leave(key));
    return undefined;
  }

  rehearse(): Rehearsed {
    return { detail: `lets ${this.filter.amount} pass at the same time` };
  }

  #leave(key: string): void {
    const count = (this.#counts.get(key) ?? 0) - 1;
    if (count > 0) this.#counts.set(key, count);
    else this.#counts.delete(key);
  }
}
