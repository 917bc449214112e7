import { HeadProgress, parseRequestHead, type RequestHead } from '../http1/index.ts';
import { Input } from '../http1/input.ts';
import type { ClientView } from './client-view.ts';

/** The reading side of a connection: one request head after the other; what lies between them is theirs who take the bodies. */
export class RequestReader {
  readonly input = new Input();
  readonly #progress = new HeadProgress();
  readonly #view: ClientView;
  #startedMs = 0;
  #count = 0;

  constructor(view: ClientView) {
    this.#view = view;
  }

  /** Heads that were complete. */
  get count(): number {
    return this.#count;
  }

  /** When the first byte of the current request was seen, on the clock of `performance.now`. */
  get startedMs(): number {
    return this.#startedMs;
  }

  /** The next request begins: under the Snapshot that is served now. */
  begin(): void {
    this.#startedMs = performance.now();
  }

  /**
   * @returns undefined when more is needed
   * @throws ProxyError what parseRequestHead throws
   */
  readHead(): RequestHead | undefined {
    this.#view.refresh();
    const { bytes, start, end } = this.input;
    const head = parseRequestHead(bytes, start, end, this.#view.limits, this.#progress);
    if (head === undefined) return undefined;
    this.input.consumeTo(start + head.byteLength);
    this.#count++;
    return head;
  }
}
