/** Questions to the other side that wait for their answer, told apart by a number. */
export class Answers<T> {
  readonly #waiting = new Map<number, (answer: T | undefined) => void>();
  #next = 1;

  /** Undefined when no answer comes in `timeoutMs`, or the other side goes away. */
  ask(send: (request: number) => void, timeoutMs: number): Promise<T | undefined> {
    const request = this.#next++;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.settle(request, undefined), timeoutMs);
      this.#waiting.set(request, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      send(request);
    });
  }

  isWaiting(request: number): boolean {
    return this.#waiting.has(request);
  }

  /** An answer that nobody waits for is passed over. */
  settle(request: number, answer: T | undefined): void {
    const resolve = this.#waiting.get(request);
    this.#waiting.delete(request);
    resolve?.(answer);
  }

  dispose(): void {
    for (const request of this.#waiting.keys()) this.settle(request, undefined);
  }
}
