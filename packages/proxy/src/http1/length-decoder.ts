import type { BodyDecoder, BodySink } from './body.ts';

/** A body of known length. */
export class LengthDecoder implements BodyDecoder {
  #remaining: number;

  constructor(contentLength: number) {
    this.#remaining = contentLength;
  }

  get isDone(): boolean {
    return this.#remaining === 0;
  }

  push(bytes: Buffer, start: number, end: number, sink: BodySink): number {
    const bodyEnd = end - start > this.#remaining ? start + this.#remaining : end;
    if (bodyEnd > start) {
      this.#remaining -= bodyEnd - start;
      sink.onBody(bytes, start, bodyEnd);
    }
    return bodyEnd;
  }

  finish(): boolean {
    return this.#remaining === 0;
  }
}

/** A response body that ends when its sender closes (RFC 9112 section 6.3 item 8). Never a request. */
export class CloseDecoder implements BodyDecoder {
  #isDone = false;

  get isDone(): boolean {
    return this.#isDone;
  }

  push(bytes: Buffer, start: number, end: number, sink: BodySink): number {
    if (end > start) sink.onBody(bytes, start, end);
    return end;
  }

  finish(): boolean {
    this.#isDone = true;
    return true;
  }
}
