import type { Finding } from './probe.ts';

export type CheckedState = 'starting' | 'healthy' | 'unhealthy';

/** How soon a backend that has never passed is asked again: it may have started a moment ago. Doubles each time. */
const FIRST_PAUSE_MS = 250;

/** As in dproxy.yml. Labels of other languages may say less, and would have the primary do nothing else. */
const MIN_PAUSE_MS = 100;

export interface CheckRules {
  readonly intervalMs: number;
  readonly unhealthyIntervalMs: number;
  /** Checks in a row that change the state. */
  readonly rise: number;
  readonly fall: number;
}

/**
 * ```
 * starting --rise passes--> healthy --fall failures--> unhealthy
 *                              ^------- rise passes -------/
 * ```
 */
export class CheckState {
  readonly #rules: CheckRules;
  #state: CheckedState;
  /** Checks in a row that speak against the state. */
  #against = 0;
  #pauses = 0;

  /** @param isKnown it served before, under an earlier primary: healthy until it fails */
  constructor(rules: CheckRules, isKnown: boolean) {
    this.#rules = rules;
    this.#state = isKnown ? 'healthy' : 'starting';
  }

  get state(): CheckedState {
    return this.#state;
  }

  /** @returns whether the state has changed */
  note(finding: Finding): boolean {
    const isHealthy = this.#state === 'healthy';
    if ((finding === '') === isHealthy) {
      this.#against = 0;
      return false;
    }
    this.#against++;
    if (this.#against < (isHealthy ? this.#rules.fall : this.#rules.rise)) return false;
    this.#against = 0;
    this.#state = isHealthy ? 'unhealthy' : 'healthy';
    return true;
  }

  /** Until the next check. */
  nextPauseMs(): number {
    return Math.max(MIN_PAUSE_MS, this.#wantedPauseMs());
  }

  #wantedPauseMs(): number {
    const { intervalMs, unhealthyIntervalMs } = this.#rules;
    if (this.#state === 'healthy') return intervalMs;
    if (this.#state === 'unhealthy') return unhealthyIntervalMs;
    const pauseMs = FIRST_PAUSE_MS * 2 ** this.#pauses;
    this.#pauses = Math.min(this.#pauses + 1, 16);
    return Math.min(pauseMs, unhealthyIntervalMs);
  }
}
