import { Deadline, type DeadlineWheel } from '../deadline-wheel.ts';

/** The time before another try; whoever waits may go away meanwhile. */
export class RetryPause {
  readonly #deadline: Deadline;

  private constructor(wheel: DeadlineWheel, delayMs: number, onOver: () => void) {
    this.#deadline = new Deadline(wheel, { onDeadline: onOver });
    this.#deadline.set(delayMs);
  }

  /** @param delayMs 0: it is over at once, and is none */
  static before(wheel: DeadlineWheel, delayMs: number, onOver: () => void): RetryPause | undefined {
    if (delayMs > 0) return new RetryPause(wheel, delayMs, onOver);
    onOver();
    return undefined;
  }

  end(): void {
    this.#deadline.dispose();
  }
}
