import type { Socket } from 'node:net';
import { type Backend, ProxyError } from '@dproxy/core';
import { connectError } from '../connect-error.ts';
import { openTcp, openTls, openTlsBehind, type OpenSocketOptions } from '../open-socket.ts';
import type { UpstreamContext } from '../upstream-connection.ts';

/** Hears of one of them, once. */
export interface DialOwner {
  onDialled(socket: Socket): void;
  onDialFailed(error: ProxyError): void;
}

const HTTP2: readonly string[] = ['h2'];

/** Opens the connection of an HTTP/2 session: TCP, a PROXY header where one is expected, TLS where that is spoken. */
export class Dial {
  readonly #owner: DialOwner;
  readonly #where: string;
  #socket: Socket;
  #cause: NodeJS.ErrnoException | undefined;
  #isOver = false;

  constructor(backend: Backend, context: UpstreamContext, proxyHeader: Buffer | undefined, owner: DialOwner) {
    this.#owner = owner;
    this.#where = `${backend.address}:${backend.port}`;
    const { bufferBytes, names } = context;
    const options = { lookup: names.lookup, bufferBytes, protocols: HTTP2, allowHalfOpen: false };
    if (backend.protocol === 'h2') this.#socket = this.#openSecure(backend, options, proxyHeader);
    else this.#socket = this.#openClear(backend, options, proxyHeader);
  }

  /** Gives up. The owner hears nothing any more. */
  cancel(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#socket.destroy();
  }

  #openClear(backend: Backend, options: OpenSocketOptions, proxyHeader: Buffer | undefined): Socket {
    const socket = openTcp(backend, options);
    if (proxyHeader !== undefined) socket.write(proxyHeader);
    this.#listen(socket);
    socket.once('connect', () => this.#done(socket));
    return socket;
  }

  #openSecure(backend: Backend, options: OpenSocketOptions, proxyHeader: Buffer | undefined): Socket {
    if (proxyHeader === undefined) return this.#awaitSecure(openTls(backend, options));
    const raw = openTlsBehind(proxyHeader, backend, options, (secured) => {
      this.#socket = this.#awaitSecure(secured);
    });
    this.#listen(raw);
    return raw;
  }

  #awaitSecure(socket: ReturnType<typeof openTls>): Socket {
    this.#listen(socket);
    socket.once('secureConnect', () => {
      if (socket.alpnProtocol === 'h2') this.#done(socket);
      else this.#fail(new ProxyError('upstream-tls', `${this.#where}: it does not offer HTTP/2 (ALPN h2)`));
    });
    return socket;
  }

  /** The error listener stays for life; while this is not over, every end of a socket is a failure. */
  #listen(socket: Socket): void {
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#cause ??= error;
    });
    const onEnded = (): void => {
      const cause = this.#cause ?? Object.assign(new Error('the backend ended the handshake'), { code: 'ECONNRESET' });
      if (socket === this.#socket) this.#fail(connectError(cause, this.#where));
    };
    socket.once('end', onEnded);
    socket.once('close', onEnded);
  }

  #done(socket: Socket): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#owner.onDialled(socket);
  }

  #fail(error: ProxyError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#socket.destroy();
    this.#owner.onDialFailed(error);
  }
}
