import type { Deadline } from '../deadline-wheel.ts';
import type { DecoderOutput, RequestAdditions, RequestHead, ResponseHead } from '../http1/index.ts';
import type { UpstreamConnection } from './upstream-connection.ts';

/** What of a connection a tunnel uses. */
export type TunnelBackend = Pick<
  UpstreamConnection,
  'deadline' | 'use' | 'keepProbing' | 'writeBytes' | 'pause' | 'resume' | 'end' | 'destroy' | 'destroySoon'
>;

/**
 * One request and its response on a connection to a backend, whatever that speaks.
 *
 *     connecting --onUpstreamReady--> ready: sendHead, sendBody*, sendEnd
 *                                            onUpstreamInterim*, onUpstreamHead, onUpstreamBody*, onUpstreamEnd --> over
 *     any --onUpstreamFailed, drop--> over
 *
 * After the last of these the stream is over: it calls its user no more, has dealt with its connection by itself (given it
 * back, or ended it), and ignores whatever it is still told.
 */
export interface UpstreamStream {
  /** The head may be sent now; else wait for `onUpstreamReady`. */
  readonly isReady: boolean;
  /** The user's, to set and clear while the stream lives; it fires `onUpstreamDeadline`. Holds the connect deadline before. */
  readonly deadline: Deadline;
  /**
   * How this backend takes the body of a request whose framing is `chunked`: `wire` is canonical chunked coding, its last
   * chunk included, `body` the content alone. Of other framings both are the same bytes.
   */
  readonly requestForm: DecoderOutput;

  /** Once, when ready. @param isEnd there is no body: `sendEnd` is not called */
  sendHead(head: RequestHead, additions: RequestAdditions, isEnd: boolean): void;
  /**
   * Bytes of the body, in `requestForm`.
   *
   * @param bytes must not change until they are out
   * @returns false when the user should wait for `onUpstreamDrain`
   */
  sendBody(bytes: Buffer): boolean;
  /** The body is complete. @param trailers header lines, each ended by CRLF; what HTTP/1.1 is not told (threats: row 7) */
  sendEnd(trailers: string): void;
  /** What is sent until `uncork` leaves together. */
  cork(): void;
  uncork(): void;
  /** Reads no more of the response, until `resume`. */
  pause(): void;
  resume(): void;
  /** Ends it without telling the user, who has decided so: the backend's work is cancelled. */
  drop(): void;
}

/** Who uses an upstream stream: a hop. */
export interface UpstreamStreamUser {
  /** Something that was passed on is still held: then the memory of `onUpstreamBody` is not used again. */
  readonly holdsBytes: boolean;
  /** Not called for a stream that was ready at once. */
  onUpstreamReady(): void;
  /** A 1xx other than 101. */
  onUpstreamInterim(head: ResponseHead): void;
  /**
   * The final head. Its `framing` says how the end of the body will show: `length`, `none`, `chunked` only where the form
   * `wire` can be given, else `close`.
   *
   * @returns the form in which a chunked body is wanted; meaningless when the user has dropped the stream meanwhile
   */
  onUpstreamHead(head: ResponseHead): DecoderOutput;
  /**
   * A 101 to the protocol that was offered: the stream is over and the connection is the user's.
   *
   * @param early bytes behind the head, to be kept as long as wanted
   */
  onUpstreamSwitched(head: ResponseHead, backend: TunnelBackend, early: Buffer): void;
  /** @param bytes valid until this returns, unless `holdsBytes` */
  onUpstreamBody(bytes: Buffer, start: number, end: number): void;
  /** All that has arrived so far was passed on; not called behind `onUpstreamEnd`. */
  onUpstreamFlush(): void;
  /** The response is complete. @param trailers header lines, each ended by CRLF; usually empty */
  onUpstreamEnd(trailers: string): void;
  /** What was sent has gone out: more may be sent. */
  onUpstreamDrain(): void;
  /**
   * No connection, an answer that is malformed, or an end before the end of the response: the error's code says which, and
   * with it whether the request may go elsewhere. The connection may be there still: the user drops the stream.
   */
  onUpstreamFailed(error: unknown): void;
  onUpstreamDeadline(): void;
}
