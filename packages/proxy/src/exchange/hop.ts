import type { Duplex } from 'node:stream';
import { ProxyError } from '@dproxy/core';
import type { CompiledRoute } from '../compiled-route.ts';
import type { CompiledSnapshot } from '../compiled-snapshot.ts';
import { type RequestHead, type ResponseHead, writeInterimHead } from '../http1/index.ts';
import type { Services } from '../services.ts';
import { Tunnel } from '../tunnel/tunnel.ts';
import type { UpstreamConnection } from '../upstream/upstream-connection.ts';
import type { UpstreamPool } from '../upstream/upstream-pool.ts';
import type { UpstreamUser } from '../upstream/upstream-user.ts';
import { type Downstream, isRequestComplete } from './downstream.ts';
import { type HeadFacts, requestText, responseText, type UsedBackend } from './head-text.ts';
import { ResponseHeadReader } from './response-head-reader.ts';
import { ResponseRelay } from './response-relay.ts';

/**
 *     connecting --> waiting --> relaying --> done
 *          \------------\-----------\--------/
 *
 * `waiting`: the request is being sent, or is sent, and the head of the response is not here yet.
 */
type State = 'connecting' | 'waiting' | 'relaying' | 'done';

/** What the exchange makes of how a hop goes. */
export interface HopOwner {
  /** A final head. @returns whether it goes to the client; else the hop has been dropped */
  onHopAnswered(status: number): boolean;
  /** The response is written. */
  onHopDone(status: number, bodyBytes: number, keepAlive: boolean): void;
  /** Bytes pass in both directions now; `onTunnelClosed` comes when that is over. */
  onHopTunnelled(): void;
  onTunnelClosed(toClientBytes: number): void;
  /** Its connection may be there still: the owner drops it. */
  onHopFailed(error: unknown): void;
}

export interface HopOptions {
  readonly owner: HopOwner;
  readonly head: RequestHead;
  readonly downstream: Downstream;
  readonly services: Services;
  readonly compiled: CompiledSnapshot;
  readonly route: CompiledRoute;
  /** Of the request, on the clock of `performance.now`. */
  readonly startedMs: number;
  /** Undefined: to the plugins. */
  readonly pool: UpstreamPool | undefined;
}

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';

/** One attempt to have a request answered by one backend: connect, send, relay. Whether there is another is the exchange's. */
export class Hop implements UpstreamUser, HeadFacts {
  readonly head: RequestHead;
  readonly downstream: Downstream;
  readonly compiled: CompiledSnapshot;
  readonly route: CompiledRoute;
  readonly startedMs: number;
  readonly pool: UpstreamPool | undefined;
  backendMs = 0;
  behindPlugins: UsedBackend | undefined;
  readonly #owner: HopOwner;
  readonly #services: Services;
  #state: State = 'connecting';
  #upstream: UpstreamConnection | undefined;
  #connectStartedMs = 0;
  #requestBytes = 0;
  #interims = 0;
  #heads: ResponseHeadReader | undefined;
  #response: ResponseRelay | undefined;
  #keepAlive = false;

  constructor(options: HopOptions) {
    this.head = options.head;
    this.downstream = options.downstream;
    this.compiled = options.compiled;
    this.route = options.route;
    this.startedMs = options.startedMs;
    this.pool = options.pool;
    this.#owner = options.owner;
    this.#services = options.services;
  }

  /** Bytes of the request's body that were taken from the client. */
  get requestBytes(): number {
    return this.#requestBytes;
  }

  /** What the client has seen the beginning of. */
  get response(): ResponseRelay | undefined {
    return this.#response;
  }

  // ---- connect: an idle connection, or a new one

  /** @param isNew no idle connection will do */
  connect(pool: UpstreamPool, isNew: boolean): void {
    const { connectMs } = this.route;
    const upstream = isNew ? pool.connect(this, connectMs) : pool.acquire(this, connectMs);
    this.#upstream = upstream;
    if (upstream.state === 'busy') this.#send(upstream);
    else this.#connectStartedMs = performance.now();
  }

  connectOver(socket: Promise<Duplex>): void {
    this.#connectStartedMs = performance.now();
    socket.then((opened) => this.#onOpened(opened)).catch((error: unknown) => this.#owner.onHopFailed(error));
  }

  #onOpened(socket: Duplex): void {
    if (this.#state !== 'connecting') {
      socket.destroy();
      return;
    }
    this.#upstream = this.#services.overMemory(socket);
    this.#upstream.use(this);
    this.onUpstreamReady();
  }

  onUpstreamReady(): void {
    this.backendMs = performance.now() - this.#connectStartedMs;
    try {
      if (this.#upstream !== undefined) this.#send(this.#upstream);
    } catch (error) {
      this.#owner.onHopFailed(error);
    }
  }

  // ---- prepare, send: the head (what dproxy says in it: head-text.ts) and what has arrived of the body in one write

  #send(upstream: UpstreamConnection): void {
    this.#state = 'waiting';
    const text = requestText(this);
    if (isRequestComplete(this.downstream)) {
      upstream.writeText(text);
      upstream.deadline.set(this.route.responseMs);
      return;
    }
    // RFC 9110 section 10.1.1, our one rule: we answer the expectation, when there is a backend that takes the body. It is
    // not forwarded, so a final answer that comes first always ends the client's connection (threats: Expect desync).
    if (this.head.expectContinue && this.downstream.body?.isWaiting !== true) this.downstream.out.writeText(CONTINUE);
    upstream.cork();
    try {
      upstream.writeText(text);
      this.downstream.body?.open();
    } finally {
      upstream.uncork();
    }
  }

  onRequestBody(bytes: Buffer, start: number, end: number): void {
    const upstream = this.#upstream;
    if (upstream === undefined) return;
    this.#requestBytes += end - start;
    if (upstream.writeBytes(bytes.subarray(start, end))) {
      // Silence is that of both: a backend may listen for long after it has begun to answer.
      if (this.#response?.isWritable === true) upstream.deadline.set(this.route.idleMs);
      return;
    }
    this.downstream.body?.pause();
    // A backend that reads nothing is as silent as one that answers nothing.
    if (this.#state === 'waiting') upstream.deadline.set(this.route.responseMs);
  }

  onRequestComplete(): void {
    if (this.#state === 'waiting') this.#upstream?.deadline.set(this.route.responseMs);
  }

  onUpstreamDrain(): void {
    // Also when the body is complete: reading goes on, so that a client that goes away is noticed.
    if (this.#state === 'waiting' && !isRequestComplete(this.downstream)) this.#upstream?.deadline.clear();
    this.downstream.body?.resume();
  }

  // ---- relay: the response

  onUpstreamData(bytes: Buffer, start: number, end: number): boolean {
    try {
      if (this.#state === 'relaying') this.#relay(bytes, start, end);
      else this.#readHeads(bytes, start, end);
    } catch (error) {
      this.#owner.onHopFailed(error);
    }
    return this.downstream.out.holdsBytes;
  }

  #readHeads(bytes: Buffer, start: number, end: number): void {
    const heads = (this.#heads ??= new ResponseHeadReader({
      method: this.head.method,
      offeredUpgrade: this.head.upgrade,
      limits: this.compiled.limits,
    }));
    heads.feed(bytes, start, end);
    for (let response = heads.next(); response !== undefined; response = heads.next()) {
      if (response.status >= 200) {
        this.#onFinalHead(response, heads);
        return;
      }
      if (response.status === 101) {
        this.#tunnel(response, heads);
        return;
      }
      this.#onInterim(response);
    }
  }

  #onInterim(response: ResponseHead): void {
    const { interimResponses } = this.compiled.limits;
    this.#interims++;
    if (this.#interims > interimResponses) {
      throw new ProxyError('upstream-malformed', `more than ${interimResponses} interim answers`);
    }
    // A 100 was answered by us already; HTTP/1.0 knows none of them (RFC 9110 section 15.2).
    if (response.status !== 100 && this.head.minorVersion === 1)
      this.downstream.out.writeText(writeInterimHead(response));
  }

  #onFinalHead(response: ResponseHead, { bytes, at, end }: ResponseHeadReader): void {
    if (!this.#owner.onHopAnswered(response.status)) return;
    const { downstream, head } = this;
    // A final answer before the end of the request: the rest of it will not be read to its end, so neither connection can
    // carry another request (threats: CL.0, Expect).
    this.#keepAlive = isRequestComplete(downstream) && downstream.mayKeepAlive && head.keepAlive;
    this.#response = new ResponseRelay(response, responseText(response, this.#keepAlive, this), {
      out: downstream.out,
      clientMinorVersion: head.minorVersion,
      limits: this.compiled.limits,
    });
    this.#state = 'relaying';
    this.#relay(bytes, at, end);
  }

  #relay(bytes: Buffer, start: number, end: number): void {
    const response = this.#response as ResponseRelay;
    const upstream = this.#upstream as UpstreamConnection;
    const at = response.push(bytes, start, end);
    if (response.isDone) {
      this.#finish(response, at === end);
    } else if (response.isWritable) {
      upstream.deadline.set(this.route.idleMs);
    } else {
      upstream.pause();
      upstream.deadline.clear();
    }
  }

  onDownstreamDrain(): void {
    if (this.#state !== 'relaying') return;
    this.#upstream?.deadline.set(this.route.idleMs);
    this.#upstream?.resume();
  }

  #tunnel(response: ResponseHead, { bytes, at, end }: ResponseHeadReader): void {
    const { downstream } = this;
    if (!isRequestComplete(downstream)) {
      throw new ProxyError('upstream-malformed', 'a 101 before the end of the request');
    }
    const text = responseText(response, true, this);
    this.#owner.onHopAnswered(101);
    const { counters } = this.#services;
    counters.tunnels++;
    const tunnel = new Tunnel(downstream.tunnelClient, this.#upstream as UpstreamConnection, {
      idleMs: this.compiled.limits.tunnelIdleMs,
      onClosed: ({ toClient }) => {
        counters.tunnels--;
        this.#owner.onTunnelClosed(toClient);
      },
    });
    this.#state = 'done';
    this.#upstream = undefined;
    this.#owner.onHopTunnelled();
    downstream.out.writeText(text);
    const early = downstream.startTunnel(tunnel);
    if (at < end) tunnel.onUpstreamData(Buffer.from(bytes.subarray(at, end)), 0, end - at);
    if (early.length > 0) tunnel.onClientData(early);
  }

  // ---- finish: what can be used again is given back

  #finish(response: ResponseRelay, isExact: boolean): void {
    const upstream = this.#upstream as UpstreamConnection;
    this.#state = 'done';
    this.#upstream = undefined;
    if (isExact && this.pool !== undefined && this.#isReusable(upstream, response.head)) {
      upstream.learntKeepAliveMs = response.head.keepAliveTimeoutMs;
      this.pool.release(upstream);
    } else {
      upstream.destroy();
    }
    this.#owner.onHopDone(response.head.status, response.bodyBytes, this.#keepAlive && !response.isEndByClose);
  }

  /**
   * Not with bytes behind the response, which belong to no request of ours (threats: response splitting), nor with a rest of
   * the request, which the next one would have to wait behind.
   */
  #isReusable(upstream: UpstreamConnection, { keepAlive }: ResponseHead): boolean {
    return keepAlive && isRequestComplete(this.downstream) && !upstream.holdsBytes;
  }

  /** Ends it without a word to the owner, who has decided so. */
  drop(): void {
    this.#state = 'done';
    this.#upstream?.destroy();
    this.#upstream = undefined;
  }

  // ---- what can go wrong

  onUpstreamEnd(): void {
    try {
      const response = this.#response;
      if (this.#state === 'relaying' && response?.finish() === true) this.#finish(response, false);
      else this.onUpstreamClosed(new ProxyError('upstream-closed', 'the backend ended the connection'));
    } catch (error) {
      this.#owner.onHopFailed(error);
    }
  }

  onUpstreamClosed(error: ProxyError): void {
    this.#owner.onHopFailed(this.#state === 'connecting' ? error : this.#endedEarly(error));
  }

  onUpstreamDeadline(): void {
    const where = this.#state === 'relaying' ? 'in the middle of the response' : 'before the response';
    this.#owner.onHopFailed(new ProxyError('upstream-timeout', `silence ${where}`));
  }

  /** What the end of the connection means, seen from where this hop is. */
  #endedEarly(error: ProxyError): ProxyError {
    if (this.#state === 'relaying') return new ProxyError('upstream-aborted', error.detail, { cause: error });
    if (this.#heads !== undefined) return error;
    const code = this.#upstream?.isReused === true ? 'upstream-closed-idle' : 'upstream-closed-empty';
    return new ProxyError(code, error.detail, { cause: error });
  }
}
