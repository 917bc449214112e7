import { ClientHelloError } from './client-hello-error.ts';

/** Reads the numbers and vectors of TLS's presentation language (RFC 8446 section 3) and never beyond their end. */
export class VectorReader {
  readonly #bytes: Buffer;
  readonly #what: string;
  #at = 0;

  /** @param what for messages */
  constructor(bytes: Buffer, what: string) {
    this.#bytes = bytes;
    this.#what = what;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** @throws ClientHelloError `decode_error` */
  bytes(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw this.fail('is cut short');
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }

  uint8(): number {
    return this.bytes(1).readUInt8(0);
  }

  uint16(): number {
    return this.bytes(2).readUInt16BE(0);
  }

  /** A vector whose length is told in one byte. */
  vector8(what: string): VectorReader {
    return new VectorReader(this.bytes(this.uint8()), what);
  }

  /** A vector whose length is told in two bytes. */
  vector16(what: string): VectorReader {
    return new VectorReader(this.bytes(this.uint16()), what);
  }

  rest(): Buffer {
    return this.bytes(this.#bytes.length - this.#at);
  }

  end(): void {
    if (!this.isAtEnd) throw this.fail('has more than belongs there');
  }

  fail(problem: string): ClientHelloError {
    return new ClientHelloError('decode_error', `${this.#what} ${problem}`);
  }
}
