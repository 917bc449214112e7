import type { FilterType } from '@dproxy/core';
import type { Page } from '../pages/index.ts';
import type { CompiledFilter, Rehearsed } from './compiled-filter.ts';
import type { CompiledFilters } from './compiled-filters.ts';
import type { FilteredRequest } from './filtered-request.ts';

/** What one filter would do to a request, for people. */
export interface FilterNote {
  readonly type: FilterType;
  /** A sentence without values of header fields, which may be secrets. */
  readonly detail: string;
  /** Fields that it sets. */
  readonly values: readonly (readonly [name: string, value: string])[];
}

/** Plays a request through its filters, without their effects. @throws ProxyError as the filters do */
export function rehearseFilters(
  { list }: Pick<CompiledFilters, 'list'>,
  request: FilteredRequest,
): {
  readonly notes: readonly FilterNote[];
  readonly answer: Page | undefined;
} {
  const notes: FilterNote[] = [];
  for (const filter of list) {
    const { detail, answer, values = [] } = rehearse(filter, request);
    notes.push({ type: filter.type, detail, values });
    if (answer !== undefined) return { notes, answer };
    request.passed++;
  }
  return { notes, answer: undefined };
}

function rehearse(filter: CompiledFilter, request: FilteredRequest): Rehearsed {
  if (filter.rehearse !== undefined) return filter.rehearse(request);
  const before = request.head.target;
  const answer = filter.onRequest?.(request);
  if (answer instanceof Promise) throw new TypeError(`the filter ${filter.type} cannot be rehearsed`);
  if (answer !== undefined) return { detail: describeAnswer(answer), answer };
  const { target } = request.head;
  return { detail: target === before ? 'lets it pass' : `the backend gets ${target} instead of ${before}` };
}

function describeAnswer({ status, headers }: Page): string {
  const location = /^location: (.*)\r$/im.exec(headers)?.[1];
  return location === undefined ? `answers ${status}` : `answers ${status}, to ${location}`;
}
