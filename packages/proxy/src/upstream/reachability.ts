import type { ErrorCode } from '@dproxy/core';

/** So long others are asked first. */
const PASSED_OVER_MS = 1_000;

/**
 * Whether a backend answered the last attempt to connect, as this worker saw it. One that did not is passed over while there are others:
 * the address of a container that has just ended answers nobody, not even with a refusal, and until the table says so every request would
 * wait for it in vain. Once in a second one request tries it all the same. A refusal costs no time, and is not remembered. Times are those
 * of `performance.now()`.
 *
 *     reachable --time-out--> passed over --a second--> one tries --time-out--> passed over
 *         ^-----------connected, or answered---------------'
 */
export class Reachability {
  /** 0: reachable. */
  #untilMs = 0;

  /** The last attempt to connect ended without an answer. */
  get isInDoubt(): boolean {
    return this.#untilMs !== 0;
  }

  /** A connection was made; or an answer came, as over one that was idle: else who needs no new connection would stay in doubt. */
  reached(): void {
    this.#untilMs = 0;
  }

  failed(code: ErrorCode, nowMs: number): void {
    if (code === 'upstream-connect-timeout') this.#passOver(nowMs);
  }

  /** For whoever would be the next to connect. False is said once in a second: that one tries. */
  isPassedOver(nowMs: number): boolean {
    if (nowMs < this.#untilMs) return true;
    if (this.isInDoubt) this.#passOver(nowMs);
    return false;
  }

  #passOver(nowMs: number): void {
    this.#untilMs = nowMs + PASSED_OVER_MS;
  }
}
