import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { eventually } from './eventually.ts';
import { HttpReader, type Body, type HeaderLines, type MessageHead } from './http-reader.ts';

const RECORDED_BYTES = 4_194_304;

/** One connection as an origin sees it. */
export class OriginConnection {
  readonly socket: Socket;
  /** 0 for the first connection of its origin. */
  readonly index: number;
  readonly #onRequest: (exchange: OriginExchange) => void | Promise<void>;
  readonly #chunks: Buffer[] = [];
  readonly #closed = Promise.withResolvers<void>();
  readonly #gone = Promise.withResolvers<void>();
  #recorded = 0;
  #current: OriginExchange | undefined;
  #waiting = Buffer.alloc(0);
  #isRaw = false;

  /** What broke, such as a request that no client may send; tests look at it. */
  readonly failures: unknown[] = [];
  isClosed = false;
  isHalfClosed = false;
  requestCount = 0;

  constructor(socket: Socket, index: number, onRequest: (exchange: OriginExchange) => void | Promise<void>) {
    this.socket = socket;
    this.index = index;
    this.#onRequest = onRequest;
    socket.on('error', (error) => this.failures.push(error));
    socket.on('close', () => {
      this.isClosed = true;
      this.#closed.resolve();
      this.#gone.resolve();
    });
  }

  /** Resolves when the other side has ended the connection, politely (FIN) or not. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  /** Every byte that came, up to 4 MiB. */
  get received(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** Resolves when both directions are gone. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  serveHttp(): void {
    this.socket.on('data', (bytes: Buffer) => {
      this.#record(bytes);
      if (this.#isRaw) return;
      this.#waiting = Buffer.concat([this.#waiting, bytes]);
      this.#advance();
    });
    this.socket.on('end', () => {
      this.isHalfClosed = true;
      this.#gone.resolve();
      this.#current?.abandon();
      // As most servers do: a client that sent its FIN gets what is being answered, and then ours.
      if (this.#current === undefined && !this.#isRaw) this.socket.end();
    });
  }

  /** From now on the bytes are not read as HTTP: for tunnels. Bytes that wait already are given back. */
  takeOver(): Buffer {
    this.#isRaw = true;
    const waiting = this.#waiting;
    this.#waiting = Buffer.alloc(0);
    return waiting;
  }

  #record(bytes: Buffer): void {
    if (this.#recorded >= RECORDED_BYTES) return;
    this.#chunks.push(Buffer.from(bytes));
    this.#recorded += bytes.byteLength;
  }

  #advance(): void {
    while (this.#waiting.byteLength > 0 && !this.#isRaw) {
      if (this.#current?.isRead === true) return;
      this.#current ??= this.#newExchange();
      const bytes = this.#waiting;
      this.#waiting = Buffer.alloc(0);
      try {
        this.#waiting = Buffer.from(this.#current.push(bytes));
      } catch (error) {
        this.failures.push(error);
        this.socket.destroy();
        return;
      }
    }
  }

  #newExchange(): OriginExchange {
    const exchange = new OriginExchange(this, this.requestCount, (started) => {
      void this.#serve(started);
    });
    this.requestCount += 1;
    return exchange;
  }

  async #serve(exchange: OriginExchange): Promise<void> {
    try {
      // First let `#advance` put down what follows the head: a behaviour may take it over.
      await Promise.resolve();
      await this.#onRequest(exchange);
      if (this.isClosed || this.#isRaw) return;
      await exchange.body();
    } catch (error) {
      this.failures.push(error);
      this.socket.destroy();
      return;
    }
    this.#current = undefined;
    if (this.isHalfClosed) this.socket.end();
    this.#advance();
  }
}

export interface OriginResponse {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: HeaderLines;
  /** With a Content-Length; default empty. */
  readonly body?: string | Uint8Array;
}

/** One request as an origin sees it, and the means to answer it. */
export class OriginExchange {
  readonly connection: OriginConnection;
  /** 0 for the first request of its connection. */
  readonly index: number;
  readonly #reader = new HttpReader({ kind: 'request' });
  readonly #body = Promise.withResolvers<Body>();
  readonly #onHead: (exchange: OriginExchange) => void;
  #head: MessageHead | undefined;

  constructor(connection: OriginConnection, index: number, onHead: (exchange: OriginExchange) => void) {
    this.connection = connection;
    this.index = index;
    this.#onHead = onHead;
    // A behaviour need not look at the body; that it never came is then no unhandled rejection.
    this.#body.promise.catch((error: unknown) => connection.failures.push(error));
  }

  get head(): MessageHead {
    if (this.#head === undefined) throw new Error('the head of the request has not come yet');
    return this.#head;
  }

  get method(): string {
    return this.head.startLine.split(' ', 1)[0] ?? '';
  }

  get target(): string {
    return this.head.startLine.split(' ')[1] ?? '';
  }

  /** Bytes of body that came so far. */
  get bodyLength(): number {
    return this.#reader.bodyLength;
  }

  get isRead(): boolean {
    return this.#reader.body !== undefined;
  }

  /** Resolves when the body is complete; rejects when the connection ended before. */
  body(): Promise<Body> {
    return this.#body.promise;
  }

  /** Resolves when at least that many bytes of body have come. */
  async bodyReaches(bytes: number): Promise<void> {
    await eventually(() => this.bodyLength >= bytes, { what: `a request body of ${bytes} bytes` });
  }

  /** Writes bytes as they are; resolves when the kernel has them, false when the connection is gone. */
  write(bytes: string | Uint8Array): Promise<boolean> {
    return new Promise((resolve) => {
      const data = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
      this.connection.socket.write(data, (error) => {
        resolve(error === undefined || error === null);
      });
    });
  }

  /** A complete, correct response, without the body for HEAD. */
  async respond({ status = 200, headers = [], body = '' }: OriginResponse = {}): Promise<void> {
    const bytes = Buffer.from(body);
    const hasLength = status >= 200 && status !== 204;
    const lines = [...headers, ...(hasLength ? [['Content-Length', String(bytes.byteLength)] as const] : [])];
    const fields = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\n${fields}\r\n`;
    const hasBody = this.method !== 'HEAD' && hasLength && status !== 304;
    await this.write(Buffer.concat([Buffer.from(head, 'latin1'), hasBody ? bytes : Buffer.alloc(0)]));
  }

  /** Ends politely (FIN) after what was written. */
  end(): void {
    this.connection.socket.end();
  }

  /** Cuts with an RST. */
  reset(): void {
    this.connection.socket.resetAndDestroy();
  }

  /** For the connection: more bytes. @returns those that belong to the next request. */
  push(bytes: Buffer): Buffer {
    const rest = this.#reader.push(bytes);
    if (this.#head === undefined && this.#reader.head !== undefined) {
      this.#head = this.#reader.head;
      this.#onHead(this);
    }
    if (this.#reader.body !== undefined) this.#body.resolve(this.#reader.body);
    return rest;
  }

  /** For the connection: no more bytes will come. */
  abandon(): void {
    try {
      this.#reader.end();
    } catch (error) {
      this.#body.reject(error);
    }
  }
}
