import type { Answered, Instead } from './answered.ts';
import type { CompiledFilter, Verdict } from './compiled-filter.ts';
import type { FilteredRequest } from './filtered-request.ts';

/** In the order in which an answer passes them: the last first. */
type Placed = readonly [index: number, filter: CompiledFilter];

/** All filters of one route, in order. */
export class CompiledFilters {
  readonly list: readonly CompiledFilter[];
  readonly #deciding: readonly Placed[];
  readonly #responding: readonly Placed[];

  constructor(list: readonly CompiledFilter[]) {
    this.list = list;
    const backwards = [...list.entries()].reverse();
    this.#deciding = backwards.filter(([, filter]) => filter.onAnswered !== undefined);
    this.#responding = backwards.filter(([, filter]) => filter.onResponse !== undefined);
  }

  /** Undefined: the request goes to the plugins, the fixed answer or the backends of its route. @throws as a filter does */
  run(request: FilteredRequest): Verdict | Promise<Verdict> {
    const { list } = this;
    while (request.passed < list.length) {
      const verdict = list[request.passed]?.onRequest?.(request);
      if (verdict instanceof Promise) return this.#runOn(request, verdict);
      if (verdict !== undefined) return verdict;
      request.passed++;
    }
    return undefined;
  }

  /** Of the filters that the request has passed, the last has the first say. */
  answered(request: FilteredRequest, answer: Answered): Instead | undefined {
    for (const [index, filter] of this.#deciding) {
      const instead = index < request.passed ? filter.onAnswered?.(request, answer) : undefined;
      if (instead !== undefined) return instead;
    }
    return undefined;
  }

  /** For the filters that the request has passed. */
  respond(request: FilteredRequest, status: number, fields: string): void {
    for (const [index, filter] of this.#responding) {
      if (index < request.passed) filter.onResponse?.(request, status, fields);
    }
  }

  async #runOn(request: FilteredRequest, pending: Promise<Verdict>): Promise<Verdict> {
    const verdict = await pending;
    // Nobody waits for it: no further filter shall count it, or ask somebody.
    if (verdict !== undefined || request.isEnded) return verdict;
    request.passed++;
    return await this.run(request);
  }
}
