import type { Duplex } from 'node:stream';
import { ProxyError } from '@dproxy/core';
import type { UsedBackend } from '../client/peer.ts';
import type { CompiledRoute } from '../compiled-route.ts';
import type { CompiledSnapshot } from '../compiled-snapshot.ts';
import type { FilteredRequest } from '../filters/index.ts';
import type { DecoderOutput, RequestHead, ResponseHead } from '../http1/index.ts';
import { isGrpc } from '../pages/grpc.ts';
import type { Services } from '../services.ts';
import { Tunnel } from '../tunnel/tunnel.ts';
import { Http1Stream } from '../upstream/http1-stream.ts';
import type { KeptBody } from '../upstream/kept-body.ts';
import type { UpstreamPool } from '../upstream/upstream-pool.ts';
import type { TunnelBackend, UpstreamStream, UpstreamStreamUser } from '../upstream/upstream-stream.ts';
import type { GroupUse } from '../waiting/group-uses.ts';
import { type Downstream, isRequestComplete } from './downstream.ts';
import { type HeadFacts, requestAdditions, responseAdditions } from './head-additions.ts';
import { staysOpen } from './own-answer.ts';

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
  /** As the backend gets it. */
  readonly head: RequestHead;
  readonly filtered: FilteredRequest | undefined;
  readonly downstream: Downstream;
  readonly services: Services;
  readonly compiled: CompiledSnapshot;
  readonly route: CompiledRoute;
  /** Of the request, on the clock of `performance.now`. */
  readonly startedMs: number;
  /** What was sent of the body already, and where more of it is kept; undefined: nowhere. */
  readonly kept: KeptBody | undefined;
  /** Undefined: to the plugins. */
  readonly pool: UpstreamPool | undefined;
}

/** One attempt to have a request answered by one backend: connect, send, relay. Whether there is another is the exchange's. */
export class Hop implements UpstreamStreamUser, HeadFacts {
  readonly head: RequestHead;
  readonly filtered: FilteredRequest | undefined;
  readonly downstream: Downstream;
  readonly compiled: CompiledSnapshot;
  readonly route: CompiledRoute;
  readonly startedMs: number;
  readonly pool: UpstreamPool | undefined;
  backendMs = 0;
  behindPlugins: UsedBackend | undefined;
  readonly #owner: HopOwner;
  readonly #services: Services;
  readonly #kept: KeptBody | undefined;
  /** Of the route's wake group; undefined: it has none. */
  readonly #use: GroupUse | undefined;
  #state: State = 'connecting';
  #upstream: UpstreamStream | undefined;
  #connectStartedMs = 0;
  #requestBytes = 0;
  #interims = 0;
  #response: ResponseHead | undefined;
  #responseBytes = 0;
  /** The client takes more of the response. */
  #isWritable = true;
  #keepAlive = false;
  /** Both sides may pause for as long as something comes now and then: a stream of messages, not a body that is slow. */
  #isMessages = false;

  constructor(options: HopOptions) {
    this.head = options.head;
    this.filtered = options.filtered;
    this.downstream = options.downstream;
    this.compiled = options.compiled;
    this.route = options.route;
    this.startedMs = options.startedMs;
    this.pool = options.pool;
    this.#kept = options.kept;
    this.#owner = options.owner;
    this.#services = options.services;
    const { wakeGroup } = options.route.route;
    this.#use = wakeGroup === '' ? undefined : options.services.waiting.useOf(wakeGroup);
  }

  /** Bytes of the request's body that were taken from the client. */
  get requestBytes(): number {
    return this.#requestBytes;
  }

  /** What the client has seen the beginning of. */
  get response(): ResponseHead | undefined {
    return this.#response;
  }

  /** Of its body, as they were given to the client. */
  get responseBytes(): number {
    return this.#responseBytes;
  }

  get holdsBytes(): boolean {
    return this.downstream.out.holdsBytes;
  }

  // ---- connect: an idle connection, or a new one

  /** @param isNew no idle connection will do */
  connect(pool: UpstreamPool, isNew: boolean, connectMs: number): void {
    const { peer } = this.downstream;
    const client = pool.backend.proxyProtocol === '' ? undefined : peer.clientEndpoints(this.head.claims);
    const upstream = pool.open(this, { connectMs, isNew, client });
    this.#upstream = upstream;
    if (upstream.isReady) this.#send(upstream);
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
    const connection = this.#services.overMemory(socket);
    const stream = new Http1Stream({ user: this, limits: this.compiled.limits, keeper: undefined });
    connection.use(stream);
    this.#upstream = stream.over(connection);
    this.onUpstreamReady();
  }

  onUpstreamReady(): void {
    this.backendMs = performance.now() - this.#connectStartedMs;
    this.pool?.reachability.reached();
    try {
      if (this.#upstream !== undefined) this.#send(this.#upstream);
    } catch (error) {
      this.#owner.onHopFailed(error);
    }
  }

  // ---- prepare, send: the head (what dproxy says in it: head-additions.ts) and what has arrived of the body in one write

  #send(upstream: UpstreamStream): void {
    this.#state = 'waiting';
    const { downstream, head } = this;
    const additions = requestAdditions(this);
    const sent = this.#kept;
    if (sent?.isWhole === false) throw new ProxyError('upstream-closed', 'a body that is too long to be sent again');
    const isInMemory = sent !== undefined && sent.isComplete && sent.bytes > 0;
    if (isRequestComplete(downstream) && !isInMemory) {
      upstream.sendHead(head, additions, true);
      upstream.deadline.set(this.route.responseMs);
      return;
    }
    // RFC 9110 section 10.1.1, our one rule: we answer the expectation, when there is a backend that takes the body. It is
    // not forwarded, so a final answer that comes first always ends the client's connection (threats: Expect desync).
    const isFirst = sent === undefined || sent.bytes === 0;
    if (head.expectContinue && isFirst && downstream.body?.isWaiting !== true) downstream.out.sendContinue();
    this.#isMessages = isGrpc(head);
    if (this.#isMessages) upstream.deadline.set(this.route.idleMs);
    upstream.cork();
    try {
      upstream.sendHead(head, additions, false);
      if (sent !== undefined) {
        sent.form = upstream.requestForm;
        this.#sendAgain(upstream, sent);
      }
      if (!isInMemory) downstream.body?.open(upstream.requestForm);
    } finally {
      upstream.uncork();
    }
  }

  /** What a backend before this one got. It is in memory already: there is nobody to slow down. */
  #sendAgain(upstream: UpstreamStream, { chunks, bytes, isComplete, trailers }: KeptBody): void {
    this.#requestBytes = bytes;
    for (const chunk of chunks) upstream.sendBody(chunk);
    if (!isComplete) return;
    upstream.sendEnd(trailers);
    upstream.deadline.set(this.route.responseMs);
  }

  onRequestBody(bytes: Buffer, start: number, end: number): void {
    const part = bytes.subarray(start, end);
    this.#kept?.add(part);
    this.#use?.touch();
    const upstream = this.#upstream;
    // The end of a body of HTTP/2 may come before there is a backend for what is kept of it.
    if (upstream === undefined || this.#state === 'connecting') return;
    this.#requestBytes += part.length;
    if (upstream.sendBody(part)) {
      // Silence is that of both: a backend may listen for long after it has begun to answer.
      const isRelaying = this.#state === 'relaying' && this.#isWritable;
      if (isRelaying || (this.#isMessages && this.#state === 'waiting')) upstream.deadline.set(this.route.idleMs);
      return;
    }
    this.downstream.body?.pause();
    // A backend that reads nothing is as silent as one that answers nothing.
    if (this.#state === 'waiting') upstream.deadline.set(this.route.responseMs);
  }

  onRequestComplete(trailers: string): void {
    this.#kept?.complete(trailers);
    if (this.#state === 'connecting' && this.#kept !== undefined && this.#kept.bytes > 0) return;
    this.#upstream?.sendEnd(trailers);
    if (this.#state === 'waiting') this.#upstream?.deadline.set(this.route.responseMs);
  }

  onUpstreamDrain(): void {
    // Also when the body is complete: reading goes on, so that a client that goes away is noticed.
    if (this.#state === 'waiting' && !isRequestComplete(this.downstream)) {
      if (this.#isMessages) this.#upstream?.deadline.set(this.route.idleMs);
      else this.#upstream?.deadline.clear();
    }
    this.downstream.body?.resume();
  }

  // ---- relay: the response

  onUpstreamInterim(response: ResponseHead): void {
    const { interimResponses } = this.compiled.limits;
    this.#interims++;
    if (this.#interims > interimResponses) {
      throw new ProxyError('upstream-malformed', `more than ${interimResponses} interim answers`);
    }
    // A 100 was answered by us already; HTTP/1.0 knows none of them (RFC 9110 section 15.2).
    if (response.status !== 100 && this.head.minorVersion === 1) this.downstream.out.sendInterim(response);
  }

  onUpstreamHead(response: ResponseHead): DecoderOutput {
    if (!this.#owner.onHopAnswered(response.status)) return 'body';
    const { downstream, head } = this;
    // A final answer before the end of the request: the rest of it will not be read to its end, so neither connection can
    // carry another request (threats: CL.0, Expect).
    this.#keepAlive = staysOpen(downstream, head);
    const form = downstream.out.sendHead(response, responseAdditions(response, this.#keepAlive, this));
    this.#response = response;
    this.#state = 'relaying';
    return form;
  }

  onUpstreamBody(bytes: Buffer, start: number, end: number): void {
    this.#responseBytes += end - start;
    this.downstream.out.sendBody(bytes, start, end);
  }

  onUpstreamFlush(): void {
    this.#isWritable = this.downstream.out.flush();
    this.#use?.touch();
    if (this.#isWritable) {
      this.#upstream?.deadline.set(this.route.idleMs);
    } else {
      this.#upstream?.pause();
      this.#upstream?.deadline.clear();
    }
  }

  onDownstreamDrain(): void {
    if (this.#state !== 'relaying') return;
    this.#isWritable = true;
    this.#upstream?.deadline.set(this.route.idleMs);
    this.#upstream?.resume();
  }

  onUpstreamSwitched(response: ResponseHead, backend: TunnelBackend, early: Buffer): void {
    const { downstream } = this;
    this.#upstream = undefined;
    try {
      downstream.out.sendSwitch(response, responseAdditions(response, true, this));
    } catch (error) {
      backend.destroy();
      throw error;
    }
    this.#owner.onHopAnswered(101);
    const { counters } = this.#services;
    counters.tunnels++;
    const tunnel = new Tunnel(downstream.tunnelClient, backend, {
      idleMs: this.compiled.limits.tunnelIdleMs,
      use: this.#use,
      onClosed: ({ toClient }) => {
        counters.tunnels--;
        this.#owner.onTunnelClosed(toClient);
      },
    });
    this.#state = 'done';
    this.#owner.onHopTunnelled();
    const fromClient = downstream.startTunnel(tunnel);
    if (early.length > 0) tunnel.onUpstreamData(early, 0, early.length);
    if (fromClient.length > 0) tunnel.onClientData(fromClient);
  }

  // ---- finish

  onUpstreamEnd(trailers: string): void {
    const response = this.#response as ResponseHead;
    this.#state = 'done';
    this.#upstream = undefined;
    this.downstream.out.sendEnd(trailers);
    this.#owner.onHopDone(response.status, this.#responseBytes, this.#keepAlive);
  }

  /** Ends it without a word to the owner, who has decided so. */
  drop(): void {
    this.#state = 'done';
    this.#upstream?.drop();
    this.#upstream = undefined;
  }

  // ---- what can go wrong

  onUpstreamFailed(error: unknown): void {
    this.#owner.onHopFailed(error);
  }

  onUpstreamDeadline(): void {
    const where = this.#state === 'relaying' ? 'in the middle of the response' : 'before the response';
    this.#owner.onHopFailed(new ProxyError('upstream-timeout', `silence ${where}`));
  }
}
