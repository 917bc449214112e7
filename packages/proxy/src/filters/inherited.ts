import { type Filter, sameValue } from '@dproxy/core';
import type { CompiledFilter } from './compiled-filter.ts';
import type { FilterContext } from './filter-context.ts';

/** A filter that counts, with what it was made of. */
export interface CountingFilter extends CompiledFilter {
  readonly filter: Filter;
}

/**
 * What this very filter of this route was until now: a change of the table must not make counts begin anew, else every deploy
 * of anybody would open a limit.
 */
export function inherited<T extends CountingFilter>(
  filter: Filter,
  { route, previous }: FilterContext,
  isKind: (compiled: CompiledFilter) => compiled is T,
): T | undefined {
  const before = route.filters.slice(0, route.filters.indexOf(filter));
  const rank = before.filter((other) => sameValue(other, filter)).length;
  const same = (previous?.list ?? []).filter(isKind).filter((each) => sameValue(each.filter, filter));
  return same[rank];
}
