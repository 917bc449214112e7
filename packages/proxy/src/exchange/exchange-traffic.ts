import type { Counters } from '../counters.ts';
import type { TrafficOutcome } from '../traffic/traffic-table.ts';

const NO_ANSWER: TrafficOutcome = { status: 0, isError: true, bytesIn: 0, bytesOut: 0 };

/** What one request counts for: its route, and each backend that was asked. */
export class ExchangeTraffic {
  readonly #counters: Counters;
  readonly #isCounted: boolean;
  #routeId = '';
  #backendId = '';
  #backendStartedMs = 0;

  /** @param isClients false for what plugins send on: its route counts the client's request already */
  constructor(counters: Counters, isClients: boolean) {
    this.#counters = counters;
    this.#isCounted = isClients;
  }

  choose(routeId: string): void {
    if (!this.#isCounted) return;
    if (this.#routeId !== '') this.#counters.routes.leave(this.#routeId);
    this.#routeId = routeId;
    this.#counters.routes.begin(routeId);
  }

  /** The attempt before, if there was one, came to nothing. */
  attempt(backendId: string, nowMs: number): void {
    this.#endAttempt(NO_ANSWER, nowMs);
    this.#backendId = backendId;
    this.#backendStartedMs = nowMs;
    if (backendId !== '') this.#counters.backends.begin(backendId);
  }

  end({ route, backend, totalMs }: ExchangeOutcome, nowMs: number): void {
    this.#endAttempt(backend, nowMs);
    if (this.#routeId !== '') this.#counters.routes.end(this.#routeId, route, totalMs);
    this.#routeId = '';
  }

  #endAttempt(outcome: TrafficOutcome, nowMs: number): void {
    const id = this.#backendId;
    this.#backendId = '';
    if (id !== '') this.#counters.backends.end(id, outcome, nowMs - this.#backendStartedMs);
  }
}

export interface ExchangeOutcome {
  readonly route: TrafficOutcome;
  readonly backend: TrafficOutcome;
  /** Of the whole request. */
  readonly totalMs: number;
}
