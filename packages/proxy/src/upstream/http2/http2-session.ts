import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type ClientSessionRequestOptions,
  connect,
  constants,
} from 'node:http2';
import type { Socket } from 'node:net';
import { type Backend, type Limits, ProxyError } from '@dproxy/core';
import { Deadline } from '../../deadline-wheel.ts';
import type { UpstreamContext } from '../upstream-connection.ts';
import { Dial, type DialOwner } from './dial.ts';
import { sessionOptions } from './session-options.ts';

/**
 *     connecting --SETTINGS--> open --GOAWAY, retire--> draining --last stream--> closed
 *          \---------------------\--idle, broken, no answer to a PING--\----------/
 */
export type SessionState = 'connecting' | 'open' | 'draining' | 'closed';

/** What the pool wants to know of a session. */
export interface SessionOwner {
  /** It may take streams now. */
  onSessionOpen(session: Http2Session): void;
  /** A stream is over, or there may be more at a time: there may be room. */
  onSessionRoom(session: Http2Session): void;
  /** @param error why there was never a session; undefined when there was one */
  onSessionClosed(session: Http2Session, error: ProxyError | undefined): void;
}

/** A stream on it. */
export interface SessionStream {
  /** The connection is gone; node:http2 is about to drop what was not read. */
  onConnectionLost(): void;
}

export interface SessionOptions {
  readonly owner: SessionOwner;
  readonly limits: Limits;
  /** Until the SETTINGS of the backend are here. */
  readonly connectMs: number;
  /** It speaks for one client, and takes one stream. */
  readonly proxyHeader: Buffer | undefined;
}

/** Whatever a backend allows: what is lost with one connection, and what waits behind one lost packet, stays within bounds. */
const MAX_STREAMS = 500;
/** The stream window of the specification is for one stream; all of them together would wait for it (RFC 9113 section 6.9.2). */
const SESSION_WINDOW_BYTES = 4 * 1_048_576;
/** A backend that has not been heard for that long is asked whether it is there before it is relied on. */
const SILENCE_MS = 10_000;
const PING_MS = 5_000;
/** gRPC servers end connections that ping more often without having got anything else ("too_many_pings"). */
const PING_EVERY_MS = 60_000;
const KEEP_ALIVE_MS = 30_000;
/** Nothing of it is used: every request names its own authority. */
const AUTHORITY = new URL('http://backend');

/** One connection to a backend that speaks HTTP/2, with many requests at a time. */
export class Http2Session implements DialOwner {
  /** Names the client of its one stream. */
  readonly isOneClients: boolean;
  /** On the clock of `performance.now`. */
  readonly startedMs = performance.now();
  readonly where: string;
  readonly scheme: 'http' | 'https';
  readonly #owner: SessionOwner;
  readonly #limits: Limits;
  readonly #context: UpstreamContext;
  /** Until it is open, then of its idle time. */
  readonly #deadline: Deadline;
  readonly #pingDeadline: Deadline;
  readonly #dial: Dial;
  #state: SessionState = 'connecting';
  #http2: ClientHttp2Session | undefined;
  #socket: Socket | undefined;
  readonly #streams = new Set<SessionStream>();
  #streamsEver = 0;
  #lastProcessedId = Number.POSITIVE_INFINITY;
  #lossReason = '';
  #heardBytes = 0;
  #heardMs = performance.now();
  #pingedMs = Number.NEGATIVE_INFINITY;

  constructor(backend: Backend, context: UpstreamContext, options: SessionOptions) {
    this.#owner = options.owner;
    this.#limits = options.limits;
    this.#context = context;
    this.isOneClients = options.proxyHeader !== undefined;
    this.where = `${backend.address}:${backend.port}`;
    this.scheme = backend.protocol === 'h2' ? 'https' : 'http';
    this.#deadline = new Deadline(context.wheel, { onDeadline: () => this.#onDeadline() });
    this.#pingDeadline = new Deadline(context.wheel, { onDeadline: () => this.#lose('no answer to a PING') });
    context.counters.upstreamConnections++;
    this.#dial = new Dial(backend, context, options.proxyHeader, this);
    this.#deadline.set(options.connectMs);
  }

  get state(): SessionState {
    return this.#state;
  }

  /** Streams that it may take now. */
  get room(): number {
    if (this.#state !== 'open' || this.#http2 === undefined) return 0;
    const allowed = this.#http2.remoteSettings.maxConcurrentStreams ?? MAX_STREAMS;
    return Math.min(this.isOneClients ? 1 : MAX_STREAMS, allowed) - this.#streams.size;
  }

  get active(): number {
    return this.#streams.size;
  }

  get isIdle(): boolean {
    return this.#streams.size === 0 && this.#state !== 'connecting';
  }

  /** Another request after a pause: then a close without a byte may be the keep-alive race. */
  get isResting(): boolean {
    return this.#streams.size === 0 && this.#streamsEver > 0;
  }

  /** The backend takes extended CONNECT (RFC 8441 section 3). */
  get takesWebSockets(): boolean {
    return this.#http2?.remoteSettings.enableConnectProtocol === true;
  }

  /** Why the connection is gone, when it broke; empty while it is there, and when it ended in order. */
  get lossReason(): string {
    return this.#lossReason;
  }

  /** RFC 9113 section 6.8: streams above the last one that GOAWAY names were not looked at. */
  isUnprocessed(streamId: number | undefined): boolean {
    return streamId === undefined || streamId > this.#lastProcessedId;
  }

  /** Takes a place for a stream; `release` gives it back. */
  reserve(stream: SessionStream): void {
    this.#streams.add(stream);
    this.#streamsEver++;
    this.#deadline.clear();
  }

  release(stream: SessionStream): void {
    this.#streams.delete(stream);
    if (this.#state === 'closed') return;
    if (this.#streams.size === 0) this.#rest();
    if (this.#state === 'open') this.#owner.onSessionRoom(this);
  }

  /** @throws ProxyError `upstream-refused` when the session has gone since the place was taken */
  request(pairs: readonly string[], options: ClientSessionRequestOptions): ClientHttp2Stream {
    const http2 = this.#http2;
    if (http2 === undefined || http2.closed || http2.destroyed) {
      throw new ProxyError('upstream-refused', `${this.where}: the session has ended`);
    }
    if (this.#silentMs() > SILENCE_MS) this.probe();
    return http2.request(pairs, options);
  }

  /** Asks the backend whether it is still there: a stream has waited for too long. No answer ends the session. */
  probe(): void {
    const http2 = this.#http2;
    const nowMs = performance.now();
    if (http2 === undefined || http2.destroyed || nowMs - this.#pingedMs < PING_EVERY_MS) return;
    this.#pingedMs = nowMs;
    const isSent = http2.ping((error) => {
      if (error === null) this.#pingDeadline.clear();
    });
    if (isSent) this.#pingDeadline.set(PING_MS);
  }

  /** No new streams; ends when the last one does. @param connectMs what it has left when it is still connecting */
  retire(connectMs: number): void {
    if (this.#state === 'connecting') this.#deadline.set(connectMs);
    if (this.#state !== 'open') return;
    this.#state = 'draining';
    if (this.#streams.size === 0) this.destroy();
  }

  /** Cuts everything on it. */
  destroy(): void {
    // What is destroyed without an error ends in order, for node:http2: the streams must know better.
    if (this.#streams.size > 0) this.#onLost('it was cut');
    this.#dial.cancel();
    this.#http2?.destroy();
    this.#close(undefined);
  }

  onDialled(socket: Socket): void {
    try {
      this.#begin(socket);
    } catch (error) {
      this.#context.log.error({ err: error, backend: this.where }, 'a session of HTTP/2 could not be begun');
      socket.destroy();
      this.#close(new ProxyError('upstream-refused', this.where, { cause: error }));
    }
  }

  onDialFailed(error: ProxyError): void {
    this.#close(error);
  }

  /** The request waits for the SETTINGS of the backend: they prove that it speaks HTTP/2, and say how many it takes at a time. */
  #begin(socket: Socket): void {
    this.#socket = socket;
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    // Before node:http2 hears it, which then closes every stream as if the backend had cancelled it.
    socket.once('close', () => {
      this.#onLost('the connection ended');
      for (const stream of this.#streams) stream.onConnectionLost();
    });
    const http2 = connect(AUTHORITY, { ...sessionOptions(this.#limits), createConnection: () => socket });
    this.#http2 = http2;
    http2.on('error', (error: NodeJS.ErrnoException) => this.#onLost(error.code ?? error.message));
    http2.on('goaway', (code: number, lastStreamId: number) => this.#onGoaway(code, lastStreamId));
    http2.once('connect', () => http2.setLocalWindowSize(SESSION_WINDOW_BYTES));
    http2.on('remoteSettings', () => this.#onSettings());
    http2.once('close', () => this.#close(this.#neverOpened()));
    // No push was allowed.
    http2.on('stream', (pushed) => pushed.close(constants.NGHTTP2_REFUSED_STREAM));
  }

  #onSettings(): void {
    if (this.#state === 'connecting') {
      this.#state = 'open';
      this.#heardMs = performance.now();
      this.#rest();
      this.#owner.onSessionOpen(this);
    } else if (this.#state === 'open') {
      this.#owner.onSessionRoom(this);
    }
  }

  #onGoaway(code: number, lastStreamId: number): void {
    this.#lastProcessedId = Math.min(this.#lastProcessedId, lastStreamId);
    if (code !== constants.NGHTTP2_NO_ERROR) this.#onLost(`GOAWAY with code ${code}`);
    if (this.#state === 'open') this.#state = 'draining';
    // node:http2 closes the session when its streams are over, and destroys it by itself when the code is an error.
  }

  #onLost(reason: string): void {
    if (this.#lossReason === '') this.#lossReason = reason;
  }

  #lose(reason: string): void {
    this.#onLost(reason);
    this.destroy();
  }

  #neverOpened(): ProxyError | undefined {
    if (this.#state !== 'connecting') return undefined;
    const reason = this.#lossReason === '' ? 'the connection ended' : this.#lossReason;
    return new ProxyError('upstream-refused', `${this.where}: no session of HTTP/2: ${reason}`);
  }

  #onDeadline(): void {
    if (this.#state !== 'connecting') {
      if (this.#streams.size === 0) this.destroy();
      return;
    }
    const error = new ProxyError('upstream-connect-timeout', `${this.where}: no session of HTTP/2 in time`);
    this.#dial.cancel();
    this.#http2?.destroy();
    this.#close(error);
  }

  /** A session with one client's name is for one request; another one waits for the next. */
  #rest(): void {
    if (this.#state === 'draining' || (this.isOneClients && this.#streamsEver > 0)) this.destroy();
    else this.#deadline.set(this.#limits.upstreamKeepAliveMs);
  }

  #silentMs(): number {
    const bytesRead = this.#socket?.bytesRead ?? 0;
    const nowMs = performance.now();
    if (bytesRead !== this.#heardBytes) {
      this.#heardBytes = bytesRead;
      this.#heardMs = nowMs;
    }
    return nowMs - this.#heardMs;
  }

  #close(error: ProxyError | undefined): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#deadline.dispose();
    this.#pingDeadline.dispose();
    this.#owner.onSessionClosed(this, error);
  }
}
