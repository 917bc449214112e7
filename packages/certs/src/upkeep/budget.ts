/** At most `count` in any `windowMs`. */
export class Budget {
  readonly #count: number;
  readonly #windowMs: number;
  #spent: readonly number[] = [];

  constructor(count: number, windowMs: number) {
    this.#count = count;
    this.#windowMs = windowMs;
  }

  has(nowMs: number): boolean {
    return this.#recent(nowMs).length < this.#count;
  }

  spend(nowMs: number): void {
    this.#spent = [...this.#recent(nowMs), nowMs];
  }

  /** What lies in the future was spent before the clock was set back. */
  #recent(nowMs: number): readonly number[] {
    return this.#spent.filter((atMs) => atMs <= nowMs && atMs > nowMs - this.#windowMs);
  }
}
