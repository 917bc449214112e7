import { lookup as resolve, type LookupAddress } from 'node:dns';
import { Agent as HttpAgent, type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { type AddressPolicy, ProxyError } from '@dproxy/core';

/** Questions at the same time, of one worker. */
const MAX_ASKING = 1_024;
const MAX_SOCKETS = 64;
const MAX_HEAD_BYTES = 16_384;
/** Of an answer that goes to the client; a login page is less. */
const MAX_BODY_BYTES = 262_144;

export interface AuthQuestion {
  readonly url: URL;
  readonly method: string;
  /** Name, value, name, value; latin1, with Host. */
  readonly headers: readonly string[];
  /** Undefined: none. */
  readonly body: Buffer | undefined;
  readonly timeoutMs: number;
  readonly tlsVerify: boolean;
  /** The URL was written by a container, and shall not lead everywhere. Undefined: it was not. */
  readonly refuse: AddressPolicy | undefined;
}

export interface AuthAnswer {
  readonly status: number;
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** Empty for 2xx. */
  readonly body: Buffer;
}

/** The connections of a worker to servers that are asked whether a request may pass. */
export class AuthServers {
  readonly #trusted = agents();
  /** Apart: a connection that was opened for another's URL has not been checked where it leads to. */
  readonly #guarded = agents();
  #asking = 0;

  /**
   * @param signal nobody waits for the answer any more
   * @throws ProxyError `access-unchecked` for whatever is no answer in time
   */
  async ask(question: AuthQuestion, signal: AbortSignal): Promise<AuthAnswer> {
    if (this.#asking >= MAX_ASKING) throw unchecked(question, new Error(`${this.#asking} questions wait already`));
    this.#asking++;
    try {
      return await this.#askWithin(question, signal);
    } catch (error) {
      throw unchecked(question, error);
    } finally {
      this.#asking--;
    }
  }

  close(): void {
    for (const { http, https } of [this.#trusted, this.#guarded]) {
      http.destroy();
      https.destroy();
    }
  }

  async #askWithin(question: AuthQuestion, signal: AbortSignal): Promise<AuthAnswer> {
    const ends = AbortSignal.any([signal, AbortSignal.timeout(question.timeoutMs)]);
    const first = this.#send(question, ends);
    try {
      return await answerTo(first);
    } catch (error) {
      // Its idle connection had ended on the other side, as idle connections do: nothing was read of the question.
      if (!first.reusedSocket || ends.aborted || !isReset(error)) throw error;
      return await answerTo(this.#send(question, ends, true));
    }
  }

  #send(
    { url, method, headers, body, tlsVerify, refuse }: AuthQuestion,
    signal: AbortSignal,
    isNew = false,
  ): ClientRequest {
    const isTls = url.protocol === 'https:';
    const { http, https } = refuse === undefined ? this.#trusted : this.#guarded;
    const agent = isTls ? https : http;
    const options = {
      method,
      headers,
      signal,
      agent: isNew ? false : agent,
      maxHeaderSize: MAX_HEAD_BYTES,
      ...(refuse === undefined ? {} : { lookup: guarded(url, refuse) }),
    };
    const sent = isTls ? requestHttps(url, { ...options, rejectUnauthorized: tlsVerify }) : requestHttp(url, options);
    sent.end(body);
    return sent;
  }
}

function agents() {
  const options = { keepAlive: true, maxSockets: MAX_SOCKETS, maxFreeSockets: 16 };
  return { http: new HttpAgent(options), https: new HttpsAgent(options) };
}

async function answerTo(sent: ClientRequest): Promise<AuthAnswer> {
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.on('response', resolve);
    // For life: errors come behind the answer, too.
    sent.on('error', reject);
    // Without an error, too: a 101, which nobody has asked for.
    sent.on('close', () => reject(new Error('its connection ended without an answer')));
  });
  const status = message.statusCode ?? 0;
  return { status, fields: pairsOf(message.rawHeaders), body: await bodyOf(message, status >= 200 && status < 300) };
}

async function bodyOf(message: IncomingMessage, isDropped: boolean): Promise<Buffer> {
  const parts: Buffer[] = [];
  let byteLength = 0;
  for await (const part of message as AsyncIterable<Buffer>) {
    byteLength += part.length;
    // Leaving the loop ends the connection.
    if (byteLength > MAX_BODY_BYTES) {
      if (isDropped) break;
      throw new Error(`its answer has more than ${MAX_BODY_BYTES} bytes`);
    }
    if (!isDropped) parts.push(part);
  }
  return Buffer.concat(parts);
}

function pairsOf(raw: readonly string[]): (readonly [string, string])[] {
  return Array.from({ length: raw.length / 2 }, (_, pair) => [raw[pair * 2] ?? '', raw[pair * 2 + 1] ?? '']);
}

function isReset(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}

/** Checks what a name means where it is used: one that was looked up before may mean another address now. */
function guarded({ port, protocol }: URL, refuse: AddressPolicy): LookupFunction {
  const to = port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
  return (host, options, callback) => {
    resolve(host, { ...options, all: true }, (error, found: readonly LookupAddress[] | undefined) => {
      const addresses = found ?? [];
      const refused = addresses.map(({ address }) => refuse(address, to)).find(Boolean);
      const [first] = addresses;
      if (error !== null) callback(error, []);
      else if (refused !== undefined) callback(new Error(`${host} is refused: ${refused}`), []);
      else if (options.all === true || first === undefined) callback(null, [...addresses]);
      else callback(null, first.address, first.family);
    });
  };
}

/** An address that is written as one is never looked up. @returns why it may not be asked */
export function refusedUrl(url: URL, refuse: AddressPolicy): string | undefined {
  const address = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  return isIP(address) === 0 ? undefined : refuse(address, port);
}

function unchecked({ url }: AuthQuestion, cause: unknown): ProxyError {
  return new ProxyError('access-unchecked', `${url.host}: ${String(cause)}`, { cause });
}
