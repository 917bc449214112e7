import type { DecoderOutput } from '../http1/index.ts';

/**
 * The body of a request as it went to a backend, as long as it is not longer than may be kept: then it can be sent once more.
 *
 *     filling --complete--> complete
 *        \--too long--> dropped
 */
export class KeptBody {
  readonly #maxBytes: number;
  /** In which it was sent. */
  form: DecoderOutput = 'body';
  #state: 'filling' | 'complete' | 'dropped' = 'filling';
  #chunks: Buffer[] = [];
  #bytes = 0;
  #trailers = '';
  #onComplete: (() => void) | undefined;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** All that was sent so far is here. */
  get isWhole(): boolean {
    return this.#state !== 'dropped';
  }

  /** And nothing follows. */
  get isComplete(): boolean {
    return this.#state === 'complete';
  }

  get chunks(): readonly Buffer[] {
    return this.#chunks;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get trailers(): string {
    return this.#trailers;
  }

  /** Called when it is complete, or at once when it is; never for one that is too long. */
  onComplete(listener: () => void): void {
    if (this.#state === 'complete') listener();
    else this.#onComplete = listener;
  }

  add(bytes: Buffer): void {
    if (this.#state !== 'filling') return;
    this.#bytes += bytes.length;
    if (this.#bytes <= this.#maxBytes) {
      // A copy: the memory is the connection's, which reads on into it.
      this.#chunks.push(Buffer.from(bytes));
      return;
    }
    this.#state = 'dropped';
    this.#chunks = [];
    this.#onComplete = undefined;
  }

  complete(trailers: string): void {
    if (this.#state !== 'filling') return;
    this.#state = 'complete';
    this.#trailers = trailers;
    this.#onComplete?.();
    this.#onComplete = undefined;
  }
}
