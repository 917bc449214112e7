import type { Duplex } from 'node:stream';
import { ProxyError } from '@dproxy/core';
import { MemorySocket } from '../application/index.ts';
import type { CompiledRoute } from '../compiled-snapshot.ts';
import type { DeadlineOwner } from '../deadline-wheel.ts';
import type { Downstream } from '../exchange/downstream.ts';
import { Exchange } from '../exchange/exchange.ts';
import { HeadProgress, parseRequestHead } from '../http1/index.ts';
import type { Services } from '../services.ts';
import type { Tunnel } from '../tunnel/tunnel.ts';
import { ClientSocket } from './client-socket.ts';
import { ClientView } from './client-view.ts';
import type { DownstreamOptions, DownstreamOwner } from './downstream-owner.ts';
import { Input } from './input.ts';
import { LingeringClose } from './lingering-close.ts';
import { Patience } from './patience.ts';
import { type Peer, PluginPeer } from './peer.ts';
import { refusalText } from './refusal.ts';
import { RequestBody } from './request-body.ts';

/**
 *     idle --bytes--> head --head complete--> exchange --response written--> idle
 *       \               \                       |  \--101--> tunnel
 *        \---------------\----------------------\--> closing --> closed
 */
type State = 'idle' | 'head' | 'exchange' | 'tunnel' | 'closing' | 'closed';

/**
 * How long the request of a client that has ended its side is still worked on without a byte for it. A client that is gone
 * looks the same as one that has only finished sending; the difference shows when something is written to it.
 */
const HALF_CLOSED_MS = 500;
/** A client that is about to use its idle connection shall not run into its end (threats: listening and drain). */
const DRAIN_IDLE_MS = 1_500;

/** One connection of a client that speaks HTTP/1.1: reads requests one after another, and carries one exchange at a time. */
export class DownstreamConnection implements Downstream, DeadlineOwner {
  readonly isEncrypted: boolean;
  readonly chosenRoute: CompiledRoute | undefined;
  readonly tunnelClient: ClientSocket;
  readonly #socket: ClientSocket;
  readonly #services: Services;
  readonly #owner: DownstreamOwner;
  readonly #view: ClientView;
  readonly #patience: Patience;
  readonly #input = new Input();
  readonly #progress = new HeadProgress();
  #state: State = 'idle';
  #exchange: Exchange | undefined;
  #tunnel: Tunnel | undefined;
  /** Undefined when the request has none. */
  #body: RequestBody | undefined;
  #isHalfClosed = false;
  #isInLoop = false;
  #requests = 0;
  #requestStartedMs = 0;
  #farewell: LingeringClose | undefined;

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
    this.#patience.expect('idle', this.#view.limits.keepAliveMs);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      try {
        this.#onData(chunk);
      } catch (error) {
        this.#breakOff(error);
      }
    });
    socket.on('end', () => this.#guard(() => this.#onEnd()));
    socket.on('drain', () => this.#guard(() => this.#onDrain()));
    socket.on('close', () => this.#guard(() => this.#onClose()));
  }

  get peer(): Peer {
    return this.#view.peer;
  }

  get listenerId(): string {
    return this.#owner.listener.id;
  }

  get isRequestComplete(): boolean {
    return this.#body === undefined || this.#body.isDone;
  }

  get hasBodyWaiting(): boolean {
    return this.#input.length > 0;
  }

  get mayKeepAlive(): boolean {
    return (
      !this.#services.isDraining && !this.#owner.isDraining && this.#requests < this.#view.limits.requestsPerConnection
    );
  }

  get holdsBytes(): boolean {
    return this.#socket.holdsBytes;
  }

  /** Its last answer is written: nothing is lost when it ends. */
  get isClosing(): boolean {
    return this.#state === 'closing';
  }

  // ---- accept: one request after another

  #onData(chunk: Buffer): void {
    this.#services.counters.bytesIn += chunk.length;
    switch (this.#state) {
      case 'idle':
      case 'head':
        this.#input.append(chunk);
        this.#next();
        return;
      case 'exchange':
        this.#input.append(chunk);
        this.#body?.pump();
        if (this.#input.length >= this.#view.limits.bufferBytes) this.#socket.pause();
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

  /** A loop, not a recursion: a client may have sent a thousand requests that are answered at once. */
  #next(): void {
    if (this.#isInLoop) return;
    this.#isInLoop = true;
    try {
      while ((this.#state === 'idle' || this.#state === 'head') && this.#input.length > 0) {
        if (this.#socket.needsDrain) {
          this.#waitForReader();
          return;
        }
        if (!this.#beginExchange()) return;
      }
      if (this.#isHalfClosed && this.#state === 'idle') this.#close();
    } finally {
      this.#isInLoop = false;
    }
  }

  /** It sends and does not read. Nothing more is taken of it, or its pipeline would fill the memory; sending wins no time. */
  #waitForReader(): void {
    this.#socket.pause();
    if (!this.#patience.isFor('stall')) this.#waitForDrain();
  }

  /** @returns false when the head is not complete */
  #beginExchange(): boolean {
    this.#view.refresh();
    if (this.#state === 'idle') this.#requestStartedMs = performance.now();
    const input = this.#input;
    const head = this.#parse();
    if (head === undefined) {
      if (this.#state === 'idle') this.#patience.expect('head', this.#view.limits.headMs);
      if (this.#state === 'idle') this.#state = 'head';
      if (this.#isHalfClosed) this.#close();
      return false;
    }
    input.consumeTo(input.start + head.byteLength);
    this.#state = 'exchange';
    this.#requests++;
    this.#patience.clear();
    this.#body = RequestBody.of(head, {
      socket: this.#socket,
      input,
      patience: this.#patience,
      limits: this.#view.limits,
    });
    this.#exchange = new Exchange(this, head, this.#services, this.#requestStartedMs);
    this.#exchange.start();
    return true;
  }

  #parse() {
    const { bytes, start, end } = this.#input;
    try {
      return parseRequestHead(bytes, start, end, this.#view.limits, this.#progress);
    } catch (error) {
      if (!(error instanceof ProxyError)) throw error;
      this.#refuse(error);
      return undefined;
    }
  }

  // ---- the body of the request

  openBody(): void {
    if (this.#exchange !== undefined) this.#body?.open(this.#exchange);
    this.#endOfBody();
  }

  holdBody(): void {
    this.#body?.hold();
  }

  pauseBody(): void {
    this.#body?.pause();
  }

  resumeBody(): void {
    this.#body?.resume();
    this.#endOfBody();
  }

  /** A request never ends by EOF (CVE-2026-2835): who has ended its side and owes bytes has gone. */
  #endOfBody(): void {
    if (this.#isHalfClosed && this.#body?.isStarving === true) this.#abandon('client-gone');
  }

  // ---- the response

  writeText(latin1: string): boolean {
    if (this.#isHalfClosed) this.#showLife();
    return this.#socket.writeText(latin1) || this.#waitForDrain();
  }

  writeBytes(bytes: Buffer): boolean {
    if (this.#isHalfClosed) this.#showLife();
    return this.#socket.writeBytes(bytes) || this.#waitForDrain();
  }

  /** Whoever has gone away answers the next bytes with a reset: so the client may be silent while it is written to. */
  #showLife(): void {
    if (this.#patience.isFor('half-closed')) this.#patience.expect('half-closed', HALF_CLOSED_MS);
  }

  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
  }

  #waitForDrain(): false {
    this.#patience.expect('stall', this.#view.limits.writeStallMs);
    return false;
  }

  #onDrain(): void {
    this.#patience.clear('stall');
    switch (this.#state) {
      case 'exchange':
        if (this.#isHalfClosed) this.#patience.expect('half-closed', HALF_CLOSED_MS);
        else this.#body?.startWindow();
        this.#exchange?.onDownstreamDrain();
        return;
      case 'tunnel':
        this.#tunnel?.onClientDrain();
        return;
      case 'idle':
      case 'head':
        this.#patience.expect('idle', this.#view.limits.keepAliveMs);
        this.#socket.resume();
        this.#next();
        return;
      case 'closing':
      case 'closed':
        return;
      default:
        this.#state satisfies never;
    }
  }

  finish(keepAlive: boolean): void {
    this.#exchange = undefined;
    if (this.#state !== 'exchange') return;
    if (!keepAlive) {
      this.#close();
      return;
    }
    this.#state = 'idle';
    this.#patience.expect('idle', this.#view.limits.keepAliveMs);
    this.#socket.resume();
    this.#next();
  }

  cut(isEndByClose: boolean): void {
    this.#exchange = undefined;
    if (isEndByClose) this.#socket.reset();
    else this.#socket.destroy();
  }

  // ---- leaving HTTP/1.1

  startTunnel(tunnel: Tunnel): Buffer {
    this.#exchange = undefined;
    this.#tunnel = tunnel;
    this.#state = 'tunnel';
    this.#patience.clear();
    this.#socket.keepProbing();
    const early = this.#input.take();
    this.#socket.resume();
    // A client that has half-closed already: its end must reach the backend behind its last bytes.
    if (this.#isHalfClosed) queueMicrotask(() => tunnel.onClientEnd());
    return early;
  }

  forward(route: CompiledRoute, forwardedBlock: string): Duplex {
    const [near, far] = MemorySocket.pair({
      remoteAddress: this.#view.peer.address,
      remotePort: 0,
      encrypted: this.isEncrypted,
    });
    this.#owner.serve(far, { route, peer: new PluginPeer(this.#view.peer, forwardedBlock) });
    return near;
  }

  // ---- ending

  /** The worker, or this listener, is going away: a busy connection ends with its answer, an idle one after a moment. */
  drain(): void {
    if (this.#state === 'idle') this.#patience.expect('drain', DRAIN_IDLE_MS);
  }

  /** Ends it now, whatever it does. */
  destroy(): void {
    this.#socket.destroy();
  }

  onDeadline(): void {
    this.#guard(() => this.#onWaitedEnough());
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
        this.#body?.onWindowEnd();
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

  /** An answer to something that is no request. */
  #refuse(error: ProxyError): void {
    this.#state = 'exchange';
    this.#services.counters.countError(error.code);
    this.#services.log.debug(
      { code: error.code, detail: error.detail, client: this.#view.peer.address },
      error.message,
    );
    this.writeText(refusalText(error, this.#view.compiled, this.#services.nextRequestId()));
    this.#close();
  }

  #close(): void {
    if (this.#state === 'closing') return;
    this.#state = 'closing';
    this.#body?.drop();
    this.#input.clear();
    this.#farewell = LingeringClose.begin(this.#socket, this.#patience, this.#view.limits);
  }

  #onEnd(): void {
    this.#isHalfClosed = true;
    switch (this.#state) {
      case 'idle':
      case 'head':
        if (this.#input.length === 0 || this.#state === 'head') this.#close();
        return;
      case 'exchange':
        if (!this.#patience.isFor('stall')) this.#patience.expect('half-closed', HALF_CLOSED_MS);
        this.#endOfBody();
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

  #onClose(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#patience.dispose();
    this.#input.clear();
    this.#owner.onDownstreamClosed(this);
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.onDownstreamClosed('client-gone');
    this.#tunnel?.onClientClosed();
    this.#tunnel = undefined;
  }

  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#breakOff(error);
    }
  }

  /** The boundary of this connection: one request of death ends one connection, not the worker (threats: row 54). */
  #breakOff(error: unknown): void {
    this.#services.log.error({ err: error, client: this.#view.peer.address }, 'a client connection broke off');
    this.#socket.destroy();
  }
}
