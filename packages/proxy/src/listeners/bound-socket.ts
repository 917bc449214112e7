import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import {
  compileCidrs,
  type Limits,
  type ListenAddress,
  type Listener,
  ProxyError,
  type StreamTable,
} from '@dproxy/core';
import type { Endpoints } from '../client/endpoints.ts';
import type { CompiledStream } from '../compiled-streams.ts';
import { DownstreamConnection } from '../downstream/downstream-connection.ts';
import type { Chosen, ClientConnection, DownstreamOwner } from '../downstream/downstream-owner.ts';
import { refusalText } from '../downstream/refusal.ts';
import { Http2Connection } from '../http2/http2-connection.ts';
import type { Services } from '../services.ts';
import { TcpConnection } from '../streams/tcp-connection.ts';
import { type Bound, listenOnEither } from './bound.ts';
import type { ConnectionLimits } from './connection-limits.ts';
import { Preamble } from './preamble.ts';
import { beginTls } from './tls-entrance.ts';

export interface BoundSocketOptions {
  readonly address: ListenAddress;
  readonly services: Services;
  readonly connections: ConnectionLimits;
  readonly reusePort: boolean;
}

/** Longest queue of connections that are not accepted yet; the kernel cuts it to `net.core.somaxconn`. */
const BACKLOG = 4_096;

/** One listening socket, and all connections that came in by it. What it speaks may change while it is open. */
export class BoundSocket implements Bound, DownstreamOwner {
  readonly #services: Services;
  readonly #connections: ConnectionLimits;
  readonly #address: ListenAddress;
  readonly #reusePort: boolean;
  readonly #open = new Set<ClientConnection>();
  readonly #sockets = new Set<Socket>();
  #listener: Listener;
  #needsProxyHeader: (address: string) => boolean;
  #server: Server | undefined;
  #isDraining = false;

  constructor(listener: Listener, options: BoundSocketOptions) {
    this.#services = options.services;
    this.#connections = options.connections;
    this.#address = options.address;
    this.#reusePort = options.reusePort;
    this.#listener = listener;
    this.#needsProxyHeader = compileCidrs(listener.proxyProtocol);
  }

  get listener(): Listener {
    return this.#listener;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  get openCount(): number {
    return this.#sockets.size;
  }

  /** Connections that would lose something if they ended now. */
  get busyCount(): number {
    let closing = 0;
    for (const connection of this.#open) if (connection.isClosing && connection.chosenRoute === undefined) closing++;
    return this.#sockets.size - closing;
  }

  get address(): ListenAddress {
    const bound = this.#server?.address() as AddressInfo | null | undefined;
    return { host: bound?.address ?? this.#address.host, port: bound?.port ?? this.#address.port };
  }

  /** The same address under another definition: what is open goes on, what comes is served by the new one. */
  reassign(listener: Listener): void {
    this.#listener = listener;
    this.#needsProxyHeader = compileCidrs(listener.proxyProtocol);
  }

  async listen(): Promise<void> {
    await listenOnEither(this.#address.host, (host) => this.#listenOn(host));
  }

  /** Stops accepting. Busy connections end with their answer, idle ones after a moment; tunnels go on. */
  drain(): void {
    this.#isDraining = true;
    // net.Server.close() stops accepting and leaves connections alone.
    this.#server?.close();
    for (const connection of this.#open) connection.drain();
  }

  /** Cuts everything. */
  destroy(): void {
    this.drain();
    for (const socket of this.#sockets) socket.destroy();
  }

  followBackends(): void {
    // A connection to a backend tells its own end.
  }

  onDownstreamClosed(connection: ClientConnection): void {
    this.#open.delete(connection);
  }

  serve(socket: Duplex, chosen: Chosen): void {
    const endpoints = { remoteAddress: chosen.peer.address, remotePort: 0, localAddress: '', localPort: 0 };
    this.#open.add(new DownstreamConnection(socket, { owner: this, services: this.#services, endpoints, chosen }));
  }

  #listenOn(host: string): Promise<void> {
    const { bufferBytes } = this.#limits;
    const server = createServer({ allowHalfOpen: true, noDelay: true, highWaterMark: bufferBytes });
    server.on('connection', (socket: Socket) => this.#accept(socket));
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port: this.#address.port, backlog: BACKLOG, reusePort: this.#reusePort }, () => {
        server.off('error', reject);
        // Such as EMFILE in accept: the connection waits in the kernel, the listener stays.
        server.on('error', (error) => this.#services.log.error({ err: error }, 'a listener has a problem'));
        this.#server = server;
        resolve();
      });
    });
  }

  get #limits(): Limits {
    return this.#services.compiled.limits;
  }

  #accept(socket: Socket): void {
    // First of all, and for life: a reset may come at any moment from now on.
    socket.on('error', () => undefined);
    this.#guard(socket, () => this.#admit(socket));
  }

  /** What is thrown before there is a connection object ends this connection, not the worker (threats: row 54). */
  #guard(socket: Socket, step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#services.log.error({ err: error }, 'a connection could not be served');
      socket.destroy();
    }
  }

  #admit(socket: Socket): void {
    const { remoteAddress, remotePort = 0, localAddress = '', localPort = 0 } = socket;
    if (remoteAddress === undefined) {
      socket.destroy();
      return;
    }
    const { counters, compiled } = this.#services;
    const { connections: all, connectionsPerClient } = compiled.limits;
    const perClient = compiled.isTrusted(remoteAddress) ? all : connectionsPerClient;
    const leave = this.#connections.admit(remoteAddress, { all, perClient });
    if (leave === undefined) {
      this.#refuse(socket, new ProxyError('too-many-connections', remoteAddress));
      return;
    }
    counters.connections++;
    this.#sockets.add(socket);
    socket.once('close', () => {
      counters.connections--;
      this.#sockets.delete(socket);
      leave();
    });
    this.#greet(socket, { remoteAddress, remotePort, localAddress, localPort });
  }

  /** Reads what comes before everything else where the listener asks for it: a PROXY header. */
  #greet(socket: Socket, endpoints: Endpoints): void {
    if (!this.#needsProxyHeader(endpoints.remoteAddress)) {
      this.#enter(socket, endpoints);
      return;
    }
    Preamble.begin(socket, {
      wheel: this.#services.wheel,
      timeoutMs: this.#limits.proxyHeaderMs,
      onDone: (claimed) =>
        this.#guard(socket, () => {
          this.#enter(socket, claimed ?? endpoints);
          // TCP is read when its backend is there: what comes before that would be lost.
          if (this.#listener.protocol !== 'tcp') socket.resume();
        }),
      onFailed: (error) => {
        this.#services.counters.countError(error.code);
        this.#services.log.debug(
          { code: error.code, detail: error.detail, client: endpoints.remoteAddress },
          error.message,
        );
        socket.destroy();
      },
    });
  }

  #enter(socket: Socket, endpoints: Endpoints): void {
    const { protocol } = this.#listener;
    if (protocol === 'https' || (protocol === 'tcp' && this.#streams?.hasTls === true)) this.#secure(socket, endpoints);
    else if (protocol === 'tcp') this.#speakPlain(socket, endpoints);
    else this.#speakHttp(socket, endpoints);
  }

  get #streams(): StreamTable<CompiledStream> | undefined {
    return this.#services.compiled.streams.byListener.get(this.#listener.id);
  }

  #secure(raw: Socket, endpoints: Endpoints): void {
    const { protocol } = this.#listener;
    beginTls(raw, {
      services: this.#services,
      listener: this.#listener,
      endpoints,
      onDone: (socket, tls, stream) =>
        this.#guard(raw, () => {
          if (stream === undefined) this.#speakHttp(socket, { ...endpoints, tls });
          else this.#speakStream(socket, endpoints, stream);
        }),
      onPass: (stream) => this.#guard(raw, () => this.#speakStream(raw, endpoints, stream)),
      onPlain: () =>
        this.#guard(raw, () => {
          if (protocol === 'tcp') this.#speakPlain(raw, endpoints);
          else this.#refuse(raw, new ProxyError('plain-http-on-tls', endpoints.remoteAddress));
        }),
    });
  }

  /** What is no TLS, on a listener of streams. */
  #speakPlain(socket: Socket, endpoints: Endpoints): void {
    const stream = this.#streams?.findPlain(endpoints.remoteAddress);
    if (stream === undefined) socket.resetAndDestroy();
    else this.#speakStream(socket, endpoints, stream);
  }

  #speakStream(socket: Socket, endpoints: Endpoints, stream: CompiledStream): void {
    const leave = stream.counts.enter(endpoints.remoteAddress, stream.route.connectionsPerClient);
    if (leave === undefined) {
      this.#services.counters.countError('too-many-connections');
      if (socket instanceof TLSSocket) socket.destroy();
      else socket.resetAndDestroy();
      return;
    }
    socket.once('close', leave);
    TcpConnection.begin(socket, { stream, endpoints, services: this.#services });
  }

  #speakHttp(socket: Socket, endpoints: Endpoints): void {
    const options = { owner: this, services: this.#services, endpoints };
    const isHttp2 = socket instanceof TLSSocket && socket.alpnProtocol === 'h2';
    const connection = isHttp2 ? new Http2Connection(socket, options) : new DownstreamConnection(socket, options);
    this.#open.add(connection);
    if (this.#isDraining) connection.drain();
  }

  /** One answer in clear, then the end. */
  #refuse(socket: Socket, error: ProxyError): void {
    const { counters, compiled, log } = this.#services;
    counters.countError(error.code);
    log.debug({ code: error.code, detail: error.detail }, error.message);
    const isClear = this.#listener.protocol === 'http' || error.code === 'plain-http-on-tls';
    if (!isClear) {
      socket.resetAndDestroy();
      return;
    }
    socket.resume();
    socket.end(refusalText(error, compiled, this.#services.nextRequestId()), 'latin1', () => socket.destroySoon());
  }
}
