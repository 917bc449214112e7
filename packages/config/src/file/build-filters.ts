import type { Backend, Filter } from '@dproxy/core';
import type { FilterDraft } from '../schema/filters/filter-draft.ts';
import { buildBackends, uniqueBackends } from './build-backends.ts';

export interface BuiltFilters {
  readonly filters: readonly Filter[];
  /** Those that error pages and mirrors refer to. */
  readonly backends: readonly Backend[];
}

/** Filters as workers know them, with references to backends in place of addresses. */
export function buildFilters(drafts: readonly FilterDraft[]): BuiltFilters {
  const all: Backend[] = [];
  const filters = drafts.map(({ filter, targets, tlsVerify }): Filter => {
    if (filter.type !== 'errorPages' && filter.type !== 'mirror') return filter;
    const { refs, backends } = buildBackends(targets, { tlsVerify });
    all.push(...backends);
    return { ...filter, backends: refs };
  });
  return { filters, backends: uniqueBackends(all) };
}
