import { mayTryCandidates, type ProxyError, type RouteMatch, type WildcardMemory } from '@dproxy/core';
import type { CompiledRoute } from '../compiled-route.ts';
import type { RequestHead } from '../http1/index.ts';

/**
 * - `certain`: one route, or one that answered before; its answer is final
 * - `verifying`: an answer that is no error is remembered, an error leads to the next candidate
 * - `last`: all have failed; whatever comes now is final
 */
type Mode = 'certain' | 'verifying' | 'last';

/**
 * The routes that may answer one request, in turn. An exact match has one; several wildcards are tried from the most
 * specific on, while nobody is remembered for the host.
 *
 * When all fail, the first one's answer is relayed. It is not kept while the others are tried, but asked for again: only
 * safe requests without a body get here, so asking twice changes nothing, and no body has to be held in memory.
 */
export class Candidates {
  readonly #match: RouteMatch<CompiledRoute>;
  readonly #host: string;
  readonly #memory: WildcardMemory;
  readonly #mayTry: boolean;
  #mode: Mode;
  #index = 0;
  /** Was tried first, from memory, and is not tried again. */
  #skipped: CompiledRoute | undefined;
  #firstError: ProxyError | undefined;
  #current: CompiledRoute;

  constructor(match: RouteMatch<CompiledRoute>, head: RequestHead, memory: WildcardMemory) {
    const first = match.routes[0];
    if (first === undefined) throw new RangeError('a match without routes');
    this.#match = match;
    this.#host = head.host;
    this.#memory = memory;
    this.#current = first;
    const isSeveral = match.routes.length > 1;
    this.#mayTry = isSeveral && mayTryCandidates(head.method, head.framing !== 'none');
    this.#mode = isSeveral ? 'verifying' : 'certain';
    if (isSeveral) this.#recall(first);
  }

  get current(): CompiledRoute {
    return this.#current;
  }

  /** The current route answers. @returns who is asked instead; undefined: that is the answer */
  afterAnswer(status: number, backendId: string): CompiledRoute | undefined {
    if (status < 500) this.#confirm(backendId);
    if (status < 500 || !this.hasNext) return undefined;
    this.next(undefined);
    return this.#current;
  }

  /**
   * The current route cannot answer.
   *
   * @returns who is asked instead, or the error to tell: all have failed and the first one gave no answer. Undefined: this error
   */
  afterError(error: ProxyError): CompiledRoute | ProxyError | undefined {
    if (error.retry === 'unsent' || error.code === 'no-backend-ready') this.#forgetRemembered();
    return this.hasNext ? (this.next(error) ?? this.#current) : undefined;
  }

  /** Whether an error should not be shown to the client, but lead to the next candidate. */
  get hasNext(): boolean {
    return this.#mayTry && this.#mode === 'verifying';
  }

  #confirm(backendId: string): void {
    const first = this.#match.routes[0];
    if (this.#mode === 'certain' || first === undefined) return;
    this.#memory.remember(this.#host, first.id, { routeId: this.#current.id, backendId });
  }

  /** The remembered one could not be connected: it is forgotten, and the others get their chance. */
  #forgetRemembered(): void {
    if (this.#mode !== 'certain' || !this.#mayTry || this.#skipped !== undefined) return;
    this.#memory.forgetRoute(this.#current.id);
    this.#skipped = this.#current;
    this.#mode = 'verifying';
    this.#index = -1;
  }

  /**
   * Goes to the next candidate.
   *
   * @param error why the current one failed; undefined when it answered with an error
   * @returns the error to tell when all have failed and the first one gave no answer
   */
  next(error: ProxyError | undefined): ProxyError | undefined {
    if (this.#current === this.#match.routes[0]) this.#firstError = error;
    do this.#index++;
    while (this.#match.routes[this.#index] !== undefined && this.#match.routes[this.#index] === this.#skipped);
    const following = this.#match.routes[this.#index];
    if (following !== undefined) {
      this.#current = following;
      return undefined;
    }
    this.#mode = 'last';
    this.#current = this.#match.routes[0] ?? this.#current;
    return this.#firstError;
  }

  #recall(first: CompiledRoute): void {
    const routeId = this.#memory.recall(this.#host, first.id);
    const remembered = routeId === undefined ? undefined : this.#match.routes.find((route) => route.id === routeId);
    if (remembered === undefined) return;
    this.#current = remembered;
    this.#mode = 'certain';
  }
}
