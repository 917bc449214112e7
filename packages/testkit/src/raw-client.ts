import { once } from 'node:events';
import { connect as connectTcp, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { within } from './eventually.ts';
import { HttpReader, statusOf, type Body, type MessageHead } from './http-reader.ts';

export interface RawClientOptions {
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Address to connect from, such as 127.0.0.2. */
  readonly localAddress?: string;
  /** Given: speaks TLS. Say `ca` and `servername` there, and `cert` and `key` of a client certificate. */
  readonly tls?: Pick<
    ConnectionOptions,
    'ca' | 'cert' | 'key' | 'servername' | 'ALPNProtocols' | 'rejectUnauthorized' | 'minVersion' | 'maxVersion'
  >;
}

export interface RawResponse extends MessageHead {
  readonly status: number;
  readonly body: Body;
  /** Heads of 1xx answers that came before it. */
  readonly interim: readonly MessageHead[];
}

/** How the proxy ended the connection: `end` is a FIN, `reset` an RST or another error. */
export type Ending = 'end' | 'reset';

/** A client that writes exactly the bytes it is told to and reads strictly. One deadline (30 s) for every wait. */
export class RawClient implements Disposable {
  readonly socket: Duplex;
  readonly #ended = Promise.withResolvers<Ending>();
  readonly #waiting = new Set<() => void>();
  /** What came since somebody last looked: joined only then, because a join for each piece of a large answer takes seconds. */
  #pieces: Buffer[] = [];
  #joined = Buffer.alloc(0);
  #ending: Ending | undefined;

  private constructor(socket: Duplex) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => {
      this.#pieces.push(bytes);
      this.#wake();
    });
    socket.on('end', () => {
      this.#finish('end');
    });
    socket.on('error', () => {
      this.#finish('reset');
    });
    socket.on('close', () => {
      this.#finish('reset');
    });
  }

  static async connect(options: RawClientOptions): Promise<RawClient> {
    const { port, host = '127.0.0.1', localAddress, tls } = options;
    const address = { port, host, noDelay: true, ...(localAddress === undefined ? {} : { localAddress }) };
    const socket =
      tls === undefined
        ? connectTcp({ ...address, allowHalfOpen: true })
        : connectTls({ ...address, ...tls, allowHalfOpen: true } as ConnectionOptions);
    await within(once(socket, tls === undefined ? 'connect' : 'secureConnect'), `a connection to port ${port}`);
    return new RawClient(socket);
  }

  /** A client on a connection that exists already, such as one in memory. */
  static over(socket: Duplex): RawClient {
    return new RawClient(socket);
  }

  /** What came and was not read by one of the methods below. */
  get unread(): Buffer {
    return this.#received;
  }

  /** Resolves when the proxy ends the connection. */
  get ended(): Promise<Ending> {
    return within(this.#ended.promise, 'the end of the connection');
  }

  get isEnded(): boolean {
    return this.#ending !== undefined;
  }

  /** Resolves when the bytes are with the kernel; false when the connection is gone. */
  write(bytes: string | Uint8Array): Promise<boolean> {
    return new Promise((resolve) => {
      const data = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
      this.socket.write(data, (error) => {
        resolve(error === undefined || error === null);
      });
    });
  }

  /** Writes piece by piece; before each piece but the first it waits for `until`, a condition and never a time. */
  async writePieces(pieces: Iterable<string | Uint8Array>, until: (piece: number) => Promise<unknown>): Promise<void> {
    let count = 0;
    for (const piece of pieces) {
      if (count > 0) await until(count);
      await this.write(piece);
      count += 1;
    }
  }

  /** Reads one final response (and the 1xx before it), strictly; what follows stays unread. */
  async readResponse({ method = 'GET', keepBytes = 1_048_576 } = {}): Promise<RawResponse> {
    const interim: MessageHead[] = [];
    for (;;) {
      const reader = new HttpReader({ kind: 'response', method, keepBytes });
      const { head, body } = await this.#readMessage(reader);
      const status = statusOf(head);
      if (status >= 200 || status === 101) return { ...head, status, body, interim };
      interim.push(head);
    }
  }

  /** Reads until the head of a response is there; its body stays unread. */
  async readHead(): Promise<MessageHead & { readonly status: number }> {
    const bytes = await this.readUntil('\r\n\r\n');
    const reader = new HttpReader({ kind: 'response', method: 'HEAD' });
    reader.push(bytes);
    const head = reader.head;
    if (head === undefined) throw new Error('a head without its end');
    return { ...head, status: statusOf(head) };
  }

  /** Everything up to and with `mark`. @throws Error when the connection ends before it. */
  async readUntil(mark: string): Promise<Buffer> {
    await this.#until(() => this.#received.includes(mark, 0, 'latin1'), JSON.stringify(mark));
    return this.#take(this.#received.indexOf(mark, 0, 'latin1') + Buffer.byteLength(mark, 'latin1'));
  }

  async readBytes(count: number): Promise<Buffer> {
    await this.#until(() => this.#received.byteLength >= count, `${count} bytes`);
    return this.#take(count);
  }

  /** All that comes until the proxy ends the connection. */
  async readToEnd(): Promise<Buffer> {
    await this.ended;
    return this.#take(this.#received.byteLength);
  }

  /** Ends the own direction (FIN); answers still come. */
  halfClose(): void {
    this.socket.end();
  }

  /** Goes away at once with an RST, as a killed client does. */
  reset(): void {
    if (this.socket instanceof Socket) this.socket.resetAndDestroy();
    else this.socket.destroy();
  }

  close(): void {
    this.socket.destroy();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #readMessage(reader: HttpReader): Promise<{ head: MessageHead; body: Body }> {
    for (;;) {
      if (this.#received.byteLength > 0) this.#joined = Buffer.from(reader.push(this.#take(this.#received.byteLength)));
      if (reader.body === undefined && this.#ending !== undefined && this.#received.byteLength === 0) reader.end();
      if (reader.head !== undefined && reader.body !== undefined) return { head: reader.head, body: reader.body };
      await this.#more(`the rest of a response, after ${JSON.stringify(reader.head?.raw ?? '')}`);
    }
  }

  async #until(isThere: () => boolean, what: string): Promise<void> {
    while (!isThere()) {
      if (this.#ending !== undefined) {
        throw new Error(
          `no ${what} before the ${this.#ending}; got ${JSON.stringify(this.#received.toString('latin1'))}`,
        );
      }
      await this.#more(what);
    }
  }

  #more(what: string): Promise<void> {
    if (this.#ending !== undefined) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    return within(promise, `${what} (unread: ${JSON.stringify(this.#received.toString('latin1', 0, 300))})`);
  }

  get #received(): Buffer {
    if (this.#pieces.length > 0) this.#joined = Buffer.concat([this.#joined, ...this.#pieces.splice(0)]);
    return this.#joined;
  }

  #take(count: number): Buffer {
    const taken = this.#received.subarray(0, count);
    this.#joined = this.#joined.subarray(count);
    return taken;
  }

  #finish(ending: Ending): void {
    if (this.#ending !== undefined) return;
    this.#ending = ending;
    this.#ended.resolve(ending);
    this.#wake();
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }
}

/** One request on a connection of its own. `request` is written as it is. */
export async function exchange(
  options: RawClientOptions & { readonly request: string | Uint8Array; readonly method?: string },
): Promise<RawResponse> {
  using client = await RawClient.connect(options);
  await client.write(options.request);
  const method = options.method ?? Buffer.from(options.request).toString('latin1', 0, 64).split(' ', 1)[0];
  return await client.readResponse(method === undefined ? {} : { method });
}

/** A plain GET, for tests where the request does not matter. */
export function get(
  options: RawClientOptions & { readonly name: string; readonly path?: string; readonly headers?: string },
): Promise<RawResponse> {
  const { name, path = '/', headers = '' } = options;
  return exchange({
    ...options,
    request: `GET ${path} HTTP/1.1\r\nHost: ${name}\r\n${headers}Connection: close\r\n\r\n`,
  });
}
