import type { ProxyError } from '@dproxy/core';
import { toProxyError } from '../to-proxy-error.ts';

/** More recoveries than a host has candidates. */
const MAX_STEPS = 256;

interface Recovering {
  isDone(): boolean;
  /** @throws the next error */
  recover(error: ProxyError): void;
  cut(error: ProxyError): void;
}

/** Ends in another attempt, another candidate, a page or a cut. Recovering may itself fail, with the next error. */
export function recoverFrom(cause: unknown, request: Recovering): void {
  let error = toProxyError(cause);
  for (let step = 0; step < MAX_STEPS && !request.isDone(); step++) {
    try {
      request.recover(error);
      return;
    } catch (next) {
      error = toProxyError(next);
    }
  }
  if (!request.isDone()) request.cut(error);
}
