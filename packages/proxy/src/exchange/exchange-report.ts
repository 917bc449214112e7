import { ERRORS, type ProxyError } from '@dproxy/core';
import { loggable } from '../access-log.ts';
import type { RequestHead } from '../http1/index.ts';
import type { Services } from '../services.ts';
import type { Downstream } from './downstream.ts';

/** What is known of an exchange when it ends. */
export interface ExchangeEnd {
  readonly head: RequestHead;
  readonly downstream: Downstream;
  readonly startedMs: number;
  readonly backendMs: number;
  readonly routeId: string;
  readonly backendId: string;
  readonly status: number;
  readonly bytes: number;
  readonly error: string;
}

/** The access log's line; builds nothing while it is off. */
export function logAccess({ accessLog, compiled }: Services, end: ExchangeEnd): void {
  if (accessLog === undefined || !compiled.settings.accessLog) return;
  const { head, downstream } = end;
  accessLog({
    timeMs: Date.now(),
    client: loggable(downstream.peer.clientAddress(head.claims)),
    listener: downstream.listenerId,
    method: head.method,
    host: head.host,
    path: loggable(head.rawPath),
    status: end.status,
    bytes: end.bytes,
    totalMs: round(performance.now() - end.startedMs),
    backendMs: round(end.backendMs),
    route: end.routeId,
    backend: end.backendId,
    error: end.error,
    userAgent: loggable(fieldOf(head.passed, 'user-agent')),
  });
}

/** The log has what the client is not told. */
export function logFailure(
  { log, counters }: Services,
  error: ProxyError,
  end: ExchangeEnd & { requestId: string },
): void {
  counters.countError(error.code);
  const { logLevel } = ERRORS[error.code];
  log[logLevel](
    {
      code: error.code,
      requestId: end.requestId,
      host: end.head.host,
      route: end.routeId,
      backend: end.backendId,
      detail: loggable(error.detail),
      ...(logLevel === 'error' ? { err: error.cause ?? error } : {}),
    },
    ERRORS[error.code].message,
  );
}

function fieldOf(block: string, lowerCaseName: string): string {
  const lower = block.toLowerCase();
  const line = lower.startsWith(`${lowerCaseName}:`) ? 0 : lower.indexOf(`\r\n${lowerCaseName}:`);
  if (line === -1) return '';
  const colon = block.indexOf(':', line);
  return block.slice(colon + 1, block.indexOf('\r\n', colon)).trim();
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
