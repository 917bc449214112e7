import { type Backend, type Limits, ProxyError } from '@dproxy/core';
import type { UpstreamContext } from '../upstream-connection.ts';
import type { UpstreamStreamUser } from '../upstream-stream.ts';
import { Http2Session, type SessionOwner } from './http2-session.ts';
import { Http2Stream } from './http2-stream.ts';

export interface StreamRequest {
  readonly connectMs: number;
  /** No session that was there already will do. */
  readonly isNew: boolean;
  /** Undefined: the backend expects none. */
  readonly proxyHeader: Buffer | undefined;
}

interface Waiting {
  readonly stream: Http2Stream;
  readonly connectMs: number;
  /** Of the oldest session that will do, on the clock of `performance.now`. */
  readonly sinceMs: number;
}

/** Enough for thousands of streams that stay open for hours; a backend that takes one at a time gets no more connections. */
const MAX_SESSIONS = 32;
/** What a session is expected to take while it does not say (the least that RFC 9113 section 6.5.2 recommends). */
const EXPECTED_STREAMS = 100;
/** Requests of one worker that wait for room at one backend. */
const MAX_WAITING = 4_096;

/**
 * The sessions to one backend of HTTP/2: as few as have room for what is asked. Whoever finds no room waits, until its own
 * connect deadline; a session more is opened only when those that are there or on their way will not do.
 */
export class Http2Sessions implements SessionOwner {
  readonly #backend: Backend;
  readonly #context: UpstreamContext;
  readonly #sessions = new Set<Http2Session>();
  /** In order of arrival. */
  readonly #waiting = new Map<Http2Stream, Waiting>();
  /** Sessions that name a client, with the stream that they are for. */
  readonly #oneClients = new Map<Http2Session, Http2Stream>();
  #limits: Limits;
  #isRetired = false;

  constructor(backend: Backend, context: UpstreamContext, limits: Limits) {
    this.#backend = backend;
    this.#context = context;
    this.#limits = limits;
  }

  get idleCount(): number {
    return [...this.#sessions].filter(({ isIdle }) => isIdle).length;
  }

  /** Requests on the way, and those that wait for room. */
  get active(): number {
    let active = this.#waiting.size;
    for (const session of this.#sessions) active += session.active;
    return active;
  }

  get openCount(): number {
    return this.#sessions.size;
  }

  setLimits(limits: Limits): void {
    this.#limits = limits;
  }

  /** @throws ProxyError `upstream-refused` when too many wait already */
  open(user: UpstreamStreamUser, { connectMs, isNew, proxyHeader }: StreamRequest): Http2Stream {
    const stream = new Http2Stream({
      user,
      limits: this.#limits,
      wheel: this.#context.wheel,
      onGivenUp: (given) => this.#forget(given),
    });
    if (proxyHeader !== undefined) {
      this.#oneClients.set(this.#connect(connectMs, proxyHeader), stream);
      return stream;
    }
    const sinceMs = isNew ? performance.now() : Number.NEGATIVE_INFINITY;
    const session = this.#waiting.size === 0 ? this.#withRoom(sinceMs) : undefined;
    if (session === undefined) this.#wait({ stream, connectMs, sinceMs });
    else stream.over(session);
    return stream;
  }

  /** Who waits for room finds none any more, unless in a session that is being made. @param connectMs what those are given */
  retire(connectMs: number): void {
    this.#isRetired = true;
    for (const session of this.#sessions) session.retire(connectMs);
    const patienceMs = this.#isConnecting ? connectMs : 0;
    for (const stream of this.#waiting.keys()) stream.deadline.set(patienceMs);
  }

  destroy(): void {
    this.retire(0);
    for (const session of this.#sessions) session.destroy();
  }

  onSessionOpen(session: Http2Session): void {
    const own = this.#oneClients.get(session);
    if (own === undefined) {
      this.#resume();
    } else {
      this.#oneClients.delete(session);
      own.over(session);
      own.ready();
    }
    if (this.#isRetired) session.retire(0);
  }

  onSessionRoom(session: Http2Session): void {
    if (!session.isOneClients) this.#resume();
  }

  onSessionClosed(session: Http2Session, error: ProxyError | undefined): void {
    this.#sessions.delete(session);
    const own = this.#oneClients.get(session);
    this.#oneClients.delete(session);
    const reason = error ?? new ProxyError('upstream-refused', `${session.where}: the session has ended`);
    if (own !== undefined) own.fail(reason);
    // Where no session can be had now, nobody waits for the next attempt: another replica may answer at once.
    else if (error !== undefined) this.#turnAllAway(error);
    else this.#resume();
  }

  #wait(waiting: Waiting): void {
    if (this.#waiting.size >= MAX_WAITING) {
      throw new ProxyError('upstream-refused', `${MAX_WAITING} requests wait for a session of HTTP/2 already`);
    }
    this.#waiting.set(waiting.stream, waiting);
    waiting.stream.deadline.set(waiting.connectMs);
    this.#connectMore();
  }

  #forget(stream: Http2Stream): void {
    this.#waiting.delete(stream);
    for (const [session, own] of this.#oneClients) if (own === stream) session.destroy();
  }

  /** Only those that wait now: what they do next may be to wait again. */
  #turnAllAway(error: ProxyError): void {
    const streams = [...this.#waiting.keys()];
    for (const stream of streams) if (this.#waiting.delete(stream)) stream.fail(error);
  }

  /** Gives what room there is to who waits, and opens sessions for the others. */
  #resume(): void {
    for (const { stream, sinceMs } of this.#waiting.values()) {
      const session = this.#withRoom(sinceMs);
      // Those that need a new session may be followed by some that do not.
      if (session === undefined && sinceMs < 0) break;
      if (session === undefined || !this.#waiting.delete(stream)) continue;
      stream.over(session);
      stream.ready();
    }
    if (!this.#isRetired) this.#connectMore();
    else if (!this.#isConnecting) this.#turnAllAway(new ProxyError('upstream-refused', 'it leaves, and has no room'));
  }

  get #isConnecting(): boolean {
    return [...this.#sessions].some(({ state }) => state === 'connecting');
  }

  /** The first one: the last ones are left to run out of time when there is less to do. */
  #withRoom(sinceMs: number): Http2Session | undefined {
    for (const session of this.#sessions) {
      if (session.room > 0 && session.startedMs >= sinceMs && !session.isOneClients) return session;
    }
    return undefined;
  }

  #connectMore(): void {
    let expected = 0;
    for (const { state, isOneClients } of this.#sessions) {
      if (state === 'connecting' && !isOneClients) expected += EXPECTED_STREAMS;
    }
    for (const { connectMs } of this.#waiting.values()) {
      if (this.#waiting.size <= expected || this.#sessions.size >= MAX_SESSIONS) return;
      this.#connect(connectMs, undefined);
      expected += EXPECTED_STREAMS;
    }
  }

  #connect(connectMs: number, proxyHeader: Buffer | undefined): Http2Session {
    const session = new Http2Session(this.#backend, this.#context, {
      owner: this,
      limits: this.#limits,
      connectMs,
      proxyHeader,
    });
    this.#sessions.add(session);
    return session;
  }
}
