/** At most `count` in any `windowMs`, for each of `maxKeys` keys; of more keys the one that was used longest ago is forgotten. */
export class Budget {
  readonly #count: number;
  readonly #windowMs: number;
  readonly #maxKeys: number;
  readonly #spent = new Map<string, number[]>();

  constructor(limit: { readonly count: number; readonly windowMs: number; readonly maxKeys?: number }) {
    this.#count = limit.count;
    this.#windowMs = limit.windowMs;
    this.#maxKeys = limit.maxKeys ?? 1;
  }

  has(key: string, nowMs: number): boolean {
    return this.#recent(key, nowMs).length < this.#count;
  }

  spend(key: string, nowMs: number): void {
    const recent = [...this.#recent(key, nowMs), nowMs];
    this.#spent.delete(key);
    this.#spent.set(key, recent);
    const [oldest] = this.#spent.keys();
    if (this.#spent.size > this.#maxKeys && oldest !== undefined) this.#spent.delete(oldest);
  }

  /** What lies in the future was spent before the clock was set back. */
  #recent(key: string, nowMs: number): number[] {
    return (this.#spent.get(key) ?? []).filter((atMs) => atMs <= nowMs && atMs > nowMs - this.#windowMs);
  }
}
