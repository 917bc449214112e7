import { HttpViolation } from './http-violation.ts';

export interface BodyReaderOptions {
  readonly framing: 'none' | 'length' | 'chunked' | 'close';
  /** For `length`. */
  readonly length: number;
  readonly keepBytes: number;
  onData(bytes: Buffer): void;
}

type State = 'data' | 'size-line' | 'chunk-data' | 'chunk-end' | 'trailers' | 'complete';

const NOTHING = Buffer.alloc(0);
const MAX_LINE_BYTES = 65_536;

/** Takes the framing off a body, piece by piece; keeps the first bytes and counts all. */
export class BodyReader {
  readonly framing: BodyReaderOptions['framing'];
  readonly trailerLines: string[] = [];
  readonly #options: BodyReaderOptions;
  readonly #kept: Buffer[] = [];
  #keptBytes = 0;
  #length = 0;
  #missing: number;
  #line: Buffer = NOTHING;
  #state: State;

  constructor(options: BodyReaderOptions) {
    this.#options = options;
    this.framing = options.framing;
    this.#missing = options.framing === 'close' ? Number.POSITIVE_INFINITY : options.length;
    if (options.framing === 'chunked') this.#state = 'size-line';
    else this.#state = this.#missing === 0 ? 'complete' : 'data';
  }

  get isComplete(): boolean {
    return this.#state === 'complete';
  }

  get length(): number {
    return this.#length;
  }

  get kept(): Buffer {
    return Buffer.concat(this.#kept);
  }

  /** @returns what follows the body. */
  push(bytes: Buffer): Buffer {
    let rest = bytes;
    while (rest.byteLength > 0 && this.#state !== 'complete') rest = this.#step(rest);
    return rest;
  }

  #step(bytes: Buffer): Buffer {
    switch (this.#state) {
      case 'data':
        return this.#takeData(bytes, 'complete');
      case 'chunk-data':
        return this.#takeData(bytes, 'chunk-end');
      case 'size-line':
        return this.#takeLine(bytes, (line) => this.#readSize(line));
      case 'chunk-end':
        return this.#takeLine(bytes, (line) => {
          if (line !== '') throw new HttpViolation('a chunk is longer than it says', line);
          this.#state = 'size-line';
        });
      case 'trailers':
        return this.#takeLine(bytes, (line) => {
          if (line === '') this.#state = 'complete';
          else this.trailerLines.push(line);
        });
      case 'complete':
        return bytes;
      default:
        return this.#state satisfies never;
    }
  }

  #takeData(bytes: Buffer, next: State): Buffer {
    const piece = bytes.subarray(0, Math.min(this.#missing, bytes.byteLength));
    this.#missing -= piece.byteLength;
    this.#length += piece.byteLength;
    this.#options.onData(piece);
    const room = this.#options.keepBytes - this.#keptBytes;
    if (room > 0) {
      // A copy: a slice would keep the whole read buffer alive.
      this.#kept.push(Buffer.from(piece.subarray(0, room)));
      this.#keptBytes += Math.min(room, piece.byteLength);
    }
    if (this.#missing === 0) this.#state = next;
    return bytes.subarray(piece.byteLength);
  }

  #takeLine(bytes: Buffer, onLine: (line: string) => void): Buffer {
    const end = bytes.indexOf(0x0a);
    const piece = end < 0 ? bytes : bytes.subarray(0, end + 1);
    this.#line = Buffer.concat([this.#line, piece]);
    if (this.#line.byteLength > MAX_LINE_BYTES) throw new HttpViolation('an endless line in a body', '');
    if (end >= 0) {
      const line = this.#line.toString('latin1');
      this.#line = NOTHING;
      if (!line.endsWith('\r\n')) throw new HttpViolation('a line of a body ends without CR', line);
      onLine(line.slice(0, -2));
    }
    return bytes.subarray(piece.byteLength);
  }

  #readSize(line: string): void {
    const size = /^([0-9a-fA-F]{1,8})(?:;[\t\u0020-\u007e]*)?$/.exec(line)?.[1];
    if (size === undefined) throw new HttpViolation('a malformed chunk size', line);
    this.#missing = Number.parseInt(size, 16);
    this.#state = this.#missing === 0 ? 'trailers' : 'chunk-data';
  }
}
