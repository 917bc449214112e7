import { CR, LF, VALUE_CLASS } from './bytes.ts';

/**
 * What is remembered between two reads of one unfinished head, so that a head that arrives byte by byte costs one pass
 * over its bytes and not one per byte. One per connection; the parser resets it when a head is complete.
 *
 * Offsets count from the beginning of the head, so the caller may move its bytes to another buffer between two calls.
 */
export class HeadProgress {
  /** Bytes that were seen. */
  scanned = 0;
  /** Bytes of the first line, with its CRLF; 0 until that is there. */
  firstLine = 0;
  #previous = 0;
  #lineBytes = 0;

  reset(): void {
    this.scanned = 0;
    this.firstLine = 0;
    this.#previous = 0;
    this.#lineBytes = 0;
  }

  /**
   * Looks at the bytes that are new since the last call.
   * `complete`: an empty line is there, the head can be parsed. `malformed`: a byte that no head can have.
   */
  advance(bytes: Buffer, start: number, end: number): 'complete' | 'incomplete' | 'malformed' {
    for (let at = start + this.scanned; at < end; at++) {
      const byte = bytes[at] as number;
      const wasCr = this.#previous === CR;
      if (wasCr !== (byte === LF) || (byte !== CR && byte !== LF && VALUE_CLASS[byte] !== 1)) return 'malformed';
      this.#previous = byte;
      this.#lineBytes++;
      if (byte !== LF) continue;
      const isEmpty = this.#lineBytes === 2;
      this.#lineBytes = 0;
      if (isEmpty && this.firstLine !== 0) return 'complete';
      if (this.firstLine !== 0) continue;
      // RFC 9112 section 2.2: one empty line before the request line is tolerated, not more.
      if (!isEmpty) this.firstLine = at + 1 - start;
      else if (at - start > 1) return 'malformed';
    }
    this.scanned = end - start;
    return 'incomplete';
  }
}
