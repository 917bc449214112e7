import type { Limits } from '@dproxy/core';
import { CR, LF } from './bytes.ts';
import { FieldLine } from './field-line.ts';

const line = new FieldLine();
const EMPTY = Buffer.alloc(0);

/**
 * Reads trailers by the rules of headers, to find their end, and drops them: a trailer that a backend merges into the
 * headers could set framing, authorisation or who the client is (RFC 9110 section 6.5.1).
 */
export class TrailerSection {
  fault = '';
  isDone = false;
  readonly #maxBytes: number;
  /** What came, while the section is not complete; nearly always it is complete at once and this stays empty. */
  #held: Buffer = EMPTY;
  #parsed = 0;

  constructor(limits: Limits) {
    this.#maxBytes = limits.trailerBytes;
  }

  /** @returns the offset behind the section when `isDone`, else `end` */
  read(bytes: Buffer, start: number, end: number): number {
    if (this.#held.length === 0 && end - start >= 2 && bytes[start] === CR && bytes[start + 1] === LF) {
      this.isDone = true;
      return start + 2;
    }
    const heldBefore = this.#held.length;
    const takenEnd = Math.min(end, start + this.#maxBytes + 1 - heldBefore);
    this.#held = Buffer.concat([this.#held, bytes.subarray(start, takenEnd)]);
    // A line is looked at only when it is whole, so that one that comes byte by byte is read once.
    if (bytes.subarray(start, takenEnd).includes(LF)) this.#readLines();
    if (this.isDone) return start + this.#parsed - heldBefore;
    if (this.#held.length > this.#maxBytes) this.fault = `trailers of more than ${this.#maxBytes} bytes`;
    return end;
  }

  #readLines(): void {
    for (;;) {
      const kind = line.read(this.#held, this.#parsed, this.#held.length);
      if (kind === 'incomplete') return;
      if (kind === 'malformed') {
        this.fault = line.fault.replace(/^found /, '');
        return;
      }
      this.#parsed = line.nextLine;
      if (kind === 'end') {
        this.isDone = true;
        return;
      }
    }
  }
}
