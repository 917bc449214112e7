import type { Limits } from '@dproxy/core';
import {
  type BodyDecoder,
  type BodySink,
  CHUNK_END,
  chunkHeader,
  clientFraming,
  createBodyDecoder,
  LAST_CHUNK,
  type ResponseHead,
} from '../http1/index.ts';
import type { ResponseSink } from './downstream.ts';

/** Up to here bytes are joined to one latin1 string: the kernel takes it in one call, without a buffer in between. */
const JOIN_BYTES = 16_000;

/**
 * One response on its way to the client: its head, then the body in the framing that the client understands.
 *
 *     from the backend     to the client
 *     length               length
 *     chunked              chunked, as it stands; content alone for HTTP/1.0
 *     close                chunked anew; content alone for HTTP/1.0
 */
export class ResponseRelay implements BodySink {
  readonly head: ResponseHead;
  /** Bytes of the body that were given to the client. */
  bodyBytes = 0;
  /** The end of the body shows to the client only by the connection's end. */
  readonly isEndByClose: boolean;
  readonly #out: ResponseSink;
  readonly #decoder: BodyDecoder;
  readonly #isRechunked: boolean;
  /** Waits for what comes in the same read. */
  #text: string;
  #isJoining = true;
  #isWritable = true;

  constructor(head: ResponseHead, headText: string, options: RelayOptions) {
    const framing = clientFraming(head, options.clientMinorVersion);
    this.head = head;
    this.#out = options.out;
    this.#text = headText;
    this.isEndByClose = framing === 'close';
    this.#isRechunked = head.framing === 'close' && framing === 'chunked';
    this.#decoder = createBodyDecoder({
      framing: head.framing,
      contentLength: head.contentLength,
      output: framing === 'chunked' ? 'wire' : 'body',
      from: 'upstream',
      limits: options.limits,
    });
  }

  get isDone(): boolean {
    return this.#decoder.isDone;
  }

  /** False: the backend should be paused until the client has read. */
  get isWritable(): boolean {
    return this.#isWritable;
  }

  /**
   * Passes on what was read.
   *
   * @returns where the response ends in `bytes`, else `end`
   * @throws ProxyError `upstream-malformed`
   */
  push(bytes: Buffer, start: number, end: number): number {
    this.#isJoining = this.#text.length + (end - start) <= JOIN_BYTES;
    if (this.#isJoining) return this.#pushJoined(bytes, start, end);
    this.#out.cork();
    try {
      this.#flush();
      return this.#decoder.push(bytes, start, end, this);
    } finally {
      this.#out.uncork();
    }
  }

  /** The backend has closed. @returns whether the body is complete by that */
  finish(): boolean {
    const isComplete = this.#decoder.finish();
    if (isComplete && this.#isRechunked) this.#isWritable = this.#out.writeText(LAST_CHUNK);
    return isComplete;
  }

  onBody(bytes: Buffer, start: number, end: number): void {
    this.bodyBytes += end - start;
    if (this.#isJoining) {
      const content = bytes.toString('latin1', start, end);
      this.#text += this.#isRechunked ? chunkHeader(end - start) + content + CHUNK_END : content;
      return;
    }
    if (this.#isRechunked) this.#out.writeText(chunkHeader(end - start));
    this.#isWritable = this.#out.writeBytes(bytes.subarray(start, end));
    if (this.#isRechunked) this.#isWritable = this.#out.writeText(CHUNK_END);
  }

  #pushJoined(bytes: Buffer, start: number, end: number): number {
    try {
      return this.#decoder.push(bytes, start, end, this);
    } finally {
      this.#flush();
    }
  }

  #flush(): void {
    if (this.#text === '') return;
    this.#isWritable = this.#out.writeText(this.#text);
    this.#text = '';
  }
}

interface RelayOptions {
  readonly out: ResponseSink;
  readonly clientMinorVersion: 0 | 1;
  readonly limits: Limits;
}
