import { ProxyError } from '@dproxy/core';
import type { Endpoints } from '../client/endpoints.ts';
import type { DecoderOutput, RequestAdditions, RequestHead, ResponseHead } from '../http1/index.ts';
import { toProxyError } from '../to-proxy-error.ts';
import type { KeptBody } from './kept-body.ts';
import type { UpstreamPool } from './upstream-pool.ts';
import type { TunnelBackend, UpstreamStream, UpstreamStreamUser } from './upstream-stream.ts';

export interface SideRequestOptions {
  readonly pool: UpstreamPool;
  /** Without an upgrade. */
  readonly head: RequestHead;
  readonly additions: RequestAdditions;
  /** Undefined: it has none. */
  readonly body: KeptBody | undefined;
  readonly client: Endpoints;
  readonly connectMs: number;
  /** Until its answer begins, and between two parts of it. */
  readonly waitMs: number;
  /** Of the answer's body. */
  readonly maxBytes: number;
  /** False: the answer is read and forgotten, as far as `maxBytes`. */
  readonly keepsAnswer: boolean;
  /** Once. */
  readonly onDone: (result: SideAnswer | ProxyError) => void;
}

export interface SideAnswer {
  readonly head: ResponseHead;
  readonly body: Buffer;
}

/** More interim answers are no answer. */
const MAX_INTERIMS = 10;

/**
 * A request to a backend beside that of the client: no byte of its answer goes there by itself, and nothing about it ends the
 * client's.
 *
 *     connecting --ready--> waiting --head--> reading --end--> done;  any --failure, deadline, too long--> done
 */
export class SideRequest implements UpstreamStreamUser {
  readonly holdsBytes = false;
  readonly #options: SideRequestOptions;
  #upstream: UpstreamStream | undefined;
  #head: ResponseHead | undefined;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #interims = 0;
  #isDone = false;

  private constructor(options: SideRequestOptions) {
    this.#options = options;
  }

  /** @param isNew no idle connection will do */
  static start(options: SideRequestOptions, isNew = false): SideRequest {
    const request = new SideRequest(options);
    const { pool, connectMs, client } = options;
    try {
      const upstream = pool.open(request, { connectMs, isNew, client });
      request.#upstream = upstream;
      if (upstream.isReady) request.#send(upstream);
    } catch (error) {
      request.onUpstreamFailed(error);
    }
    return request;
  }

  /** Nobody wants it any more. */
  cancel(): void {
    this.#isDone = true;
    this.#upstream?.drop();
    this.#upstream = undefined;
  }

  onUpstreamReady(): void {
    try {
      if (this.#upstream !== undefined) this.#send(this.#upstream);
    } catch (error) {
      this.onUpstreamFailed(error);
    }
  }

  #send(upstream: UpstreamStream): void {
    const { head, additions, body, waitMs } = this.#options;
    if (body !== undefined && head.framing === 'chunked' && body.form !== upstream.requestForm) {
      throw new ProxyError('internal', 'a body that was kept in another form than this backend takes');
    }
    upstream.cork();
    try {
      upstream.sendHead(head, additions, body === undefined);
      for (const chunk of body?.chunks ?? []) upstream.sendBody(chunk);
      if (body !== undefined) upstream.sendEnd(body.trailers);
    } finally {
      upstream.uncork();
    }
    upstream.deadline.set(waitMs);
  }

  onUpstreamInterim(): void {
    this.#interims++;
    if (this.#interims > MAX_INTERIMS) throw new ProxyError('upstream-malformed', 'too many interim answers');
  }

  onUpstreamHead(head: ResponseHead): DecoderOutput {
    this.#head = head;
    return 'body';
  }

  onUpstreamSwitched(_head: ResponseHead, backend: TunnelBackend): void {
    this.#upstream = undefined;
    backend.destroy();
    this.onUpstreamFailed(new ProxyError('upstream-malformed', 'a switch of protocols that nobody asked for'));
  }

  onUpstreamBody(bytes: Buffer, start: number, end: number): void {
    this.#bytes += end - start;
    if (this.#bytes > this.#options.maxBytes) {
      this.onUpstreamFailed(
        new ProxyError('upstream-malformed', `an answer of more than ${this.#options.maxBytes} bytes`),
      );
      return;
    }
    if (this.#options.keepsAnswer) this.#chunks.push(Buffer.from(bytes.subarray(start, end)));
  }

  onUpstreamFlush(): void {
    this.#upstream?.deadline.set(this.#options.waitMs);
  }

  onUpstreamDrain(): void {
    // All that there is was given at once.
  }

  onUpstreamEnd(): void {
    this.#upstream = undefined;
    if (this.#head !== undefined) this.#finish({ head: this.#head, body: Buffer.concat(this.#chunks) });
  }

  onUpstreamFailed(error: unknown): void {
    this.#upstream?.drop();
    this.#upstream = undefined;
    this.#finish(toProxyError(error));
  }

  onUpstreamDeadline(): void {
    this.onUpstreamFailed(new ProxyError('upstream-timeout', 'silence'));
  }

  #finish(result: SideAnswer | ProxyError): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#options.onDone(result);
  }
}
