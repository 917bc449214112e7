/** As much as the kernel gives at once; only pages that were written to count as memory. */
const READ_BYTES = 65_536;

/**
 * The memory that a connection reads into, again and again: without it every read costs an allocation of 64 KiB. A write
 * to the client that has not gone out yet may still hold it; then the next read gets another one.
 */
export class ReadBuffer {
  bytes = Buffer.allocUnsafeSlow(READ_BYTES);
  #isLent = false;

  lend(): void {
    this.#isLent = true;
  }

  /** For the next read. */
  renew(): Buffer {
    if (this.#isLent) {
      this.#isLent = false;
      this.bytes = Buffer.allocUnsafeSlow(READ_BYTES);
    }
    return this.bytes;
  }
}
