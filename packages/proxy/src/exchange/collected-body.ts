import { ProxyError } from '@dproxy/core';
import type { FilteredRequest } from '../filters/index.ts';
import { KeptBody } from '../upstream/kept-body.ts';
import type { Downstream } from './downstream.ts';

/** The body of a request that a filter wants to see before a backend does. */
export class CollectedBody {
  /** What the backend is sent. */
  readonly kept: KeptBody;
  readonly #downstream: Pick<Downstream, 'body' | 'out'>;
  readonly #filtered: FilteredRequest;
  readonly #maxBytes: number;
  readonly #done = Promise.withResolvers<Buffer>();
  #isOpen = false;

  constructor(downstream: Pick<Downstream, 'body' | 'out'>, filtered: FilteredRequest, maxBytes: number) {
    this.kept = new KeptBody(maxBytes);
    this.#downstream = downstream;
    this.#filtered = filtered;
    this.#maxBytes = maxBytes;
    // Somebody waits for it only after `read`.
    this.#done.promise.catch(() => undefined);
  }

  /** @throws ProxyError `body-too-large`, or `client-gone` when the rest of it will not come */
  async read(): Promise<Buffer> {
    if (!this.#isOpen) this.#open();
    return await this.#done.promise;
  }

  add(bytes: Buffer): void {
    this.kept.add(bytes);
    if (!this.kept.isWhole) this.#done.reject(new ProxyError('body-too-large', `more than ${this.#maxBytes} bytes`));
  }

  complete(): void {
    // Trailers of a request end here (threats: row 7).
    this.kept.complete('');
    this.#filtered.bodyKept(this.kept);
    this.#done.resolve(Buffer.concat(this.kept.chunks));
  }

  #open(): void {
    this.#isOpen = true;
    const { body, out } = this.#downstream;
    this.#filtered.onEnd(() => this.#done.reject(new ProxyError('client-gone')));
    if (body === undefined) {
      this.complete();
      return;
    }
    // RFC 9110 section 10.1.1: here is who takes it.
    if (this.#filtered.original.expectContinue && !body.isWaiting) out.sendContinue();
    body.open('body');
  }
}
