import { createHash } from 'node:crypto';
import { constants, type ServerHttp2Stream, type ServerStreamResponseOptions } from 'node:http2';
import { ProxyError } from '@dproxy/core';
import { guard } from '../downstream/socket-events.ts';
import type { ResponseSink } from '../exchange/downstream.ts';
import { fieldObject, fieldPairs } from '../http1/field-pairs.ts';
import {
  type DecoderOutput,
  type RequestHead,
  type ResponseAdditions,
  type ResponseHead,
  responseBlock,
  toldLength,
} from '../http1/index.ts';
import type { Page } from '../pages/index.ts';

/** Up to here a body is copied: cheaper than to keep the backend's whole read buffer until it is out. */
const COPY_BYTES = 16_384;
/** RFC 9110 section 15.3.6: it has no content. Some backends send some. */
const RESET_CONTENT = 205;
/** RFC 6455 section 1.3. */
const WEB_SOCKET_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Hears when the client has to read before there can be more. */
export interface StreamReader {
  onMustWait(): void;
  bytesSent(byteLength: number): void;
}

/** The response of one stream of HTTP/2. */
export class StreamResponse implements ResponseSink {
  readonly #stream: ServerHttp2Stream;
  readonly #reader: StreamReader;
  /** Of the extended CONNECT that this stream is; else empty. */
  readonly #webSocketKey: string;
  /** Waits for what comes in the same read. */
  #pairs: string[] | undefined;
  #pieces: Buffer[] = [];
  #mayHaveTrailers = false;
  /** node:http2 ends the stream with the head: a body, or its length, would be an error of the protocol for the client. */
  #isBodyless = false;
  /** The head was sent so that trailers follow; they are not out. */
  #awaitsTrailers = false;
  #onTrailersSent: (() => void) | undefined;
  #trailers = '';
  /** Writes of memory that is not ours. */
  #held = 0;

  constructor(stream: ServerHttp2Stream, reader: StreamReader, webSocketKey: string) {
    this.#stream = stream;
    this.#reader = reader;
    this.#webSocketKey = webSocketKey;
    // Comes out of nghttp2: what it throws would end the worker (threats: row 54).
    const boundary = { onThrown: () => stream.close(constants.NGHTTP2_INTERNAL_ERROR) };
    stream.on('wantTrailers', () => guard(boundary, () => this.#sendTrailers()));
  }

  get holdsBytes(): boolean {
    return this.#held > 0;
  }

  /** The stream takes frames. */
  get #isOpen(): boolean {
    return !this.#stream.destroyed && !this.#stream.closed;
  }

  sendContinue(): void {
    if (this.#isOpen) this.#stream.additionalHeaders({ ':status': 100 });
  }

  sendInterim(head: ResponseHead): void {
    if (this.#isOpen) this.#stream.additionalHeaders({ ...fieldObject(head.passed), ':status': head.status });
  }

  sendHead(head: ResponseHead, additions: ResponseAdditions): DecoderOutput {
    // RFC 8441 section 5: 2xx means that the tunnel is there, whoever sent it; only a 101 makes one.
    if (this.#webSocketKey !== '' && head.status < 300) {
      throw new ProxyError('upstream-malformed', `a ${head.status} to a WebSocket handshake`);
    }
    this.#pairs = fieldPairs(responseBlock(head, additions), [':status', String(head.status)]);
    this.#isBodyless = head.status === RESET_CONTENT;
    const length = this.#isBodyless ? -1 : toldLength(head);
    if (length >= 0) this.#pairs.push('content-length', String(length));
    // Also where none will come. While node:http2 waits for trailers it does not send END_STREAM; without, `close(code)` sends it
    // before the RST_STREAM, and a body that was broken off would look whole.
    this.#mayHaveTrailers = head.framing !== 'none' && !this.#isBodyless;
    return 'body';
  }

  sendBody(bytes: Buffer, start: number, end: number): void {
    if (end > start && !this.#isBodyless) this.#pieces.push(bytes.subarray(start, end));
  }

  flush(): boolean {
    if (!this.#isOpen) return true;
    this.#respond(false);
    const isWritable = this.#writePieces();
    if (!isWritable) this.#reader.onMustWait();
    return isWritable;
  }

  sendEnd(trailers: string): void {
    if (!this.#isOpen) return;
    this.#trailers = this.#isBodyless ? '' : trailers;
    if (this.#pairs === undefined || trailers !== '') {
      this.#respond(false);
    } else if (this.#pieces.length === 0) {
      this.#respond(true);
      return;
    } else {
      this.#mayHaveTrailers = false;
      this.#respond(false);
    }
    this.#writePieces();
    this.#stream.end();
  }

  sendPage(page: Page, { method }: RequestHead): void {
    if (!this.#isOpen) return;
    const isTunnel = this.#webSocketKey !== '' && page.status < 300;
    // Nothing of ours is a tunnel.
    const status = isTunnel ? 501 : page.status;
    const pairs = fieldPairs(page.headers, [':status', String(status)]);
    pairs.push('date', new Date().toUTCString());
    const body = method === 'HEAD' ? EMPTY : page.body;
    respond(this.#stream, pairs, { endStream: body.length === 0 });
    this.#reader.bytesSent(body.length);
    if (body.length > 0) this.#stream.end(body);
  }

  sendSwitch(head: ResponseHead, additions: ResponseAdditions): void {
    const pairs = fieldPairs(responseBlock(head, additions), [':status', '200']);
    const accept = pairs.indexOf('sec-websocket-accept');
    // The client cannot check it: it does not know the key (RFC 8441 section 5.1).
    if (accept < 0 || pairs[accept + 1] !== acceptOf(this.#webSocketKey)) {
      throw new ProxyError('upstream-malformed', 'a 101 with a wrong Sec-WebSocket-Accept');
    }
    pairs.splice(accept, 2);
    // Waits for trailers that do not come, so that a reset is not preceded by END_STREAM (see sendHead).
    if (this.#isOpen) respond(this.#stream, pairs, { waitForTrailers: true });
  }

  #respond(endStream: boolean): void {
    const pairs = this.#pairs;
    if (pairs === undefined) return;
    this.#pairs = undefined;
    const waitForTrailers = this.#mayHaveTrailers && !endStream;
    this.#awaitsTrailers = waitForTrailers;
    respond(this.#stream, pairs, { endStream, waitForTrailers });
  }

  #writePieces(): boolean {
    const pieces = this.#pieces;
    if (pieces.length === 0) return !this.#stream.writableNeedDrain;
    this.#pieces = [];
    let byteLength = 0;
    for (const piece of pieces) byteLength += piece.length;
    this.#reader.bytesSent(byteLength);
    if (byteLength <= COPY_BYTES) return this.#stream.write(Buffer.concat(pieces, byteLength));
    let isWritable = true;
    this.#stream.cork();
    for (const piece of pieces) {
      this.#held++;
      isWritable = this.#stream.write(piece, this.#onWritten);
    }
    this.#stream.uncork();
    return isWritable;
  }

  readonly #onWritten = (): void => {
    this.#held--;
  };

  /**
   * @param step may reset the stream; it comes when that takes nothing away. In the same turn a reset overtakes a head without a
   * body, and a stream that is closed sends no trailers: node:http2 asks for them when the body is out, and sends them a turn later
   */
  whenSent(step: () => void): void {
    if (this.#awaitsTrailers) this.#onTrailersSent = step;
    else setImmediate(step);
  }

  #sendTrailers(): void {
    if (this.#isOpen) this.#stream.sendTrailers(fieldObject(this.#trailers));
    setImmediate(() => {
      this.#awaitsTrailers = false;
      this.#onTrailersSent?.();
    });
  }
}

/** Without a Date of Node's: as over HTTP/1.1, the backend says it or nobody. */
function respond(stream: ServerHttp2Stream, pairs: string[], options: ServerStreamResponseOptions): void {
  const own: ServerStreamResponseOptions & { readonly sendDate: boolean } = { ...options, sendDate: false };
  stream.respond(pairs, own);
}

function acceptOf(key: string): string {
  return createHash('sha1')
    .update(key + WEB_SOCKET_GUID)
    .digest('base64');
}

const EMPTY = Buffer.alloc(0);
