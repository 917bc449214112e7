import { Deadline, type DeadlineWheel } from '../deadline-wheel.ts';

/** The time before another try; whoever waits may go away meanwhile. */
export class RetryPause {
  readonly #deadline: Deadline;

  constructor(wheel: DeadlineWheel, delayMs: number, onOver: () => void) {
    this.#deadline = new Deadline(wheel, { onDeadline: onOver });
    this.#deadline.set(delayMs);
  }

  end(): void {
    this.#deadline.dispose();
  }
}
