import { ERRORS, type ProxyError } from '@dproxy/core';
import type { CompiledSnapshot } from '../compiled-snapshot.ts';
import { answerText } from './answer-text.ts';

/** The answer to bytes that are no request: as text, since nothing is known of what the client accepts. Always the last one. */
export function refusalText(error: ProxyError, { pages }: CompiledSnapshot, requestId: string): string {
  const { status } = error;
  const { message } = ERRORS[error.code];
  const page = pages.render({ status, message, accept: 'text/plain', requestId, method: 'GET' });
  return answerText(page, { keepAlive: false, minorVersion: 1, method: 'GET' });
}
