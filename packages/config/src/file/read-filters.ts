import type { Filter } from '@dproxy/core';
import type { Finding } from '../schema/explain-issue.ts';
import { filterList } from '../schema/filters/filter-list.ts';
import { buildFilters } from './build-filters.ts';
import { FilterLists } from './filter-lists.ts';
import { validate } from './validate.ts';

/** Something wrong with a list of filters that stands in no file. */
export type FilterProblem = Pick<Finding, 'message' | 'expected'>;

/**
 * Reads a list of filters as `filters` of a route is written, from labels. Backends by address are refused: what a container
 * says must not make dproxy connect to an address of its choice (threats: SSRF by label); neither are there named lists.
 *
 * @param value plain data: numbers and booleans as such, not as texts
 */
export function readFilters(
  value: unknown,
): { readonly filters: readonly Filter[] } | { readonly problems: readonly FilterProblem[] } {
  const result = validate(filterList(), value, ['filters']);
  if ('findings' in result) return { problems: result.findings };
  const expanded = new FilterLists(new Map()).expand(result.value, ['filters']);
  if ('findings' in expanded) return { problems: expanded.findings };
  const { filters } = buildFilters(expanded.value);
  const foreign = filters.find(({ type }) => type === 'errorPages' || type === 'mirror');
  if (foreign === undefined) return { filters };
  const message = `filters: ${foreign.type} in a label: backends by address are for dproxy.yml`;
  return { problems: [{ message, expected: 'a route in dproxy.yml' }] };
}
