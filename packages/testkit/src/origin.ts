import { once } from 'node:events';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { OriginConnection, type OriginExchange } from './origin-connection.ts';

/** What an origin does with one request; it is called when the head is there, the body may still be on its way. */
export type Behaviour = (exchange: OriginExchange) => void | Promise<void>;

export interface OriginOptions {
  /** Called for each request. Default: 200 with the origin's name. */
  readonly behaviour?: Behaviour;
  /** Takes the whole connection, without any HTTP: for origins that speak first, never read, or speak something else. */
  readonly onConnection?: (socket: Socket, connection: OriginConnection) => void;
  readonly name?: string;
  readonly tls?: Pick<TlsOptions, 'key' | 'cert' | 'ALPNProtocols'>;
  /** Default 127.0.0.1. */
  readonly host?: string;
}

/**
 * A server that records exactly what it gets and answers with exactly what it is told to, on raw sockets: what a test says
 * about a backend is then the truth, not what a library made of it.
 */
export class Origin implements AsyncDisposable {
  readonly name: string;
  readonly connections: OriginConnection[] = [];
  readonly requests: OriginExchange[] = [];
  readonly #server: Server;
  readonly #options: OriginOptions;
  #behaviour: Behaviour;

  private constructor(options: OriginOptions) {
    this.name = options.name ?? 'origin';
    this.#options = options;
    this.#behaviour = options.behaviour ?? ((exchange) => exchange.respond({ body: this.name }));
    const accept = (socket: Socket) => {
      this.#accept(socket);
    };
    this.#server =
      options.tls === undefined
        ? createTcpServer({ allowHalfOpen: true, noDelay: true }, accept)
        : createTlsServer({ ...options.tls, allowHalfOpen: true, noDelay: true }, accept);
    // A client that breaks off its handshake is the client's business.
    this.#server.on('tlsClientError', (_error, socket: Socket) => socket.destroy());
  }

  static async start(options: OriginOptions | Behaviour = {}): Promise<Origin> {
    const origin = new Origin(typeof options === 'function' ? { behaviour: options } : options);
    origin.#server.listen(0, origin.#options.host ?? '127.0.0.1');
    await once(origin.#server, 'listening');
    return origin;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get address(): string {
    return (this.#server.address() as AddressInfo).address;
  }

  /** Connections that the other side has not ended. */
  get openConnections(): number {
    return this.connections.filter(({ isClosed, isHalfClosed }) => !isClosed && !isHalfClosed).length;
  }

  /** For requests from now on. */
  behave(behaviour: Behaviour): void {
    this.#behaviour = behaviour;
  }

  /** Stops listening (new connections are refused) and cuts what is open. Idempotent. */
  async close(): Promise<void> {
    for (const connection of this.connections) connection.socket.destroy();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #accept(socket: Socket): void {
    const connection = new OriginConnection(socket, this.connections.length, (exchange) => {
      this.requests.push(exchange);
      return this.#behaviour(exchange);
    });
    this.connections.push(connection);
    if (this.#options.onConnection === undefined) connection.serveHttp();
    else this.#options.onConnection(socket, connection);
  }
}
