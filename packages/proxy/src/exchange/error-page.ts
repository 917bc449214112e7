import { ERRORS, type ProxyError } from '@dproxy/core';
import { grpcPage, isGrpc } from '../pages/grpc.ts';
import type { Page } from '../pages/index.ts';
import type { ExchangeFacts } from './exchange-facts.ts';

/** What a client is told of an error: no more than its sentence, what is meant for everybody's ears, and where to find the rest in the log. */
export function errorPage(error: ProxyError, requestId: string, { head, downstream, compiled }: ExchangeFacts): Page {
  if (downstream.isHttp2 && isGrpc(head)) return grpcPage(error, requestId);
  const { accept, host, method } = head;
  const { status, told, retryAfterS } = error;
  const { message } = ERRORS[error.code];
  const said = told === '' ? message : `${message} ${told}`;
  const again = retryAfterS > 0 ? { retryAfterSeconds: retryAfterS } : {};
  return compiled.pages.render({ status, message: said, accept, requestId, host, method, ...again });
}
