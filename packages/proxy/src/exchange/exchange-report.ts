import { ERRORS, type ProxyError } from '@dproxy/core';
import { loggable } from '../access-log.ts';
import type { CompiledRoute } from '../compiled-route.ts';
import type { RequestHead } from '../http1/index.ts';
import type { Services } from '../services.ts';
import type { Downstream } from './downstream.ts';
import { ExchangeTraffic } from './exchange-traffic.ts';

/** What is told of an exchange, and to whom: the counters, the log, the access log. */
export class ExchangeReport {
  /** Of the first byte of the request, on the clock of `performance.now`. */
  readonly startedMs: number;
  readonly #services: Services;
  readonly #downstream: Downstream;
  readonly #head: RequestHead;
  readonly #traffic: ExchangeTraffic;
  #routeId = '';
  #backendId = '';
  #error: ProxyError | undefined;
  #backendMs = 0;
  #requestBytes = 0;

  constructor(services: Services, downstream: Downstream, head: RequestHead, startedMs: number) {
    this.#services = services;
    this.#downstream = downstream;
    this.#head = head;
    this.startedMs = startedMs;
    this.#traffic = new ExchangeTraffic(services.counters, downstream.chosenRoute === undefined);
  }

  get routeId(): string {
    return this.#routeId;
  }

  /** It was chosen; another one takes its place when a wildcard's candidates are tried in turn. */
  choose({ id, route: { wakeGroup } }: CompiledRoute): void {
    this.#routeId = id;
    this.#traffic.choose(id, wakeGroup === '' ? undefined : this.#services.waiting.useOf(wakeGroup));
  }

  get backendId(): string {
    return this.#backendId;
  }

  /** It is asked; empty: nobody, or the plugins. */
  set backendId(id: string) {
    this.#backendId = id;
    this.#traffic.attempt(id, performance.now());
  }

  /** The last hop. */
  asked({ backendMs, requestBytes }: { readonly backendMs: number; readonly requestBytes: number }): void {
    this.#backendMs = backendMs;
    this.#requestBytes = requestBytes;
  }

  /** The end of it, once. */
  done(status: number, bytes: number, error = ''): void {
    this.#count(status, bytes);
    this.#log(status, bytes, error);
  }

  #count(status: number, bytesOut: number): void {
    const nowMs = performance.now();
    const error = this.#error;
    const outcome = { status, isError: false, bytesIn: this.#requestBytes, bytesOut };
    this.#traffic.end(
      {
        route: error === undefined || error.status === 499 ? outcome : { ...outcome, isError: true },
        backend: error?.source === 'upstream' ? { ...outcome, status: 0, isError: true } : outcome,
        totalMs: nowMs - this.startedMs,
      },
      nowMs,
    );
  }

  /** The access log's line; builds nothing while that is off. What plugins send on was the client's request already. */
  #log(status: number, bytes: number, error: string): void {
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
      totalMs: round(performance.now() - this.startedMs),
      backendMs: round(this.#backendMs),
      route: this.routeId,
      backend: this.backendId,
      error,
      userAgent: loggable(fieldOf(head.passed, 'user-agent')),
    });
  }

  /** The log has what the client is not told; `requestId` joins the two. */
  failed(error: ProxyError, requestId: string): void {
    const { log, counters } = this.#services;
    this.#error = error;
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
