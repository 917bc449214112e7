import { type ClientHello, parseClientHello } from './client-hello.ts';
import { ClientHelloError } from './client-hello-error.ts';

const HANDSHAKE = 0x16;
const CLIENT_HELLO = 1;
const RECORD_HEADER_BYTES = 5;
const MESSAGE_HEADER_BYTES = 4;
/** Post-quantum key shares make hellos of 1.5 to 3 KiB; with many session tickets they grow to a few more. */
export const MAX_HELLO_BYTES = 16_384;
/** RFC 8446 section 5.1 allows records of one byte: 16,384 of them for one hello. */
const MAX_RECORDS = 64;
const FIRST_BYTES = 2_048;

/**
 * Puts a ClientHello together from segments and records, which may both break it anywhere:
 *
 *     segments  |.......|...|................|
 *     records   [hdr|........][hdr|......][hdr|...
 *     message        {hdr|..............}
 *
 * Each byte is looked at once, and at most `MAX_HELLO_BYTES` are kept.
 */
export class ClientHelloReader {
  #message = Buffer.alloc(0);
  #length = 0;
  readonly #header = Buffer.alloc(RECORD_HEADER_BYTES);
  #headerLength = 0;
  /** Bytes of the current record that have not come yet. */
  #left = 0;
  #records = 0;

  /**
   * @returns undefined when more bytes are needed. What follows the hello in `chunk` is not looked at.
   * @throws ClientHelloError
   */
  push(chunk: Buffer): ClientHello | undefined {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left === 0) {
        at += this.#readHeader(chunk.subarray(at));
        continue;
      }
      const piece = chunk.subarray(at, at + Math.min(this.#left, this.#missing));
      this.#append(piece);
      at += piece.length;
      this.#left -= piece.length;
      if (this.#length === MESSAGE_HEADER_BYTES) this.#checkMessageHeader();
      if (this.#length >= MESSAGE_HEADER_BYTES && this.#missing === 0) return this.#finish();
    }
    return undefined;
  }

  #readHeader(bytes: Buffer): number {
    const taken = bytes.copy(this.#header, this.#headerLength);
    this.#headerLength += taken;
    // The first byte tells a handshake from everything else; it need not wait for the others.
    if (this.#header[0] !== HANDSHAKE) throw new ClientHelloError('unexpected_message', 'this is no TLS handshake');
    if (this.#headerLength < RECORD_HEADER_BYTES) return taken;
    this.#headerLength = 0;
    if (this.#header[1] !== 3) throw new ClientHelloError('decode_error', 'this is no version of TLS');
    this.#left = this.#header.readUInt16BE(3);
    // RFC 8446 section 5.1: no empty fragments of handshake messages, and none over 2^14.
    if (this.#left === 0) throw new ClientHelloError('decode_error', 'a record is empty');
    if (this.#left > MAX_HELLO_BYTES) throw new ClientHelloError('record_overflow', 'a record is too long');
    this.#records++;
    if (this.#records > MAX_RECORDS) throw new ClientHelloError('record_overflow', 'the hello has too many records');
    return taken;
  }

  /** Bytes until the next point at which something is known: the end of the header, then the end of the message. */
  get #missing(): number {
    if (this.#length < MESSAGE_HEADER_BYTES) return MESSAGE_HEADER_BYTES - this.#length;
    return MESSAGE_HEADER_BYTES + this.#message.readUIntBE(1, 3) - this.#length;
  }

  #checkMessageHeader(): void {
    if (this.#message[0] !== CLIENT_HELLO) {
      throw new ClientHelloError('unexpected_message', 'the first message is no ClientHello');
    }
    if (this.#missing > MAX_HELLO_BYTES) throw new ClientHelloError('record_overflow', 'the ClientHello is too long');
  }

  #append(piece: Buffer): void {
    const needed = this.#length + piece.length;
    if (needed > this.#message.length) {
      const larger = Buffer.alloc(Math.max(FIRST_BYTES, 2 * this.#message.length, needed));
      this.#message.copy(larger, 0, 0, this.#length);
      this.#message = larger;
    }
    piece.copy(this.#message, this.#length);
    this.#length = needed;
  }

  #finish(): ClientHello {
    // Nothing may follow in the same record: the client cannot know yet what to say (RFC 8446 section 5.1).
    if (this.#left > 0) throw new ClientHelloError('unexpected_message', 'something follows the ClientHello');
    return parseClientHello(this.#message.subarray(MESSAGE_HEADER_BYTES, this.#length));
  }
}
