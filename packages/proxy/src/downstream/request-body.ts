import { type Limits, ProxyError } from '@dproxy/core';
import type { RequestBodySource } from '../exchange/downstream.ts';
import {
  type BodyDecoder,
  type BodySink,
  createBodyDecoder,
  type DecoderOutput,
  type RequestHead,
} from '../http1/index.ts';
import type { Input } from '../http1/input.ts';
import type { ClientSocket } from './client-socket.ts';
import type { Patience } from './patience.ts';

/** Where the body goes; `Exchange` is one. */
export interface RequestBodySink {
  onRequestBody(bytes: Buffer, start: number, end: number): void;
  /** @param trailers header lines, each ended by CRLF; usually empty */
  onRequestComplete(trailers: string): void;
  onRequestBroken(error: ProxyError): void;
}

export interface RequestBodyOptions {
  readonly socket: ClientSocket;
  readonly input: Input;
  readonly patience: Patience;
  readonly limits: Limits;
  /** The client has ended its side already: what has arrived is all. */
  readonly isAtEnd: boolean;
  /** The client has ended its side and owes the rest: a request never ends by EOF (CVE-2026-2835). */
  readonly onCutShort: () => void;
}

/**
 *     held --open--> open <--pause/resume--> busy
 *       ^-------------/ hold                 (the backend does not take more for the moment)
 *     any --last byte--> done;  any --drop--> dropped
 */
type State = 'held' | 'open' | 'busy' | 'done' | 'dropped';

/** The body of one request on its way to the backend: where it ends, how fast it comes, and who waits for whom. */
export class RequestBody implements RequestBodySource, BodySink {
  readonly #framing: Pick<RequestHead, 'framing' | 'contentLength'>;
  readonly #options: RequestBodyOptions;
  #decoder: BodyDecoder | undefined;
  #form: DecoderOutput | undefined;
  #sink: RequestBodySink | undefined;
  #state: State = 'held';
  #windowBytes = 0;
  #isAtEnd: boolean;

  private constructor(framing: Pick<RequestHead, 'framing' | 'contentLength'>, options: RequestBodyOptions) {
    this.#framing = framing;
    this.#options = options;
    this.#isAtEnd = options.isAtEnd;
  }

  /** @returns undefined when the request has none */
  static of(head: RequestHead, options: RequestBodyOptions): RequestBody | undefined {
    const { framing, contentLength } = head;
    if (framing === 'none' || (framing === 'length' && contentLength === 0)) return undefined;
    return new RequestBody(head, options);
  }

  get isDone(): boolean {
    return this.#state === 'done';
  }

  get isWaiting(): boolean {
    return this.#options.input.length > 0;
  }

  /** Before `open`. */
  belongTo(sink: RequestBodySink): void {
    this.#sink = sink;
  }

  open(form: DecoderOutput): void {
    // Another form than last time: nothing was taken then, or there would be no other attempt.
    if (this.#form !== form) {
      this.#form = form;
      const { framing, contentLength } = this.#framing;
      const { limits } = this.#options;
      this.#decoder = createBodyDecoder({ framing, contentLength, output: form, from: 'downstream', limits });
    }
    this.#flow();
  }

  hold(): void {
    if (this.#state === 'open' || this.#state === 'busy') this.#state = 'held';
    this.#options.patience.clear('body');
  }

  pause(): void {
    this.#options.socket.pause();
    if (this.#state !== 'open') return;
    this.#state = 'busy';
    this.#options.patience.clear('body');
  }

  resume(): void {
    if (this.#state === 'busy') this.#flow();
    else this.#options.socket.resume();
  }

  /** The client has ended its side. What has arrived of the body may still be whole. */
  onEnd(): void {
    this.#isAtEnd = true;
    this.#checkEnd();
  }

  /** Nobody wants it any more. */
  drop(): void {
    this.#state = 'dropped';
    this.#sink = undefined;
  }

  /** Sends on what has arrived. @throws what is no fault of the client's framing */
  pump(): void {
    if (this.#state !== 'open') return;
    if (this.#options.input.length > 0) this.#push();
    // The push may have changed everything: the backend is busy, or the exchange is over.
    if (this.#state !== 'open') return;
    if (this.#decoder?.isDone === true) this.#finish();
    else if (!this.#options.patience.isWaiting) this.startWindow();
  }

  startWindow(): void {
    this.#windowBytes = 0;
    if (this.#state === 'open') this.#options.patience.expect('body', this.#options.limits.bodyGraceMs);
  }

  onWindowEnd(): void {
    const { bodyMinRate, bodyGraceMs } = this.#options.limits;
    const expected = (bodyMinRate * bodyGraceMs) / 1000;
    if (this.#windowBytes >= expected) this.startWindow();
    else this.#sink?.onRequestBroken(new ProxyError('body-too-slow', `${this.#windowBytes} bytes of ${expected}`));
  }

  onBody(bytes: Buffer, start: number, end: number): void {
    this.#windowBytes += end - start;
    this.#sink?.onRequestBody(bytes, start, end);
  }

  #flow(): void {
    this.#state = 'open';
    this.#options.socket.resume();
    this.pump();
    this.#checkEnd();
  }

  #checkEnd(): void {
    if (this.#isAtEnd && this.#state === 'open' && !this.isWaiting) this.#options.onCutShort();
  }

  #push(): void {
    const { input } = this.#options;
    const { bytes, start, end } = input;
    const decoder = this.#decoder as BodyDecoder;
    try {
      const at = decoder.push(bytes, start, end, this);
      // A push may end the exchange, and with it this input.
      if (input.bytes === bytes) input.consumeTo(at);
    } catch (error) {
      if (!(error instanceof ProxyError)) throw error;
      this.#sink?.onRequestBroken(error);
      return;
    }
    // The last bytes may have made the backend busy; the body is complete all the same.
    if (this.#state === 'busy' && decoder.isDone) this.#finish();
  }

  #finish(): void {
    this.#state = 'done';
    this.#options.patience.clear('body');
    this.#sink?.onRequestComplete('');
  }
}
