import type { Duplex } from 'node:stream';
import { ProxyError } from '@dproxy/core';
import { MemorySocket } from '../application/index.ts';
import type { Peer } from '../client/peer.ts';
import { PluginPeer, type PluginSender } from '../client/plugin-peer.ts';
import type { CompiledRoute } from '../compiled-route.ts';
import type { DeadlineOwner } from '../deadline-wheel.ts';
import type { Downstream } from '../exchange/downstream.ts';
import { Exchange } from '../exchange/exchange.ts';
import type { RequestHead } from '../http1/index.ts';
import type { Services } from '../services.ts';
import type { Tunnel } from '../tunnel/tunnel.ts';
import { ClientSocket } from './client-socket.ts';
import { ClientView } from './client-view.ts';
import type { ClientConnection, DownstreamOptions, DownstreamOwner } from './downstream-owner.ts';
import { Http1Response } from './http1-response.ts';
import { LingeringClose } from './lingering-close.ts';
import { Patience } from './patience.ts';
import { refusalText } from './refusal.ts';
import { RequestBody } from './request-body.ts';
import { RequestReader } from './request-reader.ts';
import { ResponseOutlet } from './response-outlet.ts';
import { guard, listenTo, type SocketEvents } from './socket-events.ts';

/**
 *     idle --bytes--> head --head complete--> exchange --response written--> idle
 *       \               \                       |  \--101--> tunnel
 *        \---------------\----------------------\--> closing --> closed
 */
type State = 'idle' | 'head' | 'exchange' | 'tunnel' | 'closing' | 'closed';

/** A client that is about to use its idle connection shall not run into its end (threats: listening and drain). */
const DRAIN_IDLE_MS = 1_500;

/** One connection of a client that speaks HTTP/1.1: reads requests one after another, and carries one exchange at a time. */
export class DownstreamConnection implements ClientConnection, Downstream, DeadlineOwner, SocketEvents {
  readonly isEncrypted: boolean;
  readonly isHttp2 = false;
  readonly chosenRoute: CompiledRoute | undefined;
  readonly tunnelClient: ClientSocket;
  readonly out: Http1Response;
  /** Of the current request; undefined when it has none. */
  body: RequestBody | undefined;
  readonly #socket: ClientSocket;
  readonly #services: Services;
  readonly #owner: DownstreamOwner;
  readonly #view: ClientView;
  readonly #patience: Patience;
  readonly #outlet: ResponseOutlet;
  readonly #reader: RequestReader;
  #state: State = 'idle';
  #exchange: Exchange | undefined;
  #tunnel: Tunnel | undefined;
  #farewell: LingeringClose | undefined;
  #isInLoop = false;

  constructor(socket: Duplex, options: DownstreamOptions) {
    const { owner, services, chosen } = options;
    this.#socket = new ClientSocket(socket, services);
    this.tunnelClient = this.#socket;
    this.#services = services;
    this.#owner = owner;
    this.#view = new ClientView(options);
    this.isEncrypted = owner.listener.protocol === 'https';
    this.chosenRoute = chosen?.route;
    this.#patience = new Patience(services.wheel, this);
    this.#reader = new RequestReader(this.#view);
    this.#outlet = new ResponseOutlet(this.#socket, this.#patience, this.#view);
    this.out = new Http1Response(this.#outlet);
    this.#waitForRequest();
    listenTo(socket, this);
  }

  get peer(): Peer {
    return this.#view.peer;
  }

  get listenerId(): string {
    return this.#owner.listener.id;
  }

  get mayKeepAlive(): boolean {
    return !this.#isLeaving && this.#reader.count < this.#view.limits.requestsPerConnection;
  }

  get isHalfClosed(): boolean {
    return this.#outlet.isHalfClosed;
  }

  get isClosing(): boolean {
    return this.#state === 'closing';
  }

  /** The worker, or this listener, is going away. */
  get #isLeaving(): boolean {
    return this.#services.isDraining || this.#owner.isDraining;
  }

  // ---- what comes from the client

  onData(chunk: Buffer): void {
    this.#services.counters.bytesIn += chunk.length;
    const { input } = this.#reader;
    switch (this.#state) {
      case 'idle':
      case 'head':
        input.append(chunk);
        this.#next();
        return;
      case 'exchange':
        input.append(chunk);
        this.body?.pump();
        if (input.length >= this.#view.limits.bufferBytes) this.#socket.pause();
        return;
      case 'tunnel':
        this.#tunnel?.onClientData(chunk);
        return;
      case 'closing':
        this.#farewell?.onData(chunk.length);
        return;
      case 'closed':
        return;
      default:
        this.#state satisfies never;
    }
  }

  onEnd(): void {
    switch (this.#state) {
      case 'idle':
      case 'head':
        this.#outlet.onEnd();
        // A head that never gets whole; else requests that wait until their client has read.
        if (this.#state === 'head' || this.#reader.input.length === 0) this.#close();
        return;
      case 'exchange':
        this.#outlet.onEndOfRequests();
        this.body?.onEnd();
        return;
      case 'tunnel':
        this.#tunnel?.onClientEnd();
        return;
      case 'closing':
      case 'closed':
        return;
      default:
        this.#state satisfies never;
    }
  }

  onDrain(): void {
    this.#outlet.onDrain();
    switch (this.#state) {
      case 'idle':
        this.#waitForRequest();
        this.#next();
        return;
      case 'exchange':
        this.body?.startWindow();
        this.#exchange?.onDownstreamDrain();
        return;
      case 'tunnel':
        this.#tunnel?.onClientDrain();
        return;
      case 'head':
      case 'closing':
      case 'closed':
        return;
      default:
        this.#state satisfies never;
    }
  }

  onClose(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#patience.dispose();
    this.#reader.input.clear();
    this.#owner.onDownstreamClosed(this);
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.onDownstreamClosed('client-gone');
    this.#tunnel?.onClientClosed();
    this.#tunnel = undefined;
  }

  /** One request of death ends one connection, not the worker (threats: row 54). */
  onThrown(error: unknown): void {
    this.#services.log.error({ err: error, client: this.#view.peer.address }, 'a client connection broke off');
    this.#socket.destroy();
  }

  // ---- one request after another

  /** A loop, not a recursion: a client may have sent a thousand requests that are answered at once. */
  #next(): void {
    if (this.#isInLoop) return;
    this.#isInLoop = true;
    try {
      while ((this.#state === 'idle' || this.#state === 'head') && this.#reader.input.length > 0) {
        if (this.#socket.needsDrain) {
          this.#waitForReader();
          return;
        }
        if (!this.#beginExchange()) return;
      }
      if (this.#outlet.isHalfClosed && this.#state === 'idle') this.#close();
    } finally {
      this.#isInLoop = false;
    }
  }

  /** It sends and does not read. Nothing more is taken of it, or its pipeline would fill the memory; sending wins no time. */
  #waitForReader(): void {
    this.#socket.pause();
    if (!this.#patience.isFor('stall')) this.#outlet.waitForReader();
  }

  /** @returns false when the head is not complete */
  #beginExchange(): boolean {
    if (this.#state === 'idle') this.#reader.begin();
    const head = this.#readHead();
    if (head === undefined) {
      this.#waitForHead();
      return false;
    }
    this.#state = 'exchange';
    this.#outlet.onRequest();
    this.body = RequestBody.of(head, {
      socket: this.#socket,
      input: this.#reader.input,
      patience: this.#patience,
      limits: this.#view.limits,
      isAtEnd: this.#outlet.isHalfClosed,
      onCutShort: () => this.#abandon('client-gone'),
    });
    const exchange = new Exchange(this, head, this.#services, this.#reader.startedMs);
    this.#exchange = exchange;
    this.body?.belongTo(exchange);
    exchange.start();
    return true;
  }

  #readHead(): RequestHead | undefined {
    try {
      return this.#reader.readHead();
    } catch (error) {
      if (!(error instanceof ProxyError)) throw error;
      this.#refuse(error);
      return undefined;
    }
  }

  #waitForHead(): void {
    if (this.#state === 'idle') {
      this.#state = 'head';
      this.#patience.expect('head', this.#view.limits.headMs);
    }
    if (this.#outlet.isHalfClosed) this.#close();
  }

  #waitForRequest(): void {
    this.#state = 'idle';
    if (this.#isLeaving) this.#patience.expect('drain', DRAIN_IDLE_MS);
    else this.#patience.expect('idle', this.#view.limits.keepAliveMs);
    this.#socket.resume();
  }

  /** An answer to something that is no request. */
  #refuse(error: ProxyError): void {
    this.#state = 'exchange';
    this.#services.counters.countError(error.code);
    const { code, detail, message } = error;
    this.#services.log.debug({ code, detail, client: this.#view.peer.address }, message);
    this.#outlet.writeText(refusalText(error, this.#view.compiled, this.#services.nextRequestId()));
    this.#close();
  }

  // ---- how an exchange ends

  finish(keepAlive: boolean): void {
    this.#exchange = undefined;
    if (this.#state !== 'exchange') return;
    if (!keepAlive || this.out.isEndByClose) {
      this.#close();
      return;
    }
    this.#waitForRequest();
    this.#next();
  }

  cut(): void {
    this.#exchange = undefined;
    // A plain close would look like the end of such a body.
    if (this.out.isEndByClose) this.#socket.reset();
    else this.#socket.destroy();
  }

  startTunnel(tunnel: Tunnel): Buffer {
    this.#exchange = undefined;
    this.#tunnel = tunnel;
    this.#state = 'tunnel';
    this.#patience.clear();
    this.#socket.keepProbing();
    const early = this.#reader.input.take();
    this.#socket.resume();
    // A client that has half-closed already: its end must reach the backend behind its last bytes.
    if (this.#outlet.isHalfClosed) queueMicrotask(() => guard(this, () => tunnel.onClientEnd()));
    return early;
  }

  forward(route: CompiledRoute, sender: PluginSender): Duplex {
    const { address } = this.#view.peer;
    const [near, far] = MemorySocket.pair({ remoteAddress: address, remotePort: 0, encrypted: this.isEncrypted });
    this.#owner.serve(far, { route, peer: new PluginPeer(this.#view.peer, sender) });
    return near;
  }

  // ---- how the connection ends

  drain(): void {
    if (this.#state === 'idle' && !this.#patience.isFor('stall')) this.#waitForRequest();
  }

  /** Ends it now, whatever it does. */
  destroy(): void {
    this.#socket.destroy();
  }

  onDeadline(): void {
    guard(this, () => this.#onWaitedEnough());
  }

  #onWaitedEnough(): void {
    switch (this.#patience.wait) {
      case 'idle':
      case 'drain':
        if (this.#state === 'idle') this.#close();
        return;
      case 'head':
        this.#refuse(new ProxyError('head-timeout'));
        return;
      case 'body':
        this.body?.onWindowEnd();
        return;
      case 'stall':
        this.#abandon('client-stalled');
        return;
      case 'half-closed':
        this.#abandon('client-gone');
        return;
      case 'linger':
        this.#socket.destroy();
        return;
      default:
        this.#patience.wait satisfies never;
    }
  }

  #abandon(code: 'client-gone' | 'client-stalled'): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.onDownstreamClosed(code);
    this.#socket.destroy();
  }

  #close(): void {
    if (this.#state === 'closing') return;
    this.#state = 'closing';
    this.body?.drop();
    this.#reader.input.clear();
    this.#farewell = LingeringClose.begin(this.#socket, this.#patience, this.#view.limits);
  }
}
