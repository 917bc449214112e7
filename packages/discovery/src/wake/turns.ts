/** So many at the same time; the others in the order in which they came. */
export class Turns {
  readonly #most: () => number;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;
  #isClosed = false;

  /** @param most may change at any time; asked whenever one comes or goes */
  constructor(most: () => number) {
    this.#most = most;
  }

  /** Nobody has to wait who comes now. */
  get isFree(): boolean {
    return this.#isClosed || (this.#waiting.length === 0 && this.#taken < this.#most());
  }

  /** Resolves when it is its turn, or at `close`, with what gives it back, idempotent. */
  async take(): Promise<() => void> {
    if (!this.isFree) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#taken++;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#taken--;
      this.#admit();
    };
  }

  /** From now on nobody waits. */
  close(): void {
    this.#isClosed = true;
    this.#admit();
  }

  #admit(): void {
    while (this.#waiting.length > 0 && (this.#isClosed || this.#taken < this.#most())) {
      this.#taken++;
      this.#waiting.shift()?.();
    }
  }
}
