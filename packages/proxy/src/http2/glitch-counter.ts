/**
 * What one connection does that costs us more than it costs its client: requests that are taken back (CVE-2023-44487), or
 * brought to an end by an error that the client provokes (CVE-2025-8671), malformed ones, and frames that carry nothing. Each
 * is fine now and then, all of them are how HTTP/2 is attacked: a bucket that fills with each and drains with time.
 */
export class GlitchCounter {
  readonly #limit: number;
  readonly #perMs: number;
  #level = 0;
  #atMs: number;

  /** @param perSecond how many are forgotten in a second @param nowMs on the clock of `performance.now` */
  constructor(limit: number, perSecond: number, nowMs: number) {
    this.#limit = limit;
    this.#perMs = perSecond / 1_000;
    this.#atMs = nowMs;
  }

  /** @returns whether that was one too many */
  add(nowMs: number): boolean {
    this.#level = Math.max(0, this.#level - (nowMs - this.#atMs) * this.#perMs) + 1;
    this.#atMs = nowMs;
    return this.#level > this.#limit;
  }
}
