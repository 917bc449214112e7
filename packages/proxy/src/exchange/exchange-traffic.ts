import type { Counters } from '../counters.ts';
import type { TrafficOutcome } from '../traffic/traffic-table.ts';
import type { GroupUse } from '../waiting/group-uses.ts';

const NO_ANSWER: TrafficOutcome = { status: 0, isError: true, bytesIn: 0, bytesOut: 0 };

/** What one request counts for: its route, the wake group of that, and each backend that was asked. */
export class ExchangeTraffic {
  readonly #counters: Counters;
  readonly #isCounted: boolean;
  #routeId = '';
  #use: GroupUse | undefined;
  #backendId = '';
  #backendStartedMs = 0;

  /** @param isClients false for what plugins send on: its route counts the client's request already */
  constructor(counters: Counters, isClients: boolean) {
    this.#counters = counters;
    this.#isCounted = isClients;
  }

  /** @param use of the route's wake group; undefined: it has none */
  choose(routeId: string, use: GroupUse | undefined): void {
    if (!this.#isCounted) return;
    if (this.#use !== use) this.#follow(use);
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
    if (this.#use !== undefined) this.#follow(undefined);
  }

  #follow(use: GroupUse | undefined): void {
    this.#use?.end();
    this.#use = use;
    use?.begin();
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
