import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import type { ConnectionOptions } from 'node:tls';
import { within } from './eventually.ts';

export interface Http2ClientOptions {
  readonly port: number;
  readonly host?: string;
  /** Name for SNI and `:authority`. */
  readonly authority: string;
  readonly tls: Pick<ConnectionOptions, 'ca' | 'cert' | 'key'>;
}

export interface Http2Response {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Name, value, name, value, as they came. */
  readonly rawHeaders: readonly string[];
  readonly interim: readonly IncomingHttpHeaders[];
  readonly trailers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A client of HTTP/2 over TLS: Node's, with one deadline (30 s) for every wait. */
export class Http2Client implements Disposable {
  readonly session: ClientHttp2Session;
  readonly goaways: { readonly code: number; readonly lastStreamId: number }[] = [];
  readonly #authority: string;

  private constructor(session: ClientHttp2Session, authority: string) {
    this.session = session;
    this.#authority = authority;
    session.on('goaway', (code, lastStreamId) => this.goaways.push({ code, lastStreamId }));
    session.on('error', () => undefined);
  }

  static async connect({ port, host = '127.0.0.1', authority, tls }: Http2ClientOptions): Promise<Http2Client> {
    const session = connect(`https://${authority}:${port}`, { ...tls, host, port, servername: authority } as never);
    const client = new Http2Client(session, authority);
    const failed = once(session, 'error').then(([error]) => {
      throw error;
    });
    await within(Promise.race([once(session, 'remoteSettings'), failed]), `an HTTP/2 session with port ${port}`);
    failed.catch(() => undefined);
    return client;
  }

  /** A stream; `:authority` is the client's unless said otherwise. An RST_STREAM shows in `close` and `rstCode`. */
  open(headers: OutgoingHttpHeaders = {}, { endStream = true } = {}): ClientHttp2Stream {
    const stream = this.session.request(
      { ':method': 'GET', ':path': '/', ':authority': this.#authority, ...headers },
      { endStream, waitForTrailers: false },
    );
    stream.on('error', () => undefined);
    return stream;
  }

  /** A whole request and its whole response. @throws Error when the stream is reset */
  async request(headers: OutgoingHttpHeaders = {}, body?: string | Uint8Array): Promise<Http2Response> {
    const stream = this.open(headers, { endStream: body === undefined });
    if (body !== undefined) stream.end(body);
    return await readHttp2Response(stream);
  }

  /** Resolves when the session is closed. */
  async closed(): Promise<void> {
    if (!this.session.destroyed) await within(once(this.session, 'close'), 'the end of the session');
  }

  [Symbol.dispose](): void {
    this.session.destroy();
  }
}

/** Reads the response of a stream to its end. @throws Error when it is reset before, with `code` of the reset */
export async function readHttp2Response(stream: ClientHttp2Stream): Promise<Http2Response> {
  const interim: IncomingHttpHeaders[] = [];
  const chunks: Buffer[] = [];
  let headers: IncomingHttpHeaders | undefined;
  let rawHeaders: readonly string[] = [];
  let trailers: IncomingHttpHeaders = {};
  let isWhole = false;
  stream.on('headers', (fields) => interim.push(fields));
  stream.on('response', (...values: unknown[]) => {
    headers = values[0] as IncomingHttpHeaders;
    rawHeaders = values[2] as readonly string[];
  });
  stream.on('trailers', (fields) => {
    trailers = fields;
  });
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('end', () => {
    isWhole = true;
  });
  // Not `once`, which rejects at an error: the code of the reset says more.
  await within(new Promise((resolve) => stream.once('close', resolve)), 'the end of a stream');
  const { rstCode } = stream;
  if (rstCode !== constants.NGHTTP2_NO_ERROR || headers === undefined || !isWhole) {
    throw Object.assign(new Error(`the stream was reset with ${rstCode}`), { code: rstCode, headers });
  }
  const status = Number(headers[':status']);
  return { status, headers, rawHeaders, interim, trailers, body: Buffer.concat(chunks) };
}
