import { type ClientHttp2Stream, constants, type IncomingHttpHeaders } from 'node:http2';
import { type Limits, ProxyError } from '@dproxy/core';
import { Deadline, type DeadlineOwner, type DeadlineWheel } from '../../deadline-wheel.ts';
import type { RequestAdditions, RequestHead, ResponseHead } from '../../http1/index.ts';
import type { UpstreamStream, UpstreamStreamUser } from '../upstream-stream.ts';
import type { Http2Session, SessionStream } from './http2-session.ts';
import { readResponseHead, readResponseTrailers } from './read-response.ts';
import { requestPairs } from './request-pairs.ts';
import { streamError } from './stream-error.ts';

/**
 *     connecting --a session has room--> waiting --final head--> body --> over
 *          \--------------------------------\--failure, drop--\--------/
 *
 * `waiting`: the request may be sent, or is being sent.
 */
type State = 'connecting' | 'waiting' | 'body' | 'over';

export interface Http2StreamOptions {
  readonly user: UpstreamStreamUser;
  readonly limits: Limits;
  readonly wheel: DeadlineWheel;
  /** It waits for a session no more. */
  readonly onGivenUp: (stream: Http2Stream) => void;
}

type HeadersListener = (headers: IncomingHttpHeaders, flags: number, raw: string[]) => void;

/** One request over a session of HTTP/2. */
export class Http2Stream implements UpstreamStream, SessionStream, DeadlineOwner {
  readonly requestForm = 'body';
  readonly deadline: Deadline;
  readonly #user: UpstreamStreamUser;
  readonly #limits: Limits;
  readonly #onGivenUp: (stream: Http2Stream) => void;
  #state: State = 'connecting';
  #session: Http2Session | undefined;
  #stream: ClientHttp2Stream | undefined;
  #method = '';
  #isAfterRest = false;
  #isRequestComplete = false;
  #abort: AbortController | undefined;
  #hasInterim = false;
  #head: ResponseHead | undefined;
  #bodyBytes = 0;
  #trailers = '';
  /** All of the response had arrived when the connection went, though not all of it was read. */
  #isWhole = false;

  constructor({ user, limits, wheel, onGivenUp }: Http2StreamOptions) {
    this.#user = user;
    this.#limits = limits;
    this.#onGivenUp = onGivenUp;
    this.deadline = new Deadline(wheel, this);
  }

  get isReady(): boolean {
    return this.#state === 'waiting';
  }

  /** Takes a place on a session that has room. Whether the user is told is the caller's. */
  over(session: Http2Session): void {
    this.#isAfterRest = session.isResting;
    this.#session = session;
    this.#state = 'waiting';
    this.deadline.clear();
    session.reserve(this);
  }

  ready(): void {
    this.#user.onUpstreamReady();
  }

  /** There is no session to be had. */
  fail(error: unknown): void {
    if (this.#state !== 'over') this.#user.onUpstreamFailed(error);
  }

  onDeadline(): void {
    if (this.#state === 'connecting') {
      this.fail(new ProxyError('upstream-connect-timeout', 'no session of HTTP/2 had room in time'));
      return;
    }
    this.#session?.probe();
    this.#user.onUpstreamDeadline();
  }

  // ---- the request

  sendHead(head: RequestHead, additions: RequestAdditions, isEnd: boolean): void {
    const session = this.#session;
    if (session === undefined) return;
    if (head.upgrade.toLowerCase() === 'websocket') {
      throw new ProxyError('protocol-unknown', `${session.where}: WebSocket to a backend of HTTP/2`);
    }
    this.#method = head.method;
    this.#isRequestComplete = isEnd;
    const pairs = requestPairs(head, additions, session.scheme);
    this.#abort = isEnd ? undefined : new AbortController();
    this.#stream = session.request(
      pairs,
      isEnd ? { endStream: true } : { endStream: false, signal: this.#abort?.signal },
    );
    this.#listen(this.#stream);
  }

  sendBody(bytes: Buffer): boolean {
    return this.#stream?.write(bytes) ?? true;
  }

  /**
   * Trailers of a request end here, as for HTTP/1.1; gRPC has none. `waitForTrailers` of node:http2 aborts the process when a stream
   * is cancelled between its last DATA and its trailers (Node 26.10, `Assertion failed: !this->is_destroyed()` in OnTrailers).
   */
  sendEnd(): void {
    this.#isRequestComplete = true;
    this.#stream?.end();
  }

  /** Frames that are written in one turn leave together anyway. */
  cork(): void {
    this.#stream?.cork();
  }

  uncork(): void {
    this.#stream?.uncork();
  }

  /** Without a reader no WINDOW_UPDATE is sent: the backend stops after one window. */
  pause(): void {
    this.#stream?.pause();
  }

  resume(): void {
    if (this.#state === 'body') this.#stream?.resume();
  }

  drop(): void {
    if (this.#state === 'over') return;
    if (this.#state === 'connecting') this.#onGivenUp(this);
    const stream = this.#stream;
    this.#leave();
    if (stream !== undefined) cancelLater(stream, this.#abort);
  }

  // ---- the response

  /** Every callback is the boundary of this stream: what it throws ends the exchange, not the session or the process. */
  #listen(stream: ClientHttp2Stream): void {
    stream.on('error', () => {
      // `close` follows, and knows the code.
    });
    const onHeaders: HeadersListener = (_headers, _flags, raw) => this.#guard(() => this.#onInterim(raw));
    const onResponse: HeadersListener = (_headers, flags, raw) => this.#guard(() => this.#onResponse(raw, flags));
    const onTrailers: HeadersListener = (_headers, _flags, raw) => this.#guard(() => this.#onTrailers(raw));
    stream.on('headers', onHeaders);
    stream.on('response', onResponse);
    stream.on('trailers', onTrailers);
    stream.on('drain', () => this.#guard(() => this.#user.onUpstreamDrain()));
    stream.on('end', () => this.#guard(() => this.#onEnd(stream)));
    stream.on('close', () => this.#guard(() => this.#onClose(stream)));
  }

  #guard(step: () => void): void {
    if (this.#state === 'over') return;
    try {
      step();
    } catch (error) {
      if (!this.#isOver()) this.#user.onUpstreamFailed(error);
    }
  }

  /** The user may have dropped it in a callback, which the compiler cannot see. */
  #isOver(): boolean {
    return this.#state === 'over';
  }

  #onInterim(raw: readonly string[]): void {
    if (this.#state !== 'waiting') throw new ProxyError('upstream-malformed', 'another head in the middle of the body');
    const head = readResponseHead(raw, this.#method, this.#limits);
    if (head.status >= 200) throw new ProxyError('upstream-malformed', `a ${head.status} where a 1xx was expected`);
    this.#hasInterim = true;
    this.#user.onUpstreamInterim(head);
  }

  #onResponse(raw: readonly string[], flags: number): void {
    if (this.#state !== 'waiting') throw new ProxyError('upstream-malformed', 'a second final head');
    const head = readResponseHead(raw, this.#method, this.#limits);
    this.#head = head;
    this.#state = 'body';
    this.#user.onUpstreamHead(head);
    if (this.#isOver()) return;
    if ((flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0) {
      this.#finish();
      return;
    }
    this.#user.onUpstreamFlush();
    // Not before: node:http2 tells of a head in the next tick, and of the DATA behind it at once.
    if (!this.#isOver()) this.#stream?.on('data', (bytes: Buffer) => this.#guard(() => this.#onData(bytes)));
  }

  #onData(bytes: Buffer): void {
    this.#bodyBytes += bytes.length;
    const { framing, contentLength } = this.#head as ResponseHead;
    // RFC 9113 section 8.1.1. To a client of HTTP/1.1 the surplus would be the beginning of another response.
    if (framing === 'none' || (framing === 'length' && this.#bodyBytes > contentLength)) {
      throw new ProxyError('upstream-malformed', 'more DATA than the head allows');
    }
    if (bytes.length > 0) this.#user.onUpstreamBody(bytes, 0, bytes.length);
    if (!this.#isOver()) this.#user.onUpstreamFlush();
  }

  #onTrailers(raw: readonly string[]): void {
    if (this.#state !== 'body') throw new ProxyError('upstream-malformed', 'trailers without a head');
    this.#trailers = readResponseTrailers(raw, this.#limits);
  }

  /** node:http2 ends a stream that was reset, too: only without a code is it the end of the response. */
  #onEnd(stream: ClientHttp2Stream): void {
    if (this.#state !== 'body' || (stream.rstCode ?? 0) !== constants.NGHTTP2_NO_ERROR) return;
    if (this.#isWhole || this.#session?.lossReason === '') this.#finish();
  }

  /** A client that reads slowly gets all of an answer whose backend has left at once: what waits is less than one window. */
  onConnectionLost(): void {
    const stream = this.#stream;
    if (this.#state !== 'body' || stream === undefined) return;
    this.#isWhole = stream.closed && (stream.rstCode ?? 0) === constants.NGHTTP2_NO_ERROR;
    // Each read gives what it takes to the listeners of `data`, and the last one makes `end` come.
    while (this.#isWhole && stream.read() !== null);
  }

  #finish(): void {
    const { framing, contentLength } = this.#head as ResponseHead;
    if (framing === 'length' && this.#bodyBytes < contentLength) {
      throw new ProxyError('upstream-aborted', `${this.#bodyBytes} bytes of ${contentLength}`);
    }
    const stream = this.#stream;
    const isCut = !this.#isRequestComplete;
    this.#leave();
    // RFC 9113 section 8.1: the whole answer is here, and nobody will read the rest of the request.
    if (isCut && stream !== undefined) cancelLater(stream, this.#abort);
    this.#user.onUpstreamEnd(this.#trailers);
  }

  #onClose(stream: ClientHttp2Stream): void {
    this.#user.onUpstreamFailed(
      streamError({
        streamId: stream.id,
        code: stream.rstCode ?? constants.NGHTTP2_NO_ERROR,
        session: this.#session as Http2Session,
        progress: this.#state === 'body' ? 'body' : this.#hasInterim ? 'interim' : 'nothing',
        isAfterRest: this.#isAfterRest,
      }),
    );
  }

  /** Over: the place is free for another, before the client hears that it may ask again. */
  #leave(): void {
    this.#state = 'over';
    this.deadline.dispose();
    const session = this.#session;
    this.#session = undefined;
    this.#stream = undefined;
    session?.release(this);
  }
}

/**
 * RST_STREAM with CANCEL, and never END_STREAM before it: half a request must not look whole. `close()` would end a body in
 * order first; only a stream that is destroyed by its signal is cancelled without that. And not now: within a callback of
 * node:http2 the reset waits behind what is packed next, which takes the end of a destroyed stream for that of its body.
 */
function cancelLater(stream: ClientHttp2Stream, abort: AbortController | undefined): void {
  setImmediate(() => {
    if (abort === undefined) stream.close(constants.NGHTTP2_CANCEL);
    else abort.abort();
    stream.destroy();
  });
}
