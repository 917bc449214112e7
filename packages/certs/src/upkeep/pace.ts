const WINDOW_MS = 10_000;

/** So that a host with 500 new names begins gently: so many orders at once, and so many new ones in ten seconds. */
export class Pace {
  readonly #maxRunning: number;
  readonly #maxStarts: number;
  readonly #startsMs: number[] = [];
  #running = 0;

  constructor(maxRunning: number, maxStarts: number) {
    this.#maxRunning = maxRunning;
    this.#maxStarts = maxStarts;
  }

  /** @returns whether one more may start now; then it counts, until `leave` */
  enter(nowMs: number): boolean {
    // What lies in the future was noted before the clock was set back.
    while (this.#startsMs.length > 0 && !this.#isRecent(this.#startsMs[0] ?? 0, nowMs)) this.#startsMs.shift();
    if (this.#running >= this.#maxRunning || this.#startsMs.length >= this.#maxStarts) return false;
    this.#startsMs.push(nowMs);
    this.#running += 1;
    return true;
  }

  leave(): void {
    this.#running -= 1;
  }

  /** When `enter` may say yes again; infinite: when something leaves. */
  nextMs(nowMs: number): number {
    if (this.#running >= this.#maxRunning) return Number.POSITIVE_INFINITY;
    const first = this.#startsMs[0];
    return first === undefined || this.#startsMs.length < this.#maxStarts ? nowMs : first + WINDOW_MS;
  }

  #isRecent(startMs: number, nowMs: number): boolean {
    return startMs <= nowMs && startMs > nowMs - WINDOW_MS;
  }
}
