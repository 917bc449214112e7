import { createHash } from 'node:crypto';
import HttpClient from 'acme-client/src/http.js';
import type { AcmeAuthority } from '@dproxy/config';
import type { AcmeDirectory } from './acme-directory.ts';
import { AcmeProblemError, fieldsOf, readProblem } from './acme-problem.ts';
import { NoncePool } from './nonce-pool.ts';
import type { Transport, TransportAnswer } from './transport.ts';

/** An authority that refuses every second nonce lets a request fail once in 2^31 times; the library's own bound is 2^6. */
const MAX_BAD_NONCES = 30;

export interface SignedClientOptions {
  readonly authority: AcmeAuthority;
  readonly directory: AcmeDirectory;
  readonly transport: Transport;
  readonly accountKeyPem: string;
}

interface PostOptions {
  readonly signal: AbortSignal;
  /** The key itself instead of the account's URL; with the external account binding where one is set. */
  readonly asNewAccount?: 'with-binding' | 'without-binding';
}

/** Signed requests (RFC 8555 section 6.2) of one account. Any number at once: they share one pool of nonces. */
export class SignedClient {
  /** Empty until the account is known. */
  accountUrl = '';
  readonly #options: SignedClientOptions;
  readonly #key: Buffer;
  readonly #nonces = new NoncePool();

  constructor(options: SignedClientOptions) {
    this.#options = options;
    this.#key = Buffer.from(options.accountKeyPem);
  }

  get directory(): AcmeDirectory {
    return this.#options.directory;
  }

  /** RFC 8555 section 8.1. */
  keyAuthorization(token: string): string {
    // RFC 7638: the library sorts the members, and exports the required ones only.
    const jwk = JSON.stringify(this.#sign(AbortSignal.abort()).getJwk());
    return `${token}.${createHash('sha256').update(jwk).digest('base64url')}`;
  }

  /** @param payload null: POST-as-GET. @throws AcmeProblemError for a status of 400 or more; IssueError `unreachable` */
  async post(url: string, payload: object | null, { signal, asNewAccount }: PostOptions): Promise<TransportAnswer> {
    const kid = asNewAccount === undefined ? this.accountUrl : null;
    // The library writes the binding into the payload.
    const body = payload === null ? null : { ...payload };
    const answer = await this.#sign(signal).signedRequest(url, body, {
      kid,
      includeExternalAccountBinding: asNewAccount === 'with-binding',
    });
    if (answer.status < 400) return answer;
    throw problemOf(answer);
  }

  #sign(signal: AbortSignal): Signer {
    return new Signer(this.#options, this.#key, this.#nonces, signal);
  }
}

function problemOf(answer: TransportAnswer): AcmeProblemError {
  const retryAfter = answer.headers['retry-after'];
  return new AcmeProblemError(readProblem(answer.data, { status: answer.status, retryAfter, nowMs: Date.now() }));
}

/** The library's signing and its retries of bad nonces, over our transport; made for one request, as each has its own signal. */
class Signer extends HttpClient {
  readonly #transport: Transport;
  readonly #newNonceUrl: string;
  readonly #nonces: NoncePool;
  readonly #signal: AbortSignal;

  constructor(options: SignedClientOptions, key: Buffer, nonces: NoncePool, signal: AbortSignal) {
    super(options.authority.directory, key, options.authority.eab);
    this.maxBadNonceRetries = MAX_BAD_NONCES;
    this.#transport = options.transport;
    this.#newNonceUrl = options.directory.newNonce;
    this.#nonces = nonces;
    this.#signal = signal;
  }

  override async request(
    url: string,
    _method: string,
    options?: { readonly data?: unknown },
  ): Promise<TransportAnswer> {
    const answer = await this.#transport.send({ url, method: 'post', body: options?.data, signal: this.#signal });
    const nonce = answer.headers['replay-nonce'];
    // The nonce of a `badNonce` answer is the one that the library takes for its next attempt.
    const isTaken = fieldsOf(answer.data)['type'] === 'urn:ietf:params:acme:error:badNonce';
    if (typeof nonce === 'string' && !isTaken) this.#nonces.put(nonce, Date.now());
    return answer;
  }

  override async getNonce(): Promise<string> {
    const pooled = this.#nonces.take(Date.now());
    if (pooled !== undefined) return pooled;
    const answer = await this.#transport.send({ url: this.#newNonceUrl, method: 'head', signal: this.#signal });
    const nonce = answer.headers['replay-nonce'];
    if (answer.status < 400 && typeof nonce === 'string') return nonce;
    throw problemOf(answer);
  }
}
