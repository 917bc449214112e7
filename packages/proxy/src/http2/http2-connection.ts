import { constants, performServerHandshake, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { ERRORS, type Listener, ProxyError } from '@dproxy/core';
import type { DeadlineOwner } from '../deadline-wheel.ts';
import { ClientView } from '../downstream/client-view.ts';
import type { Chosen, ClientConnection, DownstreamOptions, DownstreamOwner } from '../downstream/downstream-owner.ts';
import { Patience } from '../downstream/patience.ts';
import { guard } from '../downstream/socket-events.ts';
import { fieldPairs } from '../http1/field-pairs.ts';
import type { Services } from '../services.ts';
import { GlitchCounter } from './glitch-counter.ts';
import { type Http2Request, readRequestHead } from './request-head.ts';
import { sessionOptions } from './session-options.ts';
import { StreamDownstream, type StreamOwner } from './stream-downstream.ts';

/**
 *     open --drain--> leaving --a moment--> closing --last stream--> closed
 *       \--idle--------------------------------^                      ^
 *        \--one glitch too many, the socket's end--------------------/
 *
 * `leaving`: GOAWAY has told the client to go elsewhere and which stream was the last one that is served; what it had on its
 * way then it may repeat there, also what is not idempotent (RFC 9113 section 6.8). The connection stays for a moment, so that
 * it reads that. (A GOAWAY with the highest id would be kinder, but nghttp2 takes no stream behind any GOAWAY of Node's.)
 * `closing`: it ends with its last stream.
 */
type State = 'open' | 'leaving' | 'closing' | 'closed';

/** What an idle client may take to read that it shall go (threats: listening and drain). */
const LEAVING_MS = 1_500;

/** One connection of a client that speaks HTTP/2. Its streams do the work; this one counts, limits and ends them. */
export class Http2Connection implements ClientConnection, StreamOwner, DeadlineOwner {
  readonly chosenRoute = undefined;
  readonly services: Services;
  readonly #socket: TLSSocket;
  readonly #session: ServerHttp2Session;
  readonly #owner: DownstreamOwner;
  readonly #view: ClientView;
  readonly #patience: Patience;
  readonly #glitches: GlitchCounter;
  readonly #streams = new Set<StreamDownstream>();
  #state: State = 'open';
  #requests = 0;
  #settings = 0;
  /** When the last answer was with the kernel, on the clock of `performance.now`. */
  #answeredMs = Number.NEGATIVE_INFINITY;

  /** @throws what Node throws when the socket is gone already */
  constructor(socket: TLSSocket, options: DownstreamOptions) {
    this.services = options.services;
    this.#socket = socket;
    this.#owner = options.owner;
    this.#view = new ClientView(options);
    const { limits } = this.#view;
    this.#patience = new Patience(options.services.wheel, this);
    this.#glitches = new GlitchCounter(limits.http2Glitches, limits.http2GlitchesPerSecond, performance.now());
    this.#session = performServerHandshake(socket, sessionOptions(limits));
    this.#listen();
    // Only tls.Server says it of its sockets; here the handshake was ours (listeners/tls-handshake.ts).
    if (this.#session.connecting) socket.emit('secureConnect');
    this.#session.setLocalWindowSize(limits.http2ConnectionWindowBytes);
    this.#patience.expect('idle', limits.keepAliveMs);
  }

  get listener(): Listener {
    return this.#owner.listener;
  }

  get isClosing(): boolean {
    return (this.#state === 'closing' || this.#state === 'closed') && this.#streams.size === 0;
  }

  serve(socket: Duplex, chosen: Chosen): void {
    this.#owner.serve(socket, chosen);
  }

  // ---- what comes from the client

  /** Every callback of session and socket is a boundary: what it throws ends the connection, not the worker (threats: row 54). */
  #listen(): void {
    const session = this.#session;
    // For life: it tells nothing that `close` does not.
    session.on('error', () => undefined);
    session.on('stream', (stream, _fields, flags, raw) => {
      stream.on('error', () => undefined);
      guard(this, () => this.#onStream(stream, raw, (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0));
    });
    // Frames that ask for an answer and carry nothing.
    session.on('ping', () => guard(this, () => this.#onGlitch()));
    session.on('remoteSettings', () => guard(this, () => this.#onSettings()));
    this.#socket.on('end', () => guard(this, () => this.#onEnd()));
    this.#socket.on('close', () => guard(this, () => this.#onClose()));
  }

  #onStream(stream: ServerHttp2Stream, raw: readonly string[], isEnd: boolean): void {
    if (this.#state === 'closed') return;
    // Taken back in the same breath.
    if (stream.destroyed || stream.closed) {
      this.#onGlitch();
      return;
    }
    const startedMs = performance.now();
    this.#view.refresh();
    const { peer, limits } = this.#view;
    const request = this.#readHead(stream, raw, isEnd);
    if (request === undefined) return;
    const downstream = new StreamDownstream(stream, request, { owner: this, peer, limits, startedMs });
    this.#streams.add(downstream);
    this.#patience.clear('idle');
    this.#requests++;
    if (this.#requests >= limits.requestsPerConnection) this.drain();
    downstream.start();
  }

  #readHead(stream: ServerHttp2Stream, raw: readonly string[], isEnd: boolean): Http2Request | undefined {
    try {
      return readRequestHead(raw, isEnd, this.#view.limits);
    } catch (error) {
      if (!(error instanceof ProxyError)) throw error;
      this.#refuse(stream, error);
      return undefined;
    }
  }

  /** An answer to something that is no request: as text, since nothing is known of what the client accepts. */
  #refuse(stream: ServerHttp2Stream, error: ProxyError): void {
    const { services } = this;
    services.counters.countError(error.code);
    const { code, detail, status } = error;
    services.log.debug({ code, detail, client: this.#view.peer.address }, error.message);
    const { message } = ERRORS[code];
    const requestId = services.nextRequestId();
    const page = this.#view.compiled.pages.render({ status, message, accept: 'text/plain', requestId, method: 'GET' });
    stream.respond(fieldPairs(page.headers, [':status', String(page.status)]));
    stream.end(page.body);
    stream.close(constants.NGHTTP2_NO_ERROR);
    this.#onGlitch();
  }

  #onSettings(): void {
    this.#settings++;
    // The first is the client's greeting.
    if (this.#settings > 1) this.#onGlitch();
  }

  onStreamClosed(stream: StreamDownstream, isCutShort: boolean): void {
    this.#streams.delete(stream);
    this.#answeredMs = performance.now();
    if (this.#state === 'closed') return;
    if (this.#streams.size === 0) this.#onIdle();
    if (isCutShort) this.#onGlitch();
  }

  onStreamStuck(): void {
    this.#socket.destroy();
  }

  #onGlitch(): void {
    if (this.#state === 'closed' || !this.#glitches.add(performance.now())) return;
    this.services.counters.countError('too-many-glitches');
    const { address } = this.#view.peer;
    this.services.log.info({ code: 'too-many-glitches', client: address }, ERRORS['too-many-glitches'].message);
    this.#end(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }

  /**
   * The client has ended its side. Unlike one of HTTP/1.1 (docs/adr/0003) it cannot go on reading: it could open no window any
   * more. So it is gone, and what it has asked for ends at once.
   */
  #onEnd(): void {
    if (this.#streams.size > 0) this.#socket.destroy();
    else this.#closeSession();
  }

  #onClose(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#patience.dispose();
    this.#session.destroy();
    this.#owner.onDownstreamClosed(this);
  }

  onThrown(error: unknown): void {
    this.services.log.error({ err: error, client: this.#view.peer.address }, 'a client connection broke off');
    this.#socket.destroy();
  }

  // ---- how the connection ends

  drain(): void {
    // Node ends a session by itself when its client breaks the protocol.
    if (this.#state !== 'open' || this.#session.destroyed) return;
    this.#state = 'leaving';
    this.#session.goaway(constants.NGHTTP2_NO_ERROR);
    this.#patience.expect('drain', LEAVING_MS);
  }

  onDeadline(): void {
    guard(this, () => this.#onWaitedEnough());
  }

  #onWaitedEnough(): void {
    switch (this.#patience.wait) {
      case 'idle':
      case 'drain':
        this.#closeSession();
        return;
      case 'linger':
        this.#socket.destroy();
        return;
      case 'half-closed':
      case 'head':
      case 'body':
      case 'stall':
        return;
      default:
        this.#patience.wait satisfies never;
    }
  }

  #onIdle(): void {
    if (this.#state === 'closing' || this.#session.destroyed) this.#waitForEnd();
    else if (this.#state === 'open') this.#patience.expect('idle', this.#view.limits.keepAliveMs);
  }

  /** GOAWAY, and when the running streams have ended, Node ends the connection. */
  #closeSession(): void {
    if (this.#state === 'closing' || this.#state === 'closed') return;
    this.#state = 'closing';
    this.#session.close();
    if (this.#streams.size === 0) this.#waitForEnd();
  }

  /**
   * Our side has ended. A client that reads slowly has its last answer still to come, and opens windows on the way: those would
   * meet a closed socket and draw a reset, which takes the rest of the answer away. So its own end is waited for, as long as any
   * answer may take.
   */
  #waitForEnd(): void {
    const { lingerMs, writeStallMs } = this.#view.limits;
    const agoMs = performance.now() - this.#answeredMs;
    this.#patience.expect('linger', Math.max(lingerMs, writeStallMs - agoMs));
  }

  #end(code: number): void {
    this.#state = 'closing';
    this.#session.destroy(new Error('too many glitches'), code);
    // An abuser gets the time to read why, and no more.
    this.#patience.expect('linger', this.#view.limits.lingerMs);
  }
}
