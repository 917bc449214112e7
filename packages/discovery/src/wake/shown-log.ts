import type { Log } from '@dproxy/core';
import type { SeenContainer, WakeEngine } from './wake-engine.ts';

export interface ShownLogOptions {
  /** Between two looks at the log of one container, and how long the last look may take. */
  readonly everyMs: number;
  readonly nowMs: () => number;
  readonly log: Log;
}

const MAX_LINES = 5;

/** What those who wait are shown of the log of the container that keeps them waiting. */
export class ShownLog {
  readonly #options: ShownLogOptions;
  readonly #reads = new Set<Promise<void>>();
  #lines: readonly string[] = [];
  #linesOf = '';
  #readMs = Number.NEGATIVE_INFINITY;

  constructor(options: ShownLogOptions) {
    this.#options = options;
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  /** From time to time; nobody waits for the engine's answer. One that has not been started has nothing to say yet. */
  look(engine: WakeEngine, container: SeenContainer | undefined): void {
    const { nowMs, everyMs } = this.#options;
    if (container === undefined || container.state === 'created' || container.state === 'exited') return;
    const isOther = container.id !== this.#linesOf;
    if (!isOther && nowMs() - this.#readMs < everyMs) return;
    this.#readMs = nowMs();
    void this.#read(engine, container);
  }

  /** What a program wrote before it ended: often why. Resolves when that is known, or has taken too long. */
  async lookOnceMore(engine: WakeEngine, container: SeenContainer): Promise<void> {
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, this.#options.everyMs);
    await Promise.race([this.#read(engine, container), late.promise]);
    clearTimeout(timer);
  }

  /** No call to the engine is under way any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#reads);
  }

  #read(engine: WakeEngine, container: SeenContainer): Promise<void> {
    this.#linesOf = container.id;
    const reading = engine
      .lastLines(container, MAX_LINES)
      .then((lines) => void (this.#lines = lines))
      .catch((error: unknown) => this.#options.log.debug({ err: error }, 'the log of a container cannot be read'))
      .finally(() => this.#reads.delete(reading));
    this.#reads.add(reading);
    return reading;
  }
}
