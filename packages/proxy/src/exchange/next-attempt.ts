import { ProxyError } from '@dproxy/core';
import type { Services } from '../services.ts';
import type { KeptBody } from '../upstream/kept-body.ts';
import type { Attempt, Attempts } from './attempts.ts';
import type { Hop } from './hop.ts';

interface Failed {
  readonly hop: Hop | undefined;
  readonly attempts: Attempts | undefined;
  readonly kept: KeptBody | undefined;
  readonly services: Services;
}

/**
 * Where a request goes after an attempt that failed; undefined: nowhere.
 *
 * @param failure what came instead of an answer, or the status of one. After a 101 the connection has been handed over
 */
export function nextAttempt(
  failure: ProxyError | number,
  { hop, attempts, kept, services }: Failed,
): Attempt | undefined {
  const pool = hop?.pool;
  if (hop === undefined || pool === undefined || failure === 101) return undefined;
  const isError = failure instanceof ProxyError;
  if (isError && failure.retry === 'unsent') services.memory.forgetBackend(pool.backend.id);
  const attempt = attempts?.after(failure, pool, lostBytes(hop, kept));
  if (attempt !== undefined && isError) services.counters.countError(failure.code);
  return attempt;
}

/** Of the body, that are not there a second time. */
function lostBytes({ route, requestBytes }: Hop, kept: KeptBody | undefined): number {
  return route.retry !== undefined && kept?.isWhole === true ? 0 : requestBytes;
}
