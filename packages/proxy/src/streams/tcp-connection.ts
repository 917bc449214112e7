import type { Duplex } from 'node:stream';
import { type Limits, mayRetry, ProxyError } from '@dproxy/core';
import { preferReachable } from '../balance/prefer-reachable.ts';
import type { Endpoints } from '../client/endpoints.ts';
import type { CompiledStream } from '../compiled-streams.ts';
import { ClientSocket } from '../downstream/client-socket.ts';
import { guard, listenTo, type SocketEvents } from '../downstream/socket-events.ts';
import { ExchangeTraffic } from '../exchange/exchange-traffic.ts';
import type { Services } from '../services.ts';
import { Tunnel } from '../tunnel/tunnel.ts';
import type { UpstreamConnection } from '../upstream/upstream-connection.ts';
import type { UpstreamPool } from '../upstream/upstream-pool.ts';
import type { UpstreamUser } from '../upstream/upstream-user.ts';
import type { GroupUse } from '../waiting/group-uses.ts';
import type { Place } from '../waiting/place.ts';
import type { Visit, Waiter } from '../waiting/visit.ts';

/**
 *     connecting --a backend accepts--> tunnel --> closed
 *       |  ^ \--nobody is there, or left--> closed
 *       v  |admitted
 *      waiting --turned away, or the client is gone--> closed
 *
 * `connecting`: nothing is read from the client until a backend is there. `waiting`: a little is, and kept, because a client that
 * goes away tells so behind what it has sent.
 */
type State = 'connecting' | 'waiting' | 'tunnel' | 'closed';

const MAX_ATTEMPTS = 3;

export interface TcpConnectionOptions {
  readonly stream: CompiledStream;
  /** The client's, as the connection or its own PROXY header says. */
  readonly endpoints: Endpoints;
  readonly services: Services;
}

/** A connection of a stream, in clear from here on: balanced once, then a tunnel. */
export class TcpConnection implements UpstreamUser, SocketEvents, Waiter {
  readonly #socket: ClientSocket;
  readonly #services: Services;
  readonly #limits: Limits;
  #stream: CompiledStream;
  readonly #endpoints: Endpoints;
  readonly #tried = new Set<string>();
  readonly #use: GroupUse | undefined;
  readonly #traffic: ExchangeTraffic;
  readonly #startedMs = performance.now();
  #state: State = 'connecting';
  /** Of the last attempt; counted. */
  #failure: ProxyError | undefined;
  #waitingSinceMs = 0;
  #leave: (() => void) | undefined;
  /** What came while it waited. */
  #early: Buffer[] = [];
  #earlyBytes = 0;
  #isHalfClosed = false;
  /** Of the last attempt. */
  #pool: UpstreamPool | undefined;
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
    const { id, wakeGroup } = stream.route;
    this.#use = wakeGroup === '' ? undefined : services.waiting.useOf(wakeGroup);
    this.#traffic.choose(id, this.#use);
    this.#socket.pause();
    listenTo(socket, this);
    this.#connect(new ProxyError('no-backend-ready', 'no backend of this stream is ready'));
  }

  onData(chunk: Buffer): void {
    this.#services.counters.bytesIn += chunk.length;
    if (this.#tunnel === undefined) this.#keep(chunk);
    else this.#tunnel.onClientData(chunk);
  }

  onEnd(): void {
    this.#isHalfClosed = true;
    if (this.#tunnel !== undefined) this.#tunnel.onClientEnd();
    // It has not said anything and will not: there is nobody to wait for.
    else if (this.#state === 'waiting' && this.#earlyBytes === 0) this.#socket.destroy();
  }

  onDrain(): void {
    this.#tunnel?.onClientDrain();
  }

  onClose(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#leave?.();
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
    this.#pool?.reachability.reached();
    this.#state = 'tunnel';
    const { counters } = this.#services;
    counters.tunnels++;
    this.#tunnel = new Tunnel(this.#socket, upstream, {
      idleMs: this.#stream.idleMs,
      use: this.#use,
      onClosed: ({ toClient, toBackend }) => {
        counters.tunnels--;
        this.#count({ bytesIn: toBackend, bytesOut: toClient, isError: false });
      },
    });
    this.#socket.keepProbing();
    this.#socket.resume();
    for (const chunk of this.#early.splice(0)) this.#tunnel.onClientData(chunk);
    if (this.#isHalfClosed) this.#tunnel.onClientEnd();
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
    this.#failure = error;
    this.#pool?.reachability.failed(error.code, performance.now());
    const attempt = { method: '', bodyBytesSent: 0, attempt: this.#tried.size, maxAttempts: MAX_ATTEMPTS };
    if (mayRetry(error, attempt)) this.#connect(error);
    else this.#waitOr(error);
  }

  // ---- nobody is there now, somebody may be soon

  get mayBeGone(): boolean {
    return this.#isHalfClosed;
  }

  onAdmitted(): void {
    guard(this, () => this.#goOn());
  }

  onTurnedAway(error: ProxyError): void {
    guard(this, () => this.#giveUp(error));
  }

  #goOn(): void {
    const { id } = this.#stream.route;
    const stream = this.#services.compiled.streams.byId.get(id);
    // Who may use it is part of its id; who ends the TLS is not, and that has happened already.
    if (stream?.route.tls !== this.#stream.route.tls) {
      this.#giveUp(new ProxyError('no-backend-ready', id));
      return;
    }
    this.#leave = undefined;
    this.#state = 'connecting';
    this.#socket.pause();
    this.#stream = stream;
    this.#tried.clear();
    this.#connect(new ProxyError('no-backend-ready', id));
  }

  /** @param error why nobody serves it; of a connection nothing is sent before a backend has accepted */
  #waitOr(error: ProxyError): void {
    const { waiting } = this.#services;
    const place: Place = { kind: 'stream', id: this.#stream.route.id };
    this.#waitingSinceMs ||= performance.now();
    const backendId = [...this.#tried].at(-1) ?? '';
    const outlook = waiting.outlook({
      place,
      by: this.#stream,
      error,
      backendId,
      waitingSinceMs: this.#waitingSinceMs,
    });
    if (outlook.kind === 'none') this.#giveUp(outlook.error ?? error);
    else if (outlook.kind === 'served') this.#goOn();
    else this.#enter(place, outlook);
  }

  #enter(place: Place, outlook: Visit['outlook']): void {
    this.#state = 'waiting';
    const client = this.#endpoints.remoteAddress;
    const entered = this.#services.waiting.enter({ place, client, outlook, waiter: this });
    if (entered instanceof ProxyError) {
      this.#giveUp(outlook.kind === 'doubt' ? outlook.error : entered);
      return;
    }
    this.#traffic.attempt('', performance.now());
    this.#leave = entered;
    if (this.#earlyBytes < this.#limits.bufferBytes) this.#socket.resume();
  }

  #keep(chunk: Buffer): void {
    this.#early.push(chunk);
    this.#earlyBytes += chunk.length;
    if (this.#state !== 'waiting' || this.#earlyBytes >= this.#limits.bufferBytes) this.#socket.pause();
  }

  /** @param reason told when there is nobody left to try */
  #connect(reason: ProxyError): void {
    const { balance } = this.#stream;
    const next = balance.next(this.#tried);
    if (next === undefined) {
      this.#waitOr(reason);
      return;
    }
    const isInDoubt = next.reachability.isInDoubt;
    const pool = isInDoubt ? preferReachable(next, this.#tried, (ids) => balance.next(ids)) : next;
    this.#pool = pool;
    this.#tried.add(pool.backend.id);
    this.#traffic.attempt(pool.backend.id, performance.now());
    this.#upstream = pool.connect(this, this.#connectMs, this.#endpoints);
  }

  /** Less where another backend can be asked instead. */
  get #connectMs(): number {
    const { upstreamConnectMs, upstreamElsewhereMs } = this.#limits;
    const hasOthers = this.#tried.size < Math.min(MAX_ATTEMPTS, this.#stream.readyCount);
    return hasOthers ? Math.min(upstreamConnectMs, upstreamElsewhereMs) : upstreamConnectMs;
  }

  /** The first word counts. */
  #count(outcome: { readonly bytesIn: number; readonly bytesOut: number; readonly isError: boolean }): void {
    const nowMs = performance.now();
    const ended = { status: 0, ...outcome };
    this.#traffic.end({ route: ended, backend: ended, totalMs: nowMs - this.#startedMs }, nowMs);
  }

  #giveUp(error: ProxyError): void {
    if (error !== this.#failure) this.#services.counters.countError(error.code);
    this.#count({ bytesIn: 0, bytesOut: 0, isError: true });
    this.#services.log.warn(
      { code: error.code, detail: error.detail, stream: this.#stream.route.id },
      'a TCP connection found no backend',
    );
    this.#socket.reset();
  }
}
