import type { ResponseSink } from '../exchange/downstream.ts';
import {
  CHUNK_END,
  chunkHeader,
  clientFraming,
  type DecoderOutput,
  LAST_CHUNK,
  type RequestHead,
  type ResponseAdditions,
  type ResponseHead,
  writeInterimHead,
  writeResponseHead,
} from '../http1/index.ts';
import type { Page } from '../pages/index.ts';
import { answerText } from './answer-text.ts';
import type { ResponseOutlet } from './response-outlet.ts';

/** Up to here bytes are joined to one latin1 string: the kernel takes it in one call, without a buffer in between. */
const JOIN_BYTES = 16_000;
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';

/**
 * The responses of one connection in HTTP/1.1, each in the framing that its client understands.
 *
 *     from the backend     to the client
 *     length               length
 *     chunked              chunked, as it stands; content alone for HTTP/1.0
 *     close                chunked anew; content alone for HTTP/1.0
 */
export class Http1Response implements ResponseSink {
  readonly #outlet: ResponseOutlet;
  #isEndByClose = false;
  #isRechunked = false;
  /** Waits for what comes in the same read. */
  #text = '';
  #isCorked = false;
  #isWritable = true;

  constructor(outlet: ResponseOutlet) {
    this.#outlet = outlet;
  }

  get holdsBytes(): boolean {
    return this.#outlet.holdsBytes;
  }

  /** The end of the body shows to the client only by the connection's end. */
  get isEndByClose(): boolean {
    return this.#isEndByClose;
  }

  sendContinue(): void {
    this.#outlet.writeText(CONTINUE);
  }

  sendInterim(head: ResponseHead): void {
    this.#outlet.writeText(writeInterimHead(head));
  }

  sendHead(head: ResponseHead, additions: ResponseAdditions): DecoderOutput {
    const framing = clientFraming(head, additions.clientMinorVersion);
    this.#text = writeResponseHead(head, additions);
    this.#isWritable = true;
    this.#isEndByClose = framing === 'close';
    this.#isRechunked = head.framing === 'close' && framing === 'chunked';
    return framing === 'chunked' ? 'wire' : 'body';
  }

  sendBody(bytes: Buffer, start: number, end: number): void {
    const byteLength = end - start;
    if (!this.#isCorked && this.#text.length + byteLength <= JOIN_BYTES) {
      const content = bytes.toString('latin1', start, end);
      this.#text += this.#isRechunked ? chunkHeader(byteLength) + content + CHUNK_END : content;
      return;
    }
    if (!this.#isCorked) {
      this.#isCorked = true;
      this.#outlet.cork();
    }
    if (this.#isRechunked) this.#text += chunkHeader(byteLength);
    this.#writeText();
    this.#isWritable = this.#outlet.writeBytes(bytes.subarray(start, end));
    if (this.#isRechunked) this.#text = CHUNK_END;
  }

  flush(): boolean {
    this.#writeText();
    if (this.#isCorked) {
      this.#isCorked = false;
      this.#outlet.uncork();
    }
    return this.#isWritable;
  }

  /** Trailers end here: they are announced in no head of ours, and few clients of HTTP/1.1 read them. */
  sendEnd(): void {
    if (this.#isRechunked) this.#text += LAST_CHUNK;
    this.flush();
  }

  sendPage(page: Page, { method, minorVersion }: RequestHead, keepAlive: boolean): void {
    this.#isEndByClose = false;
    this.#outlet.writeText(answerText(page, { keepAlive, minorVersion, method }));
  }

  sendSwitch(head: ResponseHead, additions: ResponseAdditions): void {
    this.#outlet.writeText(writeResponseHead(head, additions));
  }

  #writeText(): void {
    if (this.#text === '') return;
    this.#isWritable = this.#outlet.writeText(this.#text);
    this.#text = '';
  }
}
