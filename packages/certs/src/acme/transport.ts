import { Agent } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import * as acme from 'acme-client';
import { ownProblem } from './acme-problem.ts';
import { explainConnection } from './explain-connection.ts';
import { retryAfterMs } from '../retry-after.ts';

export interface TransportAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, unknown>>;
  /** Parsed where it was JSON, else text. */
  readonly data: unknown;
}

export interface TransportRequest {
  readonly url: string;
  readonly method: 'get' | 'head' | 'post';
  readonly body?: unknown;
  readonly signal: AbortSignal;
}

export interface TransportOptions {
  /** From https, nothing that the authority names leads to anything else. */
  readonly directory: string;
  /** PEM of what is trusted; undefined: what Node trusts. */
  readonly ca: string | undefined;
  /** Before the second attempt; doubles. */
  readonly pauseMs: number;
}

const ATTEMPTS = 3;
/** From one byte to the next. */
const TIMEOUT_MS = 30_000;
/** For a whole answer. */
const LIMIT_MS = 60_000;
/** Longer waits belong to whoever plans the next attempt: an authority that says `Retry-After: 86400` must not hold an order. */
const MAX_PAUSE_MS = 5_000;
/** Chains of ten certificates take 30 KiB. */
const MAX_BYTES = 1 << 20;

/**
 * HTTP to one authority: an axios instance of its own, as that of acme-client waits for any `Retry-After` and loses the reason
 * when a connection fails. Certificates are always verified.
 */
export class Transport {
  readonly #agent: Agent;
  readonly #http: typeof acme.axios;
  readonly #pauseMs: number;
  readonly #isSecure: boolean;

  constructor({ directory, ca, pauseMs }: TransportOptions) {
    this.#agent = new Agent({ keepAlive: true, timeout: TIMEOUT_MS, ...(ca === undefined ? {} : { ca }) });
    this.#pauseMs = pauseMs;
    this.#isSecure = directory.startsWith('https:');
    this.#http = acme.axios.create({
      adapter: 'http',
      httpsAgent: this.#agent,
      // axios takes HTTP_PROXY and its kin from the environment, and would hand what should be TLS to such a proxy.
      proxy: false,
      // RFC 8555 section 6.2: the URL is part of what is signed.
      maxRedirects: 0,
      maxContentLength: MAX_BYTES,
      timeout: TIMEOUT_MS,
      validateStatus: null,
      headers: { common: { 'User-Agent': 'dproxy acme-client/5.4.0', 'Accept-Language': 'en' } },
    });
  }

  /**
   * One answer of any status. Lost connections, 5xx and 429 are tried again, three times in all, unless the authority names a
   * longer time.
   * @throws IssueError `unreachable`; AcmeProblemError for a URL without TLS; the reason of the signal when aborted
   */
  async send(request: TransportRequest): Promise<TransportAnswer> {
    if (this.#isSecure && !request.url.startsWith('https://')) {
      throw ownProblem(`the authority leads away from https, to ${request.url.slice(0, 200)}`);
    }
    for (let attempt = 1; ; attempt++) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      const outcome = await this.#once(request);
      const pauseMs = this.#pause(outcome, attempt);
      if (attempt === ATTEMPTS || pauseMs === undefined) {
        if (outcome instanceof Error) throw explainConnection(outcome, request.url);
        return outcome;
      }
      // oxlint-disable-next-line no-await-in-loop -- as above
      await delay(pauseMs, undefined, { signal: request.signal });
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  async #once({ url, method, body, signal }: TransportRequest): Promise<TransportAnswer | Error> {
    signal.throwIfAborted();
    // `timeout` of axios ends a silence: this one ends an answer that comes drop by drop.
    const limit = AbortSignal.timeout(LIMIT_MS);
    try {
      return await this.#http.request({
        url,
        method,
        data: body,
        signal: AbortSignal.any([signal, limit]),
        headers: { 'Content-Type': 'application/jose+json' },
      });
    } catch (error) {
      signal.throwIfAborted();
      if (limit.aborted) return new Error(`no whole answer within ${LIMIT_MS / 1000} s`);
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  /** Undefined: no further attempt. */
  #pause(outcome: TransportAnswer | Error, attempt: number): number | undefined {
    const ownMs = this.#pauseMs * 2 ** (attempt - 1) * (0.5 + Math.random());
    if (outcome instanceof Error) return ownMs;
    if (outcome.status !== 429 && outcome.status < 500) return undefined;
    const saidMs = retryAfterMs(outcome.headers['retry-after'], Date.now());
    if (saidMs > MAX_PAUSE_MS || (saidMs === 0 && outcome.status === 429)) return undefined;
    return Math.max(saidMs, ownMs);
  }
}
