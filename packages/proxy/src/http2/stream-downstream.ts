import { constants, type ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { Limits } from '@dproxy/core';
import { MemorySocket } from '../application/index.ts';
import type { Peer } from '../client/peer.ts';
import { PluginPeer, type PluginSender } from '../client/plugin-peer.ts';
import type { CompiledRoute } from '../compiled-route.ts';
import type { DeadlineOwner } from '../deadline-wheel.ts';
import type { DownstreamOwner } from '../downstream/downstream-owner.ts';
import { Patience } from '../downstream/patience.ts';
import { guard } from '../downstream/socket-events.ts';
import type { Downstream } from '../exchange/downstream.ts';
import { Exchange } from '../exchange/exchange.ts';
import type { Services } from '../services.ts';
import type { Tunnel } from '../tunnel/tunnel.ts';
import type { Http2Request } from './request-head.ts';
import { StreamBody } from './stream-body.ts';
import { type StreamReader, StreamResponse } from './stream-response.ts';
import { StreamTunnelClient } from './stream-tunnel.ts';

/**
 *     exchange --response written--> flushing --> closed
 *        |  \--101 for an extended CONNECT--> tunnel --/
 *        \----RST_STREAM of either side, the connection's end--/
 */
type State = 'exchange' | 'flushing' | 'tunnel' | 'closed';

export interface StreamOwner extends Pick<DownstreamOwner, 'listener' | 'serve'> {
  readonly services: Services;
  /** Once. @param isCutShort it ended while its request was being worked on, and not by us */
  onStreamClosed(stream: StreamDownstream, isCutShort: boolean): void;
  /** It was reset, and that does not get out. */
  onStreamStuck(): void;
}

export interface StreamOptions {
  readonly owner: StreamOwner;
  readonly peer: Peer;
  readonly limits: Limits;
  readonly startedMs: number;
}

/** One stream of a client's connection of HTTP/2: one request and its response, or a tunnel. */
export class StreamDownstream implements Downstream, StreamReader, DeadlineOwner {
  readonly peer: Peer;
  readonly isEncrypted: boolean;
  readonly isHttp2 = true;
  /** END_STREAM says that it has finished; who is gone resets. */
  readonly isHalfClosed = false;
  readonly chosenRoute = undefined;
  /** That there may be another request is not this stream's to say. */
  readonly mayKeepAlive = true;
  readonly body: StreamBody | undefined;
  readonly out: StreamResponse;
  readonly #stream: ServerHttp2Stream;
  readonly #owner: StreamOwner;
  readonly #services: Services;
  readonly #limits: Limits;
  readonly #patience: Patience;
  #state: State = 'exchange';
  #exchange: Exchange | undefined;
  #tunnel: Tunnel | undefined;
  #tunnelClient: StreamTunnelClient | undefined;
  #isReset = false;

  constructor(stream: ServerHttp2Stream, { head, webSocketKey }: Http2Request, options: StreamOptions) {
    const { owner, peer, limits } = options;
    this.peer = peer;
    this.isEncrypted = owner.listener.protocol === 'https';
    this.#stream = stream;
    this.#owner = owner;
    this.#services = owner.services;
    this.#limits = limits;
    this.#patience = new Patience(owner.services.wheel, this);
    this.out = new StreamResponse(stream, this, webSocketKey);
    const hasBody = head.framing === 'chunked' || head.contentLength > 0;
    this.body = hasBody ? new StreamBody({ stream, head, patience: this.#patience, limits }) : undefined;
    this.#listen();
    this.#exchange = new Exchange(this, head, owner.services, options.startedMs);
    this.body?.belongTo(this.#exchange);
  }

  /** Made when it is asked for: few streams become tunnels. */
  get tunnelClient(): StreamTunnelClient {
    return (this.#tunnelClient ??= new StreamTunnelClient(this.#stream, {
      wheel: this.#services.wheel,
      bytesSent: (byteLength) => this.bytesSent(byteLength),
      reset: (code) => this.#reset(code),
    }));
  }

  get listenerId(): string {
    return this.#owner.listener.id;
  }

  start(): void {
    guard(this, () => this.#exchange?.start());
  }

  // ---- what its response tells

  onMustWait(): void {
    this.#waitForReader();
  }

  bytesSent(byteLength: number): void {
    this.#services.counters.bytesOut += byteLength;
  }

  // ---- what comes from the client

  /** Every callback of the stream is a boundary: what it throws ends the stream, not the worker (threats: row 54). */
  #listen(): void {
    const stream = this.#stream;
    const onGone = (): void => guard(this, () => this.#onGone());
    stream.on('drain', () => guard(this, () => this.#onDrain()));
    stream.on('aborted', onGone);
    stream.on('close', onGone);
    if (this.body === undefined && stream.endAfterHeaders) return;
    // Before the listeners: they shall not start the reading.
    stream.pause();
    stream.on('data', (chunk: Buffer) => guard(this, () => this.#onData(chunk)));
    // Trailers of a request end here (threats: row 7): neither kind of backend is told of them.
    stream.on('end', () => guard(this, () => this.#onEnd()));
  }

  #onData(chunk: Buffer): void {
    this.#services.counters.bytesIn += chunk.length;
    if (this.#state === 'tunnel') this.#tunnel?.onClientData(chunk);
    else if (this.#state === 'exchange') this.body?.onData(chunk);
  }

  #onEnd(): void {
    if (this.#state === 'tunnel') this.#tunnel?.onClientEnd();
    else if (this.#state === 'exchange') this.body?.onEnd();
  }

  #onDrain(): void {
    this.#patience.clear('stall');
    if (this.#state === 'tunnel') this.#tunnel?.onClientDrain();
    if (this.#state !== 'exchange') return;
    this.body?.startWindow();
    this.#exchange?.onDownstreamDrain();
  }

  /** Reset by either side, or its connection is gone: the backend's work ends at once. */
  #onGone(): void {
    if (this.#state === 'closed') return;
    const isCutShort = this.#state === 'exchange' && !this.#isReset;
    const exchange = this.#exchange;
    const tunnel = this.#tunnel;
    this.#close();
    this.#owner.onStreamClosed(this, isCutShort);
    exchange?.onDownstreamClosed('client-gone');
    tunnel?.onClientClosed();
  }

  #close(): void {
    this.#state = 'closed';
    this.#exchange = undefined;
    this.#tunnel = undefined;
    this.#patience.dispose();
    this.body?.drop();
  }

  onThrown(error: unknown): void {
    this.#services.log.error({ err: error, client: this.peer.address }, 'a stream broke off');
    this.#reset(constants.NGHTTP2_INTERNAL_ERROR);
  }

  // ---- how the exchange ends

  finish(): void {
    this.#exchange = undefined;
    if (this.#state !== 'exchange') return;
    const isComplete = this.body === undefined || this.body.isDone;
    this.#state = 'flushing';
    this.body?.drop();
    this.#waitForReader();
    if (isComplete) this.#takeEnd();
    // RFC 9113 section 8.1: the answer is whole, the rest of the request is not wanted. Goes out behind the answer.
    else this.out.whenSent(() => this.#stream.close(constants.NGHTTP2_NO_ERROR));
  }

  /**
   * A stream whose request had no body is left to `node:http2`, which ends it when the answer has been written. If its end had
   * been read already, node:http2 would cancel the write that is not confirmed yet, and make an Error with a stack of each: 5 % of
   * the CPU time of a small request, in a profile. What it must keep: every stream closes, or its connection is cut after
   * `writeStallMs` (connections.test.ts).
   */
  #takeEnd(): void {
    if (this.body !== undefined || !this.#stream.endAfterHeaders) this.#stream.resume();
  }

  /** A backend that went away in the middle: never END_STREAM, which would look like the end of the body. */
  cut(): void {
    this.#exchange = undefined;
    this.#reset(constants.NGHTTP2_INTERNAL_ERROR);
  }

  startTunnel(tunnel: Tunnel): Buffer {
    this.#exchange = undefined;
    this.#tunnel = tunnel;
    this.#state = 'tunnel';
    this.#patience.clear();
    this.#stream.resume();
    return EMPTY;
  }

  forward(route: CompiledRoute, sender: PluginSender): Duplex {
    const { address } = this.peer;
    const [near, far] = MemorySocket.pair({ remoteAddress: address, remotePort: 0, encrypted: this.isEncrypted });
    this.#owner.serve(far, { route, peer: new PluginPeer(this.peer, sender) });
    return near;
  }

  // ---- deadlines

  onDeadline(): void {
    guard(this, () => this.#onWaitedEnough());
  }

  #onWaitedEnough(): void {
    if (this.#patience.wait === 'body') {
      this.body?.onWindowEnd();
      return;
    }
    if (this.#isReset) {
      this.#owner.onStreamStuck();
      return;
    }
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.onDownstreamClosed('client-stalled');
    this.#reset(constants.NGHTTP2_CANCEL);
  }

  #waitForReader(): void {
    this.#patience.expect('stall', this.#limits.writeStallMs);
  }

  /**
   * The stream is over when the reset has left, and that may be never: the client keeps its socket open and reads nothing, or is
   * gone and node:http2, in the middle of a write, does not hear it. The connection would be held for ever, by no deadline.
   */
  #reset(code: number): void {
    this.#isReset = true;
    this.#stream.close(code);
    if (this.#state !== 'closed') this.#patience.expect('linger', this.#limits.writeStallMs);
  }
}

const EMPTY = Buffer.alloc(0);
