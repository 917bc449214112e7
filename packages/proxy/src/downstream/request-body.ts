import { type Limits, ProxyError } from '@dproxy/core';
import { type BodyDecoder, type BodySink, createBodyDecoder, type RequestHead } from '../http1/index.ts';
import type { ClientSocket } from './client-socket.ts';
import type { Input } from './input.ts';
import type { Patience } from './patience.ts';

/** Where the body goes; `Exchange` is one. */
export interface RequestBodySink {
  onRequestBody(bytes: Buffer, start: number, end: number): void;
  onRequestComplete(): void;
  onRequestBroken(error: ProxyError): void;
}

export interface RequestBodyOptions {
  readonly socket: ClientSocket;
  readonly input: Input;
  readonly patience: Patience;
  readonly limits: Limits;
}

/**
 *     held --open--> open <--pause/resume--> busy
 *       ^-------------/ hold                 (the backend does not take more for the moment)
 *     any --last byte--> done;  any --drop--> dropped
 */
type State = 'held' | 'open' | 'busy' | 'done' | 'dropped';

/** The body of one request on its way to the backend: where it ends, how fast it comes, and who waits for whom. */
export class RequestBody implements BodySink {
  readonly #decoder: BodyDecoder;
  readonly #options: RequestBodyOptions;
  #sink: RequestBodySink | undefined;
  #state: State = 'held';
  #windowBytes = 0;

  private constructor(decoder: BodyDecoder, options: RequestBodyOptions) {
    this.#decoder = decoder;
    this.#options = options;
  }

  /** @returns undefined when the request has none */
  static of({ framing, contentLength }: RequestHead, options: RequestBodyOptions): RequestBody | undefined {
    if (framing === 'none') return undefined;
    const { limits } = options;
    const decoder = createBodyDecoder({ framing, contentLength, output: 'wire', from: 'downstream', limits });
    return decoder.isDone ? undefined : new RequestBody(decoder, options);
  }

  get isDone(): boolean {
    return this.#state === 'done';
  }

  /** It has somewhere to go, and needs more bytes from the client. */
  get isStarving(): boolean {
    return this.#state === 'open' && this.#options.input.length === 0;
  }

  /** From now on it goes to the sink, first what is waiting. */
  open(sink: RequestBodySink): void {
    this.#sink = sink;
    this.#flow();
  }

  /** It waits until `open`: there is nobody to send it to. */
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
    if (this.#decoder.isDone) this.#finish();
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
  }

  #push(): void {
    const { input } = this.#options;
    const { bytes, start, end } = input;
    try {
      const at = this.#decoder.push(bytes, start, end, this);
      // A push may end the exchange, and with it this input.
      if (input.bytes === bytes) input.consumeTo(at);
    } catch (error) {
      if (!(error instanceof ProxyError)) throw error;
      this.#sink?.onRequestBroken(error);
      return;
    }
    // The last bytes may have made the backend busy; the body is complete all the same.
    if (this.#state === 'busy' && this.#decoder.isDone) this.#finish();
  }

  #finish(): void {
    this.#state = 'done';
    this.#options.patience.clear('body');
    this.#sink?.onRequestComplete();
  }
}
