import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { compileCidrs, type Limits, type ListenAddress, type Listener, ProxyError } from '@dproxy/core';
import { DownstreamConnection } from '../downstream/downstream-connection.ts';
import type { Chosen, ClientConnection, DownstreamOwner } from '../downstream/downstream-owner.ts';
import type { Endpoints } from '../downstream/peer.ts';
import { refusalText } from '../downstream/refusal.ts';
import { Http2Connection } from '../http2/http2-connection.ts';
import type { Services } from '../services.ts';
import { TcpConnection } from '../tunnel/tcp-connection.ts';
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
export class BoundSocket implements DownstreamOwner {
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

  /** @throws Error of the system, such as EADDRINUSE and EACCES */
  async listen(): Promise<void> {
    try {
      await this.#listenOn(this.#address.host);
    } catch (error) {
      // A machine without IPv6 still has its IPv4.
      if (this.#address.host !== '::' || !isWithoutIpv6(error)) throw error;
      await this.#listenOn('0.0.0.0');
    }
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
    if (this.#listener.protocol === 'https') this.#secure(socket, endpoints);
    else this.#speak(socket, endpoints);
  }

  #secure(raw: Socket, endpoints: Endpoints): void {
    beginTls(raw, {
      services: this.#services,
      listener: this.#listener,
      endpoints,
      onDone: (socket, tls) => this.#guard(raw, () => this.#speakHttp(socket, { ...endpoints, tls })),
      onPlain: () =>
        this.#guard(raw, () => this.#refuse(raw, new ProxyError('plain-http-on-tls', endpoints.remoteAddress))),
    });
  }

  #speak(socket: Socket, endpoints: Endpoints): void {
    if (this.#listener.protocol !== 'tcp') {
      this.#speakHttp(socket, endpoints);
      return;
    }
    const balance = this.#services.compiled.tcp.get(this.#listener.id);
    if (balance === undefined) socket.resetAndDestroy();
    else TcpConnection.begin(socket, { balance, endpoints, services: this.#services });
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

function isWithoutIpv6(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL';
}
