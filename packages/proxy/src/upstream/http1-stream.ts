import { type Limits, ProxyError } from '@dproxy/core';
import type { Deadline } from '../deadline-wheel.ts';
import {
  type BodyDecoder,
  type BodySink,
  createBodyDecoder,
  LAST_CHUNK,
  type RequestAdditions,
  type RequestHead,
  type ResponseHead,
  writeRequestHead,
} from '../http1/index.ts';
import { ResponseHeadReader } from './response-head-reader.ts';
import type { UpstreamConnection } from './upstream-connection.ts';
import type { UpstreamStream, UpstreamStreamUser } from './upstream-stream.ts';
import type { UpstreamUser } from './upstream-user.ts';

/**
 *     connecting --> waiting --final head--> body --> over
 *          \------------\--101, failure, drop--\------/
 */
type State = 'connecting' | 'waiting' | 'body' | 'over';

/** Takes back connections that can carry another request. */
export interface ConnectionKeeper {
  release(connection: UpstreamConnection): void;
}

export interface Http1StreamOptions {
  readonly user: UpstreamStreamUser;
  readonly limits: Limits;
  /** Undefined: the connection carries one request. */
  readonly keeper: ConnectionKeeper | undefined;
}

/** One request over one connection that speaks HTTP/1.1: the connection is this stream's until it is over. */
export class Http1Stream implements UpstreamStream, UpstreamUser, BodySink {
  readonly requestForm = 'wire';
  readonly #user: UpstreamStreamUser;
  readonly #limits: Limits;
  readonly #keeper: ConnectionKeeper | undefined;
  #connection: UpstreamConnection | undefined;
  #state: State = 'connecting';
  #isRequestComplete = false;
  #heads: ResponseHeadReader | undefined;
  #method = '';
  #offeredUpgrade = '';
  #head: ResponseHead | undefined;
  #decoder: BodyDecoder | undefined;

  constructor({ user, limits, keeper }: Http1StreamOptions) {
    this.#user = user;
    this.#limits = limits;
    this.#keeper = keeper;
  }

  /** The connection that it goes over; it must have this stream for its user. */
  over(connection: UpstreamConnection): this {
    this.#connection = connection;
    return this;
  }

  get isReady(): boolean {
    return this.#connection?.state === 'busy';
  }

  get deadline(): Deadline {
    return this.#own.deadline;
  }

  get #own(): UpstreamConnection {
    if (this.#connection === undefined) throw new Error('a stream without a connection');
    return this.#connection;
  }

  // ---- the request

  sendHead(head: RequestHead, additions: RequestAdditions, isEnd: boolean): void {
    this.#state = 'waiting';
    this.#method = head.method;
    this.#offeredUpgrade = head.upgrade;
    this.#isRequestComplete = isEnd;
    const written = writeRequestHead(head, additions);
    // Complete before a byte of it was sent: empty. Without its last chunk the backend would take the next request for one.
    this.#own.writeText(isEnd && head.framing === 'chunked' ? written + LAST_CHUNK : written);
  }

  sendBody(bytes: Buffer): boolean {
    return this.#connection?.writeBytes(bytes) ?? true;
  }

  /** Trailers end here: a backend that merges them into the headers could be told who the client is (RFC 9110 section 6.5.1). */
  sendEnd(): void {
    this.#isRequestComplete = true;
  }

  cork(): void {
    this.#connection?.cork();
  }

  uncork(): void {
    this.#connection?.uncork();
  }

  pause(): void {
    this.#connection?.pause();
  }

  resume(): void {
    this.#connection?.resume();
  }

  drop(): void {
    this.#state = 'over';
    this.#connection?.destroy();
  }

  onUpstreamReady(): void {
    this.#user.onUpstreamReady();
  }

  onUpstreamDrain(): void {
    this.#user.onUpstreamDrain();
  }

  // ---- the response

  onUpstreamData(bytes: Buffer, start: number, end: number): boolean {
    try {
      if (this.#state === 'body') this.#readBody(bytes, start, end);
      else if (this.#state === 'waiting') this.#readHeads(bytes, start, end);
    } catch (error) {
      this.#user.onUpstreamFailed(error);
    }
    return this.#user.holdsBytes;
  }

  #readHeads(bytes: Buffer, start: number, end: number): void {
    const heads = (this.#heads ??= new ResponseHeadReader({
      method: this.#method,
      offeredUpgrade: this.#offeredUpgrade,
      limits: this.#limits,
    }));
    heads.feed(bytes, start, end);
    while (this.#state === 'waiting') {
      const head = heads.next();
      if (head === undefined) return;
      if (head.status >= 200) this.#begin(head, heads);
      else if (head.status === 101) this.#switch(head, heads);
      else this.#user.onUpstreamInterim(head);
    }
  }

  #begin(head: ResponseHead, { bytes, at, end }: ResponseHeadReader): void {
    this.#head = head;
    this.#state = 'body';
    const output = this.#user.onUpstreamHead(head);
    if (this.#isOver()) return;
    const { framing, contentLength } = head;
    this.#decoder = createBodyDecoder({ framing, contentLength, output, from: 'upstream', limits: this.#limits });
    this.#readBody(bytes, at, end);
  }

  /** The user may have dropped it in a callback, which the compiler cannot see. */
  #isOver(): boolean {
    return this.#state === 'over';
  }

  #switch(head: ResponseHead, { bytes, at, end }: ResponseHeadReader): void {
    if (!this.#isRequestComplete) {
      throw new ProxyError('upstream-malformed', 'a 101 before the end of the request');
    }
    const connection = this.#own;
    this.#state = 'over';
    this.#connection = undefined;
    this.#user.onUpstreamSwitched(head, connection, Buffer.from(bytes.subarray(at, end)));
  }

  #readBody(bytes: Buffer, start: number, end: number): void {
    const decoder = this.#decoder as BodyDecoder;
    let at = start;
    try {
      at = decoder.push(bytes, start, end, this);
    } finally {
      if (!decoder.isDone && !this.#isOver()) this.#user.onUpstreamFlush();
    }
    if (decoder.isDone && !this.#isOver()) this.#finish(at === end);
  }

  onBody(bytes: Buffer, start: number, end: number): void {
    if (this.#state === 'body') this.#user.onUpstreamBody(bytes, start, end);
  }

  // ---- the end: what can be used again is given back, before the client hears that it may ask again

  #finish(isExact: boolean): void {
    const connection = this.#own;
    const head = this.#head as ResponseHead;
    this.#state = 'over';
    this.#connection = undefined;
    if (isExact && this.#keeper !== undefined && this.#isReusable(connection, head)) {
      connection.learntKeepAliveMs = head.keepAliveTimeoutMs;
      this.#keeper.release(connection);
    } else {
      connection.destroy();
    }
    this.#user.onUpstreamEnd('');
  }

  /**
   * Not with bytes behind the response, which belong to no request of ours (threats: response splitting), nor with a rest of
   * the request, which the next one would have to wait behind.
   */
  #isReusable(connection: UpstreamConnection, { keepAlive }: ResponseHead): boolean {
    return keepAlive && this.#isRequestComplete && !connection.holdsBytes;
  }

  onUpstreamEnd(): void {
    try {
      if (this.#state === 'body' && this.#decoder?.finish() === true) this.#finish(false);
      else this.onUpstreamClosed(new ProxyError('upstream-closed', 'the backend ended the connection'));
    } catch (error) {
      this.#user.onUpstreamFailed(error);
    }
  }

  onUpstreamClosed(error: ProxyError): void {
    if (this.#state === 'over') return;
    this.#user.onUpstreamFailed(this.#state === 'connecting' ? error : this.#endedEarly(error));
  }

  onUpstreamDeadline(): void {
    this.#user.onUpstreamDeadline();
  }

  /** What the end of the connection means, seen from where this stream is. */
  #endedEarly(error: ProxyError): ProxyError {
    if (this.#state === 'body') return new ProxyError('upstream-aborted', error.detail, { cause: error });
    if (this.#heads !== undefined) return error;
    const code = this.#connection?.isReused === true ? 'upstream-closed-idle' : 'upstream-closed-empty';
    return new ProxyError(code, error.detail, { cause: error });
  }
}
