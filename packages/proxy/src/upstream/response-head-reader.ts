import { HeadProgress, parseResponseHead, type ResponseContext, type ResponseHead } from '../http1/index.ts';
import { Input } from '../http1/input.ts';

/**
 * The heads at the beginning of what a backend sends: interim ones, then the final one. Usually the head is in one read, and
 * is parsed where it lies; only one that came in pieces is copied.
 */
export class ResponseHeadReader {
  readonly #context: ResponseContext;
  readonly #progress = new HeadProgress();
  #partial: Input | undefined;
  /** What `next` has not used is here, from `at` to `end`. */
  bytes: Buffer = EMPTY;
  at = 0;
  end = 0;

  constructor(context: ResponseContext) {
    this.#context = context;
  }

  /** @param bytes valid until `next` has returned undefined */
  feed(bytes: Buffer, start: number, end: number): void {
    if (this.#partial === undefined) {
      this.bytes = bytes;
      this.at = start;
      this.end = end;
      return;
    }
    this.#partial.append(Buffer.from(bytes.subarray(start, end)));
    this.bytes = this.#partial.bytes;
    this.at = this.#partial.start;
    this.end = this.#partial.end;
  }

  /**
   * @returns undefined when more is needed
   * @throws ProxyError `upstream-malformed`, `upstream-head-too-large`
   */
  next(): ResponseHead | undefined {
    if (this.at < this.end) {
      const head = parseResponseHead(this.bytes, this.at, this.end, this.#context, this.#progress);
      if (head !== undefined) {
        this.at += head.byteLength;
        return head;
      }
    }
    this.#keep();
    return undefined;
  }

  #keep(): void {
    const partial = this.#partial;
    if (partial !== undefined && partial.bytes === this.bytes) {
      partial.consumeTo(this.at);
      if (partial.length === 0) this.#partial = undefined;
    } else if (this.at < this.end) {
      this.#partial = new Input();
      this.#partial.append(Buffer.from(this.bytes.subarray(this.at, this.end)));
    }
    this.bytes = EMPTY;
  }
}

const EMPTY = Buffer.alloc(0);
