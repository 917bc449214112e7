import { Deadline, type DeadlineOwner, type DeadlineWheel } from '../deadline-wheel.ts';

/**
 * What a connection waits for its client to do:
 * - `idle`: to send a request; `head`: to send the rest of its head; `body`: to keep up the least rate
 * - `stall`: to read what was written
 * - `half-closed`: to show, by taking bytes, that it has only finished sending and is not gone
 * - `drain`: to send one more request before the worker goes
 * - `linger`: to read the last answer
 */
export type Wait = 'idle' | 'head' | 'body' | 'stall' | 'half-closed' | 'drain' | 'linger';

/** The one deadline of a connection, and what it stands for. */
export class Patience {
  readonly #deadline: Deadline;
  #wait: Wait = 'idle';

  constructor(wheel: DeadlineWheel, owner: DeadlineOwner) {
    this.#deadline = new Deadline(wheel, owner);
  }

  /** Meaningful in `onDeadline`, and while `isWaiting`. */
  get wait(): Wait {
    return this.#wait;
  }

  get isWaiting(): boolean {
    return this.#deadline.atMs !== Number.POSITIVE_INFINITY;
  }

  /** Replaces what was expected before. */
  expect(wait: Wait, ms: number): void {
    this.#wait = wait;
    this.#deadline.set(ms);
  }

  isFor(wait: Wait): boolean {
    return this.#wait === wait && this.isWaiting;
  }

  /** Expects nothing, or, with `wait`, not that any longer. */
  clear(wait = this.#wait): void {
    if (this.#wait === wait) this.#deadline.clear();
  }

  dispose(): void {
    this.#deadline.dispose();
  }
}
