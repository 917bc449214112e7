import { type Backend, type Limits, type Load, ResponseTime } from '@dproxy/core';
import type { Endpoints } from '../client/endpoints.ts';
import { Http1Stream } from './http1-stream.ts';
import { Http2Sessions } from './http2/http2-sessions.ts';
import { Reachability } from './reachability.ts';
import { UpstreamConnection, type UpstreamConnectionOwner, type UpstreamContext } from './upstream-connection.ts';
import type { UpstreamStream, UpstreamStreamUser } from './upstream-stream.ts';
import type { UpstreamUser } from './upstream-user.ts';
import { proxyHeaderFor } from './write-proxy-header.ts';

export interface OpenOptions {
  /** Deadline of a new connection. */
  readonly connectMs: number;
  readonly isNew: boolean;
  /** Whom a PROXY header names, where the backend expects one. */
  readonly client: Endpoints | undefined;
}

/** The connections to one backend. Lives as long as the backend keeps its address and does not drain; routes and Snapshots share it. */
export class UpstreamPool implements UpstreamConnectionOwner, Load {
  readonly backend: Backend;
  /** `address:port`, for headers and the log. */
  readonly where: string;
  /** Kept where a route asks for who answers soonest. */
  readonly responseTime = new ResponseTime();
  readonly reachability = new Reachability();
  readonly #context: UpstreamContext;
  /** A stack: the last one used is the least likely to be closed by the backend; the surplus below runs out of time. */
  readonly #idle: UpstreamConnection[] = [];
  readonly #all = new Set<UpstreamConnection>();
  /** Of a backend that speaks HTTP/2; then there are no connections beside them. */
  readonly #sessions: Http2Sessions | undefined;
  #limits: Limits;
  #isRetired = false;

  constructor(backend: Backend, context: UpstreamContext, limits: Limits) {
    this.backend = backend;
    this.where = `${backend.address}:${backend.port}`;
    this.#context = context;
    this.#limits = limits;
    const isHttp2 = backend.protocol === 'h2c' || backend.protocol === 'h2';
    this.#sessions = isHttp2 ? new Http2Sessions(backend, context, limits) : undefined;
  }

  get idleCount(): number {
    return this.#sessions?.idleCount ?? this.#idle.length;
  }

  get isHttp2(): boolean {
    return this.#sessions !== undefined;
  }

  /** Requests, and tunnels, of this worker that it has to answer yet. */
  get active(): number {
    return this.#sessions?.active ?? this.#all.size - this.#idle.length;
  }

  get #isDraining(): boolean {
    return this.backend.state === 'draining';
  }

  responseMs(): number {
    return this.responseTime.readMs(performance.now());
  }

  get openCount(): number {
    return this.#sessions?.openCount ?? this.#all.size;
  }

  /** The backend has left, or is at another address now. */
  get isRetired(): boolean {
    return this.#isRetired;
  }

  setLimits(limits: Limits): void {
    this.#limits = limits;
    this.#sessions?.setLimits(limits);
  }

  /** A stream for one request: over an idle connection, or, with `isNew`, over a new one in any case. */
  open(user: UpstreamStreamUser, { connectMs, isNew, client }: OpenOptions): UpstreamStream {
    if (this.#sessions !== undefined) {
      return this.#sessions.open(user, { connectMs, isNew, proxyHeader: proxyHeaderFor(this.backend, client) });
    }
    const stream = new Http1Stream({ user, limits: this.#limits, keeper: this });
    return stream.over(isNew ? this.connect(stream, connectMs, client) : this.acquire(stream, connectMs, client));
  }

  /**
   * An idle connection (`state` is `busy`: write at once), or a new one (`connecting`: wait for `onUpstreamReady`).
   *
   * @param connectMs deadline of a new one
   * @param client whom a PROXY header names, where the backend expects one
   */
  acquire(user: UpstreamUser, connectMs: number, client?: Endpoints): UpstreamConnection {
    const idle = this.#idle.pop();
    if (idle !== undefined) {
      idle.use(user);
      return idle;
    }
    return this.connect(user, connectMs, client);
  }

  /** A new connection even when some are idle: after a keep-alive race, and for tunnels. */
  connect(user: UpstreamUser, connectMs: number, client?: Endpoints): UpstreamConnection {
    const proxyHeader = proxyHeaderFor(this.backend, client);
    const connection = new UpstreamConnection(this.backend, this.#context, { owner: this, proxyHeader });
    this.#all.add(connection);
    connection.use(user);
    connection.deadline.set(connectMs);
    return connection;
  }

  /**
   * Gives back a connection on which a whole exchange has taken place and nothing else.
   *
   * One that began with a PROXY header speaks for the client that it names, for ever: another's request on it would be taken
   * for that client's. It is not kept for the same client either: who that is may change from request to request (behind a
   * trusted proxy `X-Forwarded-For` says), and every client that was ever here would hold a connection of the backend.
   *
   * A backend that drains closes its connections when it likes: none is kept to be caught by that.
   */
  release(connection: UpstreamConnection): void {
    if (connection.state === 'closed') return;
    const isOneClients = this.backend.proxyProtocol !== '';
    if (
      this.#isRetired ||
      this.#isDraining ||
      isOneClients ||
      this.#idle.length >= this.#limits.upstreamIdlePerBackend
    ) {
      connection.destroy();
      return;
    }
    const ownMs = this.#limits.upstreamKeepAliveMs;
    const learntMs = connection.learntKeepAliveMs;
    // Closing first, a second early, wins the race against the backend's own timer.
    connection.rest(learntMs > 0 ? Math.max(1, Math.min(ownMs, learntMs - 1_000)) : ownMs);
    this.#idle.push(connection);
  }

  /**
   * The backend is gone: nothing idle is kept, what is busy ends when its exchange does, who waits may soon try another.
   *
   * @param connectMs what connections that are being made are given
   */
  retire(connectMs: number): void {
    this.#isRetired = true;
    this.#sessions?.retire(connectMs);
    for (const connection of this.#idle.splice(0)) connection.destroy();
    for (const connection of this.#all) if (connection.state === 'connecting') connection.deadline.set(connectMs);
  }

  /** Cuts everything. */
  destroy(): void {
    this.retire(0);
    this.#sessions?.destroy();
    for (const connection of this.#all) connection.destroy();
  }

  onConnectionClosed(connection: UpstreamConnection): void {
    this.#all.delete(connection);
    const index = this.#idle.lastIndexOf(connection);
    if (index !== -1) this.#idle.splice(index, 1);
  }
}
