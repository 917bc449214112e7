/** How often each key is in use. */
export class UseCount {
  readonly #counts = new Map<string, number>();

  take(key: string): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** False: nobody uses it any more. */
  drop(key: string): boolean {
    const left = (this.#counts.get(key) ?? 0) - 1;
    if (left > 0) this.#counts.set(key, left);
    else this.#counts.delete(key);
    return left > 0;
  }
}
