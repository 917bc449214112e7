import {
  asksForLatency,
  holdsFor,
  parseBreakerExpression,
  type BreakerExpression,
} from './circuit-breaker-expression.ts';
import { BreakerWindow } from './circuit-breaker-window.ts';
import type { CircuitBreakerFilter } from './filter.ts';

/**
 *     closed --expression--> open --fallbackMs--> recovering --recoveryMs--> closed
 *                              ^---- expression ------/
 */
export type BreakerState = 'closed' | 'open' | 'recovering';

/** Whether a route's backends are spared for a while. Times are milliseconds of one clock that does not go back. */
export class CircuitBreaker {
  readonly #expression: BreakerExpression;
  readonly #filter: CircuitBreakerFilter;
  readonly #window: BreakerWindow;
  #state: BreakerState = 'closed';
  /** When the state was entered. */
  #sinceMs = 0;
  #checkedMs = Number.NEGATIVE_INFINITY;
  /** While recovering. */
  #asked = 0;
  #allowed = 0;

  /** @throws RangeError when the expression cannot be read */
  constructor(filter: CircuitBreakerFilter) {
    const parsed = parseBreakerExpression(filter.expression);
    if ('problem' in parsed) throw new RangeError(`the circuit breaker's expression: found ${parsed.problem}`);
    this.#expression = parsed.value;
    this.#filter = filter;
    this.#window = new BreakerWindow(asksForLatency(parsed.value));
  }

  state(nowMs: number): BreakerState {
    const { fallbackMs, recoveryMs } = this.#filter;
    if (this.#state === 'open' && nowMs - this.#sinceMs >= fallbackMs) this.#enter('recovering', nowMs);
    if (this.#state === 'recovering' && nowMs - this.#sinceMs >= recoveryMs) this.#enter('closed', nowMs);
    return this.#state;
  }

  /**
   * Whether this request may go to the backends. While recovering a share that grows from none to all does, spread evenly.
   */
  allows(nowMs: number): boolean {
    const state = this.state(nowMs);
    if (state !== 'recovering') return state === 'closed';
    const share = (nowMs - this.#sinceMs) / this.#filter.recoveryMs;
    this.#asked++;
    if (this.#allowed + 1 > this.#asked * share) return false;
    this.#allowed++;
    return true;
  }

  /** Whole seconds until a request may be let through, at least 1. */
  retryAfterS(nowMs: number): number {
    const leftMs = this.#state === 'open' ? this.#filter.fallbackMs - (nowMs - this.#sinceMs) : 0;
    return Math.max(1, Math.ceil(leftMs / 1_000));
  }

  /**
   * What became of a request that was let through.
   *
   * @param status 0: there was no answer
   * @param latencyMs until its answer began, or it failed
   */
  record(status: number, latencyMs: number, nowMs: number): void {
    // What was let through before it opened says nothing about how the backends are when it closes.
    if (this.state(nowMs) === 'open') return;
    this.#window.add(status, latencyMs, nowMs);
    if (nowMs - this.#checkedMs < this.#filter.checkMs) return;
    this.#checkedMs = nowMs;
    if (holdsFor(this.#expression, this.#window.facts(nowMs))) this.#enter('open', nowMs);
  }

  #enter(state: BreakerState, nowMs: number): void {
    this.#state = state;
    this.#sinceMs = nowMs;
    this.#asked = 0;
    this.#allowed = 0;
    // What opened it must not keep it open.
    if (state === 'open') this.#window.clear();
  }
}
