/**
 * A frame is a length and JSON:
 *
 *     +----------------+---------------------+
 *     | length, 4 B BE | UTF-8 JSON          |
 *     +----------------+---------------------+
 *
 * JSON and not v8.serialize: strings dominate a route table, and JSON is then the faster one (1 MB to four workers: 32 ms
 * against 39). A length and not a newline: a reader knows at the first bytes whether a frame is too large.
 */
const PREFIX_BYTES = 4;

/** What a worker may send. Workers face the internet: the primary never buffers more than this for one of them. */
export const WORKER_FRAME_BYTES = 1024 * 1024;

/** What the primary may send: 10 MB hold 27,000 routes, so this is a table of several hundred thousand. */
export const PRIMARY_FRAME_BYTES = 256 * 1024 * 1024;

/** A frame that is longer than its reader accepts, or that is no JSON. The connection is closed. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/** Serialises once; the same bytes may then be written to any number of sockets. */
export function encodeFrame(message: object): Buffer {
  const json = JSON.stringify(message);
  const length = Buffer.byteLength(json);
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + length);
  frame.writeUInt32BE(length, 0);
  frame.write(json, PREFIX_BYTES, 'utf8');
  return frame;
}

/** Turns a stream of bytes into messages. Chunks are kept as they came and joined once per frame. */
export class FrameReader {
  readonly #maxBytes: number;
  #chunks: Buffer[] = [];
  #waiting = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** @throws FrameError; the reader is then not usable any more. */
  *push(chunk: Buffer): Generator<unknown, void> {
    this.#chunks.push(chunk);
    this.#waiting += chunk.length;
    for (;;) {
      const length = this.#frameLength();
      if (length === undefined || this.#waiting < PREFIX_BYTES + length) return;
      const bytes = this.#join();
      const end = PREFIX_BYTES + length;
      this.#chunks = end < bytes.length ? [bytes.subarray(end)] : [];
      this.#waiting = bytes.length - end;
      yield parse(bytes.toString('utf8', PREFIX_BYTES, end));
    }
  }

  #frameLength(): number | undefined {
    if (this.#waiting < PREFIX_BYTES) return undefined;
    const first = this.#chunks[0];
    const head = first !== undefined && first.length >= PREFIX_BYTES ? first : this.#join();
    const length = head.readUInt32BE(0);
    if (length > this.#maxBytes) {
      throw new FrameError(`a frame of ${length} bytes, expected at most ${this.#maxBytes}`);
    }
    return length;
  }

  #join(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks, this.#waiting)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch (error) {
    throw new FrameError('a frame that is no JSON', { cause: error });
  }
}
