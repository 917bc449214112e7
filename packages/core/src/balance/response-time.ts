/** How fast the past fades: what happened so long ago counts for 1/e. */
const FADE_MS = 10_000;

/**
 * Moving average of the time in which a backend begins to answer, sensitive to peaks: what is worse counts at once, what is
 * better only by and by. It fades while nobody asks, so that a backend that was slow gets another chance.
 */
export class ResponseTime {
  #averageMs = 0;
  #atMs = 0;

  /** 0: nothing is known. */
  readMs(nowMs: number): number {
    return this.#averageMs === 0 ? 0 : Math.max(MIN_MS, this.#averageMs * fade(nowMs - this.#atMs));
  }

  add(responseMs: number, nowMs: number): void {
    const known = this.#averageMs * fade(nowMs - this.#atMs);
    const kept = fade(nowMs - this.#atMs);
    const sample = Math.max(MIN_MS, responseMs);
    this.#averageMs = sample > known ? sample : this.#averageMs * kept + sample * (1 - kept);
    this.#atMs = nowMs;
  }
}

/** Never 0, which is nothing known. */
const MIN_MS = 0.001;

function fade(ageMs: number): number {
  return Math.exp(-Math.max(0, ageMs) / FADE_MS);
}
