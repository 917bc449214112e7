/** One after the other, for hooks and APIs that do not bear two changes at once. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    // A turn that failed is for its own caller; the next one begins all the same.
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
