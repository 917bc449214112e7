// What Debian's Pebble 2.4 lacks, put before it: renewal information (RFC 9773), profiles (draft-ietf-acme-profiles), and the
// bad days of an authority. Everything else is Pebble's own.
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Pebble } from './pebble.ts';

export interface FrontRequest {
  readonly method: string;
  readonly path: string;
  /** Of the JWS; undefined: none, or POST-as-GET. */
  readonly payload: Readonly<Record<string, unknown>> | undefined;
}

export interface FrontAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text as it is, else JSON. */
  readonly body?: unknown;
}

export class AriAndProfilesFront implements AsyncDisposable {
  /** Renewal information by certificate identifier. */
  readonly renewalInfo = new Map<string, FrontAnswer>();
  /** Advertised in the directory; undefined: the authority knows none. */
  profiles: Readonly<Record<string, string>> | undefined = {
    classic: 'https://ca.test/classic',
    short: 'https://ca.test/short',
  };
  /** Payloads of `newOrder`, oldest first. */
  readonly orders: Readonly<Record<string, unknown>>[] = [];
  readonly requests: FrontRequest[] = [];
  /** Answers instead of Pebble where it gives something; `drop` cuts the connection. */
  answer: (request: FrontRequest) => FrontAnswer | 'drop' | undefined = () => undefined;
  /** Changes what Pebble has answered. */
  change: (request: FrontRequest, answer: FrontAnswer) => FrontAnswer = (_request, answer) => answer;
  readonly #pebble: Pebble;
  readonly #server: Server;

  private constructor(pebble: Pebble) {
    this.#pebble = pebble;
    const { certificate, key } = pebble.serverPem;
    this.#server = createServer({ cert: certificate, key }, (incoming, response) => {
      this.#serve(incoming, response).catch((error: unknown) => {
        response.destroy(error as Error);
      });
    });
  }

  static async start(pebble: Pebble): Promise<AriAndProfilesFront> {
    const front = new AriAndProfilesFront(pebble);
    front.#server.listen(0, '127.0.0.1');
    await once(front.#server, 'listening');
    return front;
  }

  get directory(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}/dir`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = Buffer.concat(await incoming.toArray());
    const asked: FrontRequest = { method: incoming.method ?? '', path: incoming.url ?? '', payload: payloadOf(body) };
    this.requests.push(asked);
    if (asked.path === '/order-plz' && asked.payload !== undefined) this.orders.push(asked.payload);
    const own = this.answer(asked) ?? this.#renewalInfo(asked.path);
    if (own === 'drop') {
      response.destroy();
      return;
    }
    const answer = own ?? this.change(asked, this.#advertise(asked.path, await this.#forward(incoming, body)));
    const { status, headers, body: content } = answer;
    const text = typeof content === 'string' ? content : JSON.stringify(content ?? {});
    const isProblem = own !== undefined && status >= 400;
    response.writeHead(status, { ...(isProblem ? { 'content-type': 'application/problem+json' } : {}), ...headers });
    response.end(asked.method === 'HEAD' ? undefined : text);
  }

  #renewalInfo(path: string): FrontAnswer | undefined {
    if (!path.startsWith('/renewal-info/')) return undefined;
    return this.renewalInfo.get(path.slice('/renewal-info/'.length)) ?? { status: 404 };
  }

  #advertise(path: string, answer: FrontAnswer): FrontAnswer {
    if (path !== '/dir' || typeof answer.body !== 'object') return answer;
    const directory = answer.body as { readonly meta: object };
    const meta = this.profiles === undefined ? directory.meta : { ...directory.meta, profiles: this.profiles };
    return { ...answer, body: { ...directory, meta, renewalInfo: this.directory.replace('/dir', '/renewal-info') } };
  }

  /** With the Host of the client, from which Pebble makes its URLs: they all lead through here. */
  async #forward(incoming: IncomingMessage, body: Buffer): Promise<FrontAnswer> {
    const url = new URL(incoming.url ?? '', this.#pebble.directory);
    const { host = '', 'content-type': type = 'application/jose+json' } = incoming.headers;
    const headers = { host, 'content-type': type, 'content-length': String(body.length) };
    const ca = this.#pebble.serverPem.certificate;
    // TLS, too, would else be for the host of the header.
    const options = { method: incoming.method ?? 'GET', headers, ca, servername: 'localhost', agent: false as const };
    const outgoing = request(url, options).end(body);
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
    const text = Buffer.concat(await answer.toArray()).toString();
    const kept = ['content-type', 'location', 'link', 'replay-nonce', 'retry-after'];
    const copied = Object.entries(answer.headers).filter(([name]) => kept.includes(name));
    const isJson = answer.headers['content-type']?.includes('json') === true && text !== '';
    return {
      status: answer.statusCode ?? 0,
      headers: Object.fromEntries(copied.map(([name, value]) => [name, String(value)])),
      body: isJson ? (JSON.parse(text) as unknown) : text,
    };
  }
}

/** A problem document as an authority sends it (RFC 8555 section 6.7). */
export function problemAnswer(
  status: number,
  type: string,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): FrontAnswer {
  return { status, headers, body: { type: `urn:ietf:params:acme:error:${type}`, detail, status } };
}

function payloadOf(body: Buffer): Readonly<Record<string, unknown>> | undefined {
  if (body.length === 0) return undefined;
  const { payload } = JSON.parse(body.toString()) as { readonly payload: string };
  if (payload === '') return undefined;
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Readonly<Record<string, unknown>>;
}
