import type { Limits } from '@dproxy/core';
import type { Framing } from './message.ts';

/** Where a decoder puts what it finds. The bytes are those of the caller's buffer: copy them to keep them. */
export interface BodySink {
  onBody(bytes: Buffer, start: number, end: number): void;
}

/** Finds the end of one message body, incrementally and without copies. One per message. */
export interface BodyDecoder {
  /** The body is complete. */
  readonly isDone: boolean;
  /**
   * Takes the bytes of the body from `start` on.
   *
   * @returns where the body ends in `bytes`, when `isDone`; else `end`. What follows belongs to the next message.
   * @throws ProxyError when the framing is malformed; the connection cannot be used after that
   */
  push(bytes: Buffer, start: number, end: number, sink: BodySink): number;
  /** The peer has closed. @returns whether the body is complete by that */
  finish(): boolean;
}

/**
 * What the sink gets of a chunked body:
 * - `body`: the content alone
 * - `wire`: the content still in canonical chunked coding, ready to be sent on: no extensions, no trailers, no leading zeros
 *
 * Other framings look the same in both.
 */
export type DecoderOutput = 'body' | 'wire';

export interface DecoderOptions {
  readonly framing: Framing;
  readonly contentLength: number;
  readonly output: DecoderOutput;
  /** Who sends the body: decides the codes of errors. */
  readonly from: 'downstream' | 'upstream';
  readonly limits: Limits;
}
