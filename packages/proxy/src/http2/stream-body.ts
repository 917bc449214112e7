import type { ServerHttp2Stream } from 'node:http2';
import { type Limits, ProxyError } from '@dproxy/core';
import type { Patience } from '../downstream/patience.ts';
import type { RequestBodySink } from '../downstream/request-body.ts';
import type { RequestBodySource } from '../exchange/downstream.ts';
import { CHUNK_END, chunkHeader, type DecoderOutput, LAST_CHUNK, type RequestHead } from '../http1/index.ts';
import { isGrpc } from '../pages/grpc.ts';

export interface StreamBodyOptions {
  readonly stream: ServerHttp2Stream;
  readonly head: RequestHead;
  readonly patience: Patience;
  readonly limits: Limits;
}

/**
 *     held --open--> open <--pause/resume--> busy
 *       ^-------------/ hold
 *     any --END_STREAM--> done;  any --drop--> dropped
 *
 * While it is held or busy nothing is read, so no WINDOW_UPDATE is sent: the client stops after one stream window.
 */
type State = 'held' | 'open' | 'busy' | 'done' | 'dropped';

/** The body of one request of HTTP/2, on its way to the backend. */
export class StreamBody implements RequestBodySource {
  readonly #options: StreamBodyOptions;
  #sink: RequestBodySink | undefined;
  #state: State = 'held';
  readonly #isMessages: boolean;
  #isWire = false;
  #windowBytes = 0;
  #totalBytes = 0;

  constructor(options: StreamBodyOptions) {
    this.#options = options;
    this.#isMessages = isGrpc(options.head);
  }

  get isDone(): boolean {
    return this.#state === 'done';
  }

  get isWaiting(): boolean {
    return this.#options.stream.readableLength > 0;
  }

  /** Before `open`. */
  belongTo(sink: RequestBodySink): void {
    this.#sink = sink;
  }

  open(form: DecoderOutput): void {
    this.#isWire = form === 'wire' && this.#options.head.framing === 'chunked';
    this.#flow();
  }

  hold(): void {
    if (this.#state === 'open' || this.#state === 'busy') this.#state = 'held';
    this.#options.stream.pause();
    this.#options.patience.clear('body');
  }

  pause(): void {
    this.#options.stream.pause();
    if (this.#state !== 'open') return;
    this.#state = 'busy';
    this.#options.patience.clear('body');
  }

  resume(): void {
    if (this.#state === 'busy') this.#flow();
  }

  /** Nobody wants it any more. */
  drop(): void {
    if (this.#state !== 'done') this.#state = 'dropped';
    this.#sink = undefined;
  }

  startWindow(): void {
    this.#windowBytes = 0;
    // The messages of a gRPC stream come when they come; how long nobody may speak is the route's idle time (hop.ts).
    if (this.#state === 'open' && !this.#isMessages)
      this.#options.patience.expect('body', this.#options.limits.bodyGraceMs);
  }

  onWindowEnd(): void {
    const { bodyMinRate, bodyGraceMs } = this.#options.limits;
    const expected = (bodyMinRate * bodyGraceMs) / 1_000;
    if (this.#windowBytes >= expected) this.startWindow();
    else this.#sink?.onRequestBroken(new ProxyError('body-too-slow', `${this.#windowBytes} bytes of ${expected}`));
  }

  /** @param chunk a buffer of its own */
  onData(chunk: Buffer): void {
    const { head } = this.#options;
    this.#windowBytes += chunk.length;
    this.#totalBytes += chunk.length;
    if (head.framing === 'length' && this.#totalBytes > head.contentLength) {
      this.#sink?.onRequestBroken(new ProxyError('content-length-malformed', 'more DATA than Content-Length says'));
      return;
    }
    // A chunk of no bytes would end the body.
    if (chunk.length === 0) return;
    if (this.#isWire) this.#give(Buffer.from(chunkHeader(chunk.length), 'latin1'));
    this.#give(chunk);
    if (this.#isWire) this.#give(CHUNK_END_BYTES);
  }

  onEnd(): void {
    const { head, patience } = this.#options;
    if (this.#state === 'done' || this.#state === 'dropped') return;
    if (head.framing === 'length' && this.#totalBytes < head.contentLength) {
      this.#sink?.onRequestBroken(new ProxyError('content-length-malformed', 'less DATA than Content-Length says'));
      return;
    }
    // An end without DATA comes although nothing is read. Then it is the head that says it (http1-stream.ts), unless DATA was there
    // before, which is kept for another attempt.
    const isHeld = this.#state === 'held' && this.#totalBytes === 0;
    this.#state = 'done';
    patience.clear('body');
    if (this.#isWire && !isHeld) this.#give(LAST_CHUNK_BYTES);
    this.#sink?.onRequestComplete('');
  }

  #give(bytes: Buffer): void {
    this.#sink?.onRequestBody(bytes, 0, bytes.length);
  }

  #flow(): void {
    this.#state = 'open';
    this.startWindow();
    this.#options.stream.resume();
  }
}

const CHUNK_END_BYTES = Buffer.from(CHUNK_END, 'latin1');
const LAST_CHUNK_BYTES = Buffer.from(LAST_CHUNK, 'latin1');
