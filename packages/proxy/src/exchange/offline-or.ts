import { ProxyError } from '@dproxy/core';
import type { UpstreamPool } from '../upstream/upstream-pool.ts';

/** A backend that drains is asked only when nobody else is left. When it refuses, nothing is broken: the site is offline. */
export function offlineOr(error: ProxyError, pool: UpstreamPool | undefined): ProxyError {
  const isLastGone = error.retry === 'unsent' && pool?.backend.state === 'draining';
  return isLastGone ? new ProxyError('no-backend-ready', error.detail, { cause: error }) : error;
}
