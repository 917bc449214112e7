import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What has been read and passed on is garbage, and the collector leaves as much of it about as it likes: it is asked this often. */
const COLLECT_EVERY_BYTES = 16 * 1_048_576;

/** How much this process grew because of bytes that passed through it: what is kept, not what is garbage. */
export class MemoryGrowth {
  readonly #before: number;
  #peak = 0;
  #passed = 0;
  #collectedAt = 0;

  constructor() {
    collectGarbage();
    this.#before = process.memoryUsage.rss();
  }

  /** To be told of all bytes that arrive. */
  passed(bytes: number): void {
    this.#passed += bytes;
    if (this.#passed - this.#collectedAt >= COLLECT_EVERY_BYTES) {
      this.#collectedAt = this.#passed;
      collectGarbage();
    }
    this.#peak = Math.max(this.#peak, this.#growth());
  }

  /** In bytes, now and at its most. */
  peak(): number {
    collectGarbage();
    return Math.max(this.#peak, this.#growth());
  }

  #growth(): number {
    return process.memoryUsage.rss() - this.#before;
  }
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}
