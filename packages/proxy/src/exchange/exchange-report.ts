import { ERRORS, type ProxyError } from '@dproxy/core';
import { loggable } from '../access-log.ts';
import type { RequestHead } from '../http1/index.ts';
import type { Services } from '../services.ts';
import type { Downstream } from './downstream.ts';

/** What is told of an exchange, and to whom: the counters, the log, the access log. */
export class ExchangeReport {
  readonly #services: Services;
  readonly #downstream: Downstream;
  readonly #head: RequestHead;
  readonly #startedMs: number;
  routeId = '';
  backendId = '';
  backendMs = 0;

  constructor(services: Services, downstream: Downstream, head: RequestHead, startedMs: number) {
    this.#services = services;
    this.#downstream = downstream;
    this.#head = head;
    this.#startedMs = startedMs;
  }

  /** The access log's line; builds nothing while that is off. What plugins send on was the client's request already. */
  done(status: number, bytes: number, error = ''): void {
    const { accessLog, compiled } = this.#services;
    if (accessLog === undefined || !compiled.settings.accessLog || this.#downstream.chosenRoute !== undefined) return;
    const head = this.#head;
    accessLog({
      timeMs: Date.now(),
      client: loggable(this.#downstream.peer.clientAddress(head.claims)),
      listener: this.#downstream.listenerId,
      method: head.method,
      host: head.host,
      path: loggable(head.rawPath),
      status,
      bytes,
      totalMs: round(performance.now() - this.#startedMs),
      backendMs: round(this.backendMs),
      route: this.routeId,
      backend: this.backendId,
      error,
      userAgent: loggable(fieldOf(head.passed, 'user-agent')),
    });
  }

  /** The log has what the client is not told; `requestId` joins the two. */
  failed(error: ProxyError, requestId: string): void {
    const { log, counters } = this.#services;
    counters.countError(error.code);
    const { logLevel, message } = ERRORS[error.code];
    log[logLevel](
      {
        code: error.code,
        requestId,
        host: this.#head.host,
        route: this.routeId,
        backend: this.backendId,
        detail: loggable(error.detail),
        ...(logLevel === 'error' ? { err: error.cause ?? error } : {}),
      },
      message,
    );
  }
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
