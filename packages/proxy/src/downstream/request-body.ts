import type { Limits } from '@dproxy/core';
import { type BodyDecoder, type BodySink, createBodyDecoder, type RequestHead } from '../http1/index.ts';
import type { Input } from './input.ts';

/** The body of one request while it is read: where it ends, and how fast it comes. */
export class RequestBody {
  readonly #decoder: BodyDecoder;
  readonly #sink: BodySink;
  #windowBytes = 0;

  private constructor(decoder: BodyDecoder, sink: BodySink) {
    this.#decoder = decoder;
    this.#sink = sink;
  }

  /** @returns undefined when there is none */
  static of({ framing, contentLength }: RequestHead, limits: Limits, sink: BodySink): RequestBody | undefined {
    if (framing === 'none') return undefined;
    const decoder = createBodyDecoder({ framing, contentLength, output: 'wire', from: 'downstream', limits });
    return decoder.isDone ? undefined : new RequestBody(decoder, sink);
  }

  get isDone(): boolean {
    return this.#decoder.isDone;
  }

  /** @throws ProxyError when its framing is malformed */
  push(input: Input): void {
    const { bytes, start, end } = input;
    const at = this.#decoder.push(bytes, start, end, this.#sink);
    this.#windowBytes += at - start;
    // A push may end the exchange, and with it this input.
    if (input.bytes === bytes) input.consumeTo(at);
  }

  /** @returns how many bytes came since the last call */
  nextWindow(): number {
    const bytes = this.#windowBytes;
    this.#windowBytes = 0;
    return bytes;
  }
}
