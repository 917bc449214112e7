import { type IncomingMessage, request } from 'node:http';
import type {
  Backend,
  BalancerStatus,
  CertificateView,
  ContainerView,
  Explanation,
  ExplainRequest,
  Origin,
  Rejection,
  Route,
  StreamRoute,
} from '@dproxy/core';
import type { Answer } from './answers.ts';
import { unmapAddress } from './loopback.ts';

/**
 * - `not-running`: nobody listens there
 * - `refused`: the token is missing or wrong, or it was wrong too often
 * - `failed`: the call was understood and did not succeed; the message is the API's
 * - `unreadable`: something answered that is not this API, or it stopped answering
 */
export type AdminErrorReason = 'not-running' | 'refused' | 'failed' | 'unreadable';

export class AdminError extends Error {
  override readonly name = 'AdminError';
  readonly reason: AdminErrorReason;
  /** 0 without an answer. */
  readonly status: number;

  constructor(reason: AdminErrorReason, message: string, options: ErrorOptions & { readonly status?: number } = {}) {
    super(message, options);
    this.reason = reason;
    this.status = options.status ?? 0;
  }
}

export interface AdminClientOptions {
  /** Where the API listens; an address for "all" stands for loopback. */
  readonly host: string;
  readonly port: number;
  /** Empty: none is sent, which is enough on loopback. */
  readonly token: string;
  /** For a whole call. Default 30 s: the balancer answers after 15 s at the latest. */
  readonly timeoutMs?: number;
}

export type Health = BalancerStatus & { readonly online: number; readonly warnings: readonly string[] };
export type BalancerProgress = BalancerStatus & { readonly done: boolean };
export type RouteRow =
  | (Route & { readonly state: 'serving' })
  | {
      readonly state: 'shadowed';
      readonly host: string;
      readonly path: string;
      readonly origins: readonly Origin[];
      readonly shadowedBy: Origin;
      readonly reason: string;
    };

export type StreamRow =
  | (StreamRoute & { readonly state: 'serving' })
  | {
      readonly state: 'shadowed';
      readonly listenerId: string;
      readonly host: string;
      readonly origins: readonly Origin[];
      readonly shadowedBy: Origin;
      readonly reason: string;
    };

/** 100,000 routes take about 50 MB. */
const MAX_ANSWER_BYTES = 134_217_728;

/** The command line's way to the primary. Every method throws AdminError. */
export class AdminClient {
  readonly #options: AdminClientOptions;

  constructor(options: AdminClientOptions) {
    this.#options = options;
  }

  /** `isHealthy` is false when dproxy runs but no worker serves; that is an answer, not an error. */
  async health(): Promise<{ readonly isHealthy: boolean; readonly message: string; readonly health: Health }> {
    const { status, answer } = await this.#exchange('GET', '/healthz');
    if (status !== 503) assertOk(status, answer);
    return { isHealthy: answer.ok, message: answer.message, health: answer.data as Health };
  }

  balancer(): Promise<BalancerStatus> {
    return this.#call('GET', '/service/balancer');
  }

  start(): Promise<BalancerProgress> {
    return this.#call('POST', '/service/balancer/start');
  }

  stop(): Promise<BalancerProgress> {
    return this.#call('POST', '/service/balancer/stop');
  }

  resize(size: number): Promise<BalancerProgress> {
    return this.#call('POST', `/service/balancer/resize?size=${size}`);
  }

  containers(): Promise<readonly ContainerView[]> {
    return this.#call('GET', '/containers');
  }

  backends(): Promise<readonly Backend[]> {
    return this.#call('GET', '/backends');
  }

  routes(): Promise<readonly RouteRow[]> {
    return this.#call('GET', '/routes');
  }

  streams(): Promise<readonly StreamRow[]> {
    return this.#call('GET', '/streams');
  }

  certificates(): Promise<readonly CertificateView[]> {
    return this.#call('GET', '/certificates');
  }

  /** @throws AdminError when no such name waits for one */
  async retryCertificate(host: string): Promise<void> {
    await this.#call('POST', `/certificates/retry?host=${encodeURIComponent(host)}`);
  }

  rejected(): Promise<readonly Rejection[]> {
    return this.#call('GET', '/rejected');
  }

  explain({ url, method, headers, client, hasClientCertificate }: ExplainRequest): Promise<Explanation> {
    const query = new URLSearchParams({ url });
    if (method !== undefined) query.set('method', method);
    for (const [name, value] of headers) query.append('header', `${name}: ${value}`);
    if (client !== '') query.set('client', client);
    if (hasClientCertificate) query.set('clientCertificate', 'true');
    return this.#call('GET', `/explain?${query.toString()}`);
  }

  /** The caller names the type: what this API answers is tested against its schemas. */
  async #call<T>(method: 'GET' | 'POST', path: string): Promise<T> {
    const { status, answer } = await this.#exchange(method, path);
    assertOk(status, answer);
    return answer.data as T;
  }

  async #exchange(method: 'GET' | 'POST', path: string): Promise<{ status: number; answer: Answer }> {
    const { port, timeoutMs = 30_000 } = this.#options;
    const where = `http://${this.#host()}:${port}`;
    try {
      const response = await this.#send(method, path, AbortSignal.timeout(timeoutMs));
      return { status: response.statusCode ?? 0, answer: parse(await readAll(response), where) };
    } catch (cause) {
      throw toAdminError(cause, where);
    }
  }

  #send(method: string, path: string, signal: AbortSignal): Promise<IncomingMessage> {
    const { port, token } = this.#options;
    const host = this.#host();
    const headers = token === '' ? {} : { authorization: `Bearer ${token}` };
    return new Promise((resolve, reject) => {
      const call = request({ host: host.replace(/^\[|\]$/g, ''), port, method, path, headers, signal, agent: false });
      call.on('response', resolve);
      call.on('error', reject);
      call.end();
    });
  }

  /** As it stands in a URL. */
  #host(): string {
    const host = unmapAddress(this.#options.host.replace(/^\[|\]$/g, ''));
    if (host === '' || host === '0.0.0.0') return '127.0.0.1';
    if (host === '::') return '[::1]';
    return host.includes(':') ? `[${host}]` : host;
  }
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES)
      throw new AdminError('unreadable', `the answer is larger than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parse(text: string, where: string): Answer {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AdminError('unreadable', `what listens at ${where} is not the admin API of dproxy`, { cause });
  }
  const { ok, message } = (value ?? {}) as Partial<Answer>;
  if (typeof ok === 'boolean' && typeof message === 'string') return value as Answer;
  throw new AdminError('unreadable', `what listens at ${where} is not the admin API of dproxy`);
}

function assertOk(status: number, answer: Answer): void {
  if (answer.ok) return;
  const reason = status === 401 || status === 403 || status === 429 ? 'refused' : 'failed';
  throw new AdminError(reason, answer.message, { status });
}

function toAdminError(cause: unknown, where: string): AdminError {
  if (cause instanceof AdminError) return cause;
  const { code, name } = cause as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED' || code === 'ENOENT') {
    return new AdminError('not-running', `dproxy does not run, or its admin API is not at ${where}`, { cause });
  }
  if (code === 'ABORT_ERR' || name === 'TimeoutError' || name === 'AbortError') {
    return new AdminError('unreadable', `the admin API at ${where} did not answer in time`, { cause });
  }
  return new AdminError('unreadable', `the admin API at ${where} cannot be used: ${code ?? String(cause)}`, { cause });
}
