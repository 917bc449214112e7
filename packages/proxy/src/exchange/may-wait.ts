import type { ProxyError } from '@dproxy/core';
import type { KeptBody } from '../upstream/kept-body.ts';
import type { Attempts } from './attempts.ts';
import type { Hop } from './hop.ts';

export interface FailedRequest {
  readonly hop: Pick<Hop, 'pool' | 'requestBytes'> | undefined;
  readonly attempts: Pick<Attempts, 'mayBeSentAgain'> | undefined;
  readonly kept: KeptBody | undefined;
  /** The same, where a filter has read all of the body before anybody got it. */
  readonly collected: KeptBody | undefined;
}

/**
 * Whether a request that has found nobody can be sent later as if it came then: nothing of it was sent, or it may be repeated
 * and nothing of its body is gone.
 */
export function mayWait(error: ProxyError, { hop, attempts, kept, collected }: FailedRequest): boolean {
  if (error.code === 'no-backend-ready') return true;
  if (hop?.pool === undefined || hop.requestBytes > 0) return false;
  if (kept !== undefined && kept !== collected && kept.bytes > 0) return false;
  switch (error.retry) {
    case 'never':
      return false;
    case 'unsent':
      return true;
    case 'replayable':
    case 'elsewhere':
      return attempts?.mayBeSentAgain(error) === true;
    default:
      return error.retry satisfies never;
  }
}
