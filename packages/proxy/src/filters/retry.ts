import type { RetryFilter } from '@dproxy/core';
import type { CompiledFilter } from './compiled-filter.ts';

/** What a route repeats is the exchange's to do (`Attempts`): it knows what was sent, and to whom. */
export function compileRetry({ type, attempts, statuses }: RetryFilter): CompiledFilter {
  const also = statuses.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(', ');
  const detail = `tries ${attempts} times in all${also === '' ? '' : `, also after ${also}`}`;
  return { type, rehearse: () => ({ detail }) };
}
