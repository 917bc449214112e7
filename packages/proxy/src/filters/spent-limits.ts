import type { SpentTokens } from '@dproxy/core';

/** How long the workers of a host may not know of each other's requests. */
const TELL_MS = 100;
/** Of one message (`WORKER_FRAME_BYTES` with room to spare); what is more stays with the worker that saw it. */
const MAX_BYTES = 400_000;
const KEY_BYTES = 80;
const MAX_LIMITS = 1_000;

/** What counts, and is asked later what it was. */
export interface Spending {
  /** Since it was last asked; undefined: nothing. */
  takeSpent(): SpentTokens | undefined;
}

/** What this worker has let through its rate limits, told to the others now and then: only of those that see traffic. */
export class SpentLimits {
  readonly #tell: (spent: readonly SpentTokens[]) => void;
  readonly #noted = new Set<Spending>();
  #timer: NodeJS.Timeout | undefined;

  constructor(tell: (spent: readonly SpentTokens[]) => void) {
    this.#tell = tell;
  }

  note(limit: Spending): void {
    this.#noted.add(limit);
    this.#timer ??= setTimeout(() => this.#flush(), TELL_MS).unref();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#noted.clear();
  }

  #flush(): void {
    this.#timer = undefined;
    const spent: SpentTokens[] = [];
    let bytes = 0;
    for (const limit of this.#noted) {
      const one = limit.takeSpent();
      if (one === undefined) continue;
      const more = KEY_BYTES * (one.keys.length + 1) + 3 * one.routeId.length;
      if (bytes + more > MAX_BYTES || spent.length === MAX_LIMITS) continue;
      bytes += more;
      spent.push(one);
    }
    this.#noted.clear();
    if (spent.length > 0) this.#tell(spent);
  }
}
