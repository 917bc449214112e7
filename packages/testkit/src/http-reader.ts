import { createHash } from 'node:crypto';
import { BodyReader } from './body-reader.ts';
import { HttpViolation } from './http-violation.ts';

/** Header lines in the order and the case in which they came. */
export type HeaderLines = readonly (readonly [name: string, value: string])[];

export interface Body {
  /** Bytes without framing. */
  readonly length: number;
  /** Hex, over all of it. */
  readonly sha256: string;
  /** The first bytes, at most `keepBytes`. */
  readonly bytes: Buffer;
  readonly text: string;
  readonly trailers: HeaderLines;
  /** How its end was found. */
  readonly framing: 'none' | 'length' | 'chunked' | 'close';
}

export interface MessageHead {
  /** The whole head as it came, with its last empty line. */
  readonly raw: string;
  readonly startLine: string;
  readonly headers: HeaderLines;
  /** The one value of a name in any case; undefined when absent. @throws HttpViolation when it came more than once. */
  header(name: string): string | undefined;
}

export interface ReaderOptions {
  readonly kind: 'request' | 'response';
  /** For responses: the method that is answered (HEAD has no body). */
  readonly method?: string;
  /** Default 1 MiB. */
  readonly keepBytes?: number;
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// oxlint-disable-next-line no-control-regex -- a strict reader has to name the bytes that it refuses
const VALUE = /^[^\u0000-\u0008\u000a-\u001f\u007f]*$/;

/**
 * Reads one message, strictly and independently of the proxy's own parser, so that a mistake in that one is not made here
 * too. Anything that RFC 9112 forbids a sender to write is an `HttpViolation`.
 */
export class HttpReader {
  readonly #options: Required<ReaderOptions>;
  readonly #hash = createHash('sha256');
  #pending = Buffer.alloc(0);
  #head: MessageHead | undefined;
  #bodyReader: BodyReader | undefined;
  #body: Body | undefined;

  constructor(options: ReaderOptions) {
    this.#options = { method: 'GET', keepBytes: 1_048_576, ...options };
  }

  get head(): MessageHead | undefined {
    return this.#head;
  }

  /** Present when the message is complete. */
  get body(): Body | undefined {
    return this.#body;
  }

  /** Bytes of the body that came so far. */
  get bodyLength(): number {
    return this.#bodyReader?.length ?? 0;
  }

  /** @returns what follows the message; empty while it is incomplete. */
  push(bytes: Buffer): Buffer {
    if (this.#body !== undefined) return bytes;
    let rest = bytes;
    if (this.#bodyReader === undefined) {
      this.#pending = Buffer.concat([this.#pending, bytes]);
      const end = this.#pending.indexOf('\r\n\r\n');
      if (end < 0) return Buffer.alloc(0);
      this.#head = parseHead(this.#pending.toString('latin1', 0, end + 4));
      rest = this.#pending.subarray(end + 4);
      this.#bodyReader = newBodyReader(this.#head, this.#options, (data) => this.#hash.update(data));
    }
    const left = this.#bodyReader.push(rest);
    if (this.#bodyReader.isComplete) this.#finish(this.#bodyReader);
    return left;
  }

  /** The sender closed. @throws HttpViolation when the message is not complete by that. */
  end(): void {
    if (this.#body !== undefined) return;
    if (this.#bodyReader?.framing !== 'close') {
      const got =
        this.#bodyReader === undefined ? this.#pending.toString('latin1') : `${this.bodyLength} bytes of body`;
      throw new HttpViolation(`the connection was closed in the middle of a ${this.#options.kind}`, got);
    }
    this.#finish(this.#bodyReader);
  }

  #finish(reader: BodyReader): void {
    const bytes = reader.kept;
    this.#body = {
      length: reader.length,
      sha256: this.#hash.digest('hex'),
      bytes,
      text: bytes.toString(),
      trailers: reader.trailerLines.map(parseField),
      framing: reader.framing,
    };
  }
}

/** @param raw with its last empty line. */
function parseHead(raw: string): MessageHead {
  const [startLine = '', ...lines] = raw.slice(0, -4).split('\r\n');
  if (/[\r\n\0]/.test(startLine)) throw new HttpViolation('a bare CR, LF or NUL in the start line', startLine);
  const headers = lines.map(parseField);
  const header = (name: string) => {
    const values = headers.filter((line) => line[0].toLowerCase() === name.toLowerCase());
    if (values.length > 1) throw new HttpViolation(`${name} came ${values.length} times`, raw);
    return values[0]?.[1];
  };
  return { raw, startLine, headers, header };
}

function parseField(line: string): readonly [string, string] {
  const colon = line.indexOf(':');
  const name = line.slice(0, Math.max(colon, 0));
  const value = line.slice(colon + 1);
  if (!TOKEN.test(name)) throw new HttpViolation('a malformed header name', line);
  if (!VALUE.test(value)) throw new HttpViolation('a forbidden byte in a header value', line);
  return [name, value.replace(/^[ \t]+/, '').replace(/[ \t]+$/, '')];
}

/** RFC 9112 section 6.3, for a reader that believes nobody. */
function newBodyReader(
  head: MessageHead,
  options: Required<ReaderOptions>,
  onData: (bytes: Buffer) => void,
): BodyReader {
  const common = { keepBytes: options.keepBytes, onData };
  const length = head.header('content-length');
  const encoding = head.header('transfer-encoding');
  if (length !== undefined && encoding !== undefined) throw new HttpViolation('two framings', head.raw);
  if (length !== undefined && !/^\d{1,15}$/.test(length)) throw new HttpViolation('a malformed length', head.raw);
  if (encoding !== undefined && encoding !== 'chunked') throw new HttpViolation('an odd transfer coding', head.raw);
  if (hasNoBody(head, options)) return new BodyReader({ ...common, framing: 'none', length: 0 });
  if (encoding !== undefined) return new BodyReader({ ...common, framing: 'chunked', length: 0 });
  if (length !== undefined) return new BodyReader({ ...common, framing: 'length', length: Number(length) });
  const framing = options.kind === 'request' ? 'none' : 'close';
  return new BodyReader({ ...common, framing, length: 0 });
}

function hasNoBody(head: MessageHead, options: Required<ReaderOptions>): boolean {
  if (options.kind === 'request') return false;
  const status = statusOf(head);
  return options.method === 'HEAD' || status < 200 || status === 204 || status === 304;
}

export function statusOf(head: MessageHead): number {
  const match = /^HTTP\/1\.[01] (\d{3}) [\t\u0020-\u007e\u0080-\u00ff]*$/.exec(head.startLine);
  if (match === null) throw new HttpViolation('a malformed status line', head.startLine);
  return Number(match[1]);
}
