import type { Duplex } from 'node:stream';
import { type Limits, mayRetry, ProxyError } from '@dproxy/core';
import { ClientSocket } from '../downstream/client-socket.ts';
import type { Endpoints } from '../downstream/peer.ts';
import { listenTo, type SocketEvents } from '../downstream/socket-events.ts';
import { ExchangeTraffic } from '../exchange/exchange-traffic.ts';
import type { Services } from '../services.ts';
import type { CompiledStream } from '../streams/compiled-streams.ts';
import type { UpstreamConnection } from '../upstream/upstream-connection.ts';
import type { UpstreamUser } from '../upstream/upstream-user.ts';
import { Tunnel } from './tunnel.ts';

/** `connecting`: nothing is read from the client until a backend is there. */
type State = 'connecting' | 'tunnel' | 'closed';

const MAX_ATTEMPTS = 3;

export interface TcpConnectionOptions {
  readonly stream: Pick<CompiledStream, 'route' | 'balance' | 'idleMs'>;
  /** The client's, as the connection or its own PROXY header says. */
  readonly endpoints: Endpoints;
  readonly services: Services;
}

/** A connection of a stream, in clear from here on: balanced once, then a tunnel. */
export class TcpConnection implements UpstreamUser, SocketEvents {
  readonly #socket: ClientSocket;
  readonly #services: Services;
  readonly #limits: Limits;
  readonly #stream: TcpConnectionOptions['stream'];
  readonly #endpoints: Endpoints;
  readonly #tried = new Set<string>();
  readonly #traffic: ExchangeTraffic;
  readonly #startedMs = performance.now();
  #state: State = 'connecting';
  #upstream: UpstreamConnection | undefined;
  #tunnel: Tunnel | undefined;

  static begin(socket: Duplex, options: TcpConnectionOptions): TcpConnection {
    return new TcpConnection(socket, options);
  }

  private constructor(socket: Duplex, { stream, endpoints, services }: TcpConnectionOptions) {
    this.#socket = new ClientSocket(socket, services);
    this.#services = services;
    this.#limits = services.compiled.limits;
    this.#stream = stream;
    this.#endpoints = endpoints;
    this.#traffic = new ExchangeTraffic(services.counters, true);
    this.#traffic.choose(stream.route.id);
    this.#socket.pause();
    listenTo(socket, this);
    this.#connect(new ProxyError('no-backend-ready', 'no backend of this stream is ready'));
  }

  onData(chunk: Buffer): void {
    this.#services.counters.bytesIn += chunk.length;
    this.#tunnel?.onClientData(chunk);
  }

  onEnd(): void {
    this.#tunnel?.onClientEnd();
  }

  onDrain(): void {
    this.#tunnel?.onClientDrain();
  }

  onClose(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#upstream?.destroy();
    this.#tunnel?.onClientClosed();
    this.#count({ bytesIn: 0, bytesOut: 0, isError: false });
  }

  onThrown(error: unknown): void {
    this.#services.log.error({ err: error }, 'a TCP connection broke off');
    this.#socket.destroy();
  }

  onUpstreamReady(): void {
    const upstream = this.#upstream;
    if (upstream === undefined) return;
    this.#upstream = undefined;
    this.#state = 'tunnel';
    const { counters } = this.#services;
    counters.tunnels++;
    this.#tunnel = new Tunnel(this.#socket, upstream, {
      idleMs: this.#stream.idleMs,
      onClosed: ({ toClient, toBackend }) => {
        counters.tunnels--;
        this.#count({ bytesIn: toBackend, bytesOut: toClient, isError: false });
      },
    });
    this.#socket.keepProbing();
    this.#socket.resume();
  }

  onUpstreamData(): boolean {
    return false;
  }

  onUpstreamDrain(): void {
    // Nothing is written before the tunnel is there.
  }

  onUpstreamEnd(): void {
    // A connection that is being made has no end to tell.
  }

  onUpstreamDeadline(): void {
    // The connection tells a failed attempt by `onUpstreamClosed`.
  }

  onUpstreamClosed(error: ProxyError): void {
    this.#upstream = undefined;
    this.#services.counters.countError(error.code);
    const attempt = { method: '', bodyBytesSent: 0, attempt: this.#tried.size, maxAttempts: MAX_ATTEMPTS };
    if (mayRetry(error, attempt)) this.#connect(error);
    else this.#giveUp(error);
  }

  /** @param reason told when there is nobody left to try */
  #connect(reason: ProxyError): void {
    const pool = this.#stream.balance.next(this.#tried);
    if (pool === undefined) {
      this.#giveUp(reason);
      return;
    }
    this.#tried.add(pool.backend.id);
    this.#traffic.attempt(pool.backend.id, performance.now());
    this.#upstream = pool.connect(this, this.#limits.upstreamConnectMs, this.#endpoints);
  }

  /** The first word counts. */
  #count(outcome: { readonly bytesIn: number; readonly bytesOut: number; readonly isError: boolean }): void {
    const nowMs = performance.now();
    const ended = { status: 0, ...outcome };
    this.#traffic.end({ route: ended, backend: ended, totalMs: nowMs - this.#startedMs }, nowMs);
  }

  #giveUp(error: ProxyError): void {
    this.#count({ bytesIn: 0, bytesOut: 0, isError: true });
    this.#services.log.warn(
      { code: error.code, detail: error.detail, stream: this.#stream.route.id },
      'a TCP connection found no backend',
    );
    this.#socket.reset();
  }
}
