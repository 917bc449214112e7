/**
 * The bytes of one direction that have arrived and are not used yet.
 *
 *     | used | waiting        | spare |
 *            ^ start          ^ end
 *
 * Bytes that were handed out are never written over: a buffer is only ever appended to, and left when it is used up. So a
 * slice may still be on its way out to the other side.
 */
export class Input {
  bytes: Buffer = EMPTY;
  start = 0;
  end = 0;

  get length(): number {
    return this.end - this.start;
  }

  /** @param chunk owned by this object from now on */
  append(chunk: Buffer): void {
    const waiting = this.end - this.start;
    if (waiting === 0) {
      this.bytes = chunk;
      this.start = 0;
      this.end = chunk.length;
      return;
    }
    if (this.end + chunk.length > this.bytes.length) this.#grow(waiting, chunk.length);
    chunk.copy(this.bytes, this.end);
    this.end += chunk.length;
  }

  /** Doubling: bytes that come one by one are copied twice each, not once per byte that follows. */
  #grow(waiting: number, more: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(1_024, 2 * (waiting + more)));
    this.bytes.copy(grown, 0, this.start, this.end);
    this.bytes = grown;
    this.start = 0;
    this.end = waiting;
  }

  /** Everything up to `position` is used. */
  consumeTo(position: number): void {
    this.start = position;
    if (this.start === this.end) this.clear();
  }

  /** What waits, and is not kept here any longer. */
  take(): Buffer {
    const taken = this.bytes.subarray(this.start, this.end);
    this.clear();
    return taken;
  }

  clear(): void {
    this.bytes = EMPTY;
    this.start = 0;
    this.end = 0;
  }
}

const EMPTY = Buffer.alloc(0);
