import type { FilteredRequest } from '../filters/index.ts';
import { KeptBody } from '../upstream/kept-body.ts';
import type { Downstream } from './downstream.ts';

/**
 * Of a request whose body may have to be sent once more, or that a filter wants a copy of.
 *
 * @param maxBytes that may be sent once more; 0: none
 * @returns undefined when nobody wants it, or there is none
 */
export function keepBody(
  { body }: Pick<Downstream, 'body'>,
  filtered: Pick<FilteredRequest, 'keptBytes' | 'bodyKept'> | undefined,
  maxBytes: number,
): KeptBody | undefined {
  const most = Math.max(maxBytes, filtered?.keptBytes ?? 0);
  if (most === 0 || body === undefined) return undefined;
  const kept = new KeptBody(most);
  if (filtered !== undefined && filtered.keptBytes > 0) kept.onComplete(() => filtered.bodyKept(kept));
  return kept;
}
