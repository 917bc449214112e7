import { ProxyError } from '@dproxy/core';

export function toProxyError(error: unknown): ProxyError {
  return error instanceof ProxyError ? error : new ProxyError('internal', String(error), { cause: error });
}
