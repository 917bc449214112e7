import { type ErrorPagesFilter, inRanges, ProxyError } from '@dproxy/core';
import type { PoolBalancer } from '../balance/pool-balancer.ts';
import { type RequestHead, rewrittenTarget, withoutFields } from '../http1/index.ts';
import { isGrpc } from '../pages/grpc.ts';
import type { Page } from '../pages/index.ts';
import { type SideAnswer, SideRequest } from '../upstream/side-request.ts';
import type { UpstreamPool } from '../upstream/upstream-pool.ts';
import type { Anew, Answered, Instead } from './answered.ts';
import type { CompiledFilter, Rehearsed } from './compiled-filter.ts';
import type { FilterContext } from './filter-context.ts';
import type { FilteredRequest } from './filtered-request.ts';
import { type CountingFilter, inherited } from './inherited.ts';
import { otherBackends, sideAdditions } from './other-backends.ts';

const MAX_PAGE_BYTES = 1_048_576;
/** The client waits for an answer that is an error anyway. */
const MAX_WAIT_MS = 10_000;
/** Of the request: what would make the page another one, part of one or none, and what only its own backend may know. */
const NOT_FOR_PAGES: ReadonlySet<string> = new Set([
  'authorization',
  'content-encoding',
  'content-language',
  'content-type',
  'cookie',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'range',
]);

export function compileErrorPages(filter: ErrorPagesFilter, context: FilterContext): CompiledFilter {
  return new ErrorPages(
    filter,
    context,
    inherited(filter, context, (each) => each instanceof ErrorPages),
  );
}

/** Answers with such a status become pages of other backends, with the status that they had. */
class ErrorPages implements CountingFilter {
  readonly type = 'errorPages';
  readonly filter: ErrorPagesFilter;
  readonly #backends: PoolBalancer;

  constructor(filter: ErrorPagesFilter, context: FilterContext, previous: ErrorPages | undefined) {
    const known = previous === undefined ? undefined : previous.#backends;
    this.filter = filter;
    this.#backends = otherBackends(filter.backends, context, known);
  }

  /** Nobody to ask, or a URL that is too long to be told: then the answer stays what it is. */
  onAnswered(request: FilteredRequest, { status }: Answered): Instead | undefined {
    if (!inRanges(status, this.filter.statuses) || isBodiless(status) || isGrpc(request.head)) return undefined;
    const target = this.#targetFor(request, status);
    if (target.length > request.compiled.limits.headBytes) return undefined;
    const pool = this.#backends.next();
    if (pool === undefined) return undefined;
    return (anew) => this.#ask(request, { pool, status, target, isNew: false }, anew);
  }

  rehearse(): Rehearsed {
    const ranges = this.filter.statuses.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(', ');
    return { detail: `replaces answers with ${ranges} by pages of other backends` };
  }

  #ask(request: FilteredRequest, asked: Asked, anew: Anew): void {
    const { route, downstream, original } = request;
    const side = SideRequest.start(
      {
        pool: asked.pool,
        head: headFor(request, asked.target),
        additions: sideAdditions(request),
        body: undefined,
        client: downstream.peer.clientEndpoints(original.claims),
        connectMs: route.connectMs,
        waitMs: Math.min(route.responseMs, MAX_WAIT_MS),
        maxBytes: MAX_PAGE_BYTES,
        keepsAnswer: true,
        onDone: (result) => this.#onDone(request, asked, { result, anew }),
      },
      asked.isNew,
    );
    request.onEnd(() => side.cancel());
  }

  #onDone(
    request: FilteredRequest,
    asked: Asked,
    { result, anew }: { readonly result: SideAnswer | ProxyError; readonly anew: Anew },
  ): void {
    const isError = result instanceof ProxyError;
    // A connection that the backend closed while we wrote, as for any other request.
    if (isError && result.retry === 'replayable' && !asked.isNew) this.#ask(request, { ...asked, isNew: true }, anew);
    else if (isError || result.head.status >= 500) anew.answer(request.plainPage(asked.status));
    else anew.answer(pageOf(asked.status, result));
  }

  #targetFor({ original, isSecure }: FilteredRequest, status: number): string {
    const url = `${isSecure ? 'https' : 'http'}://${original.hostHeader}${original.target}`;
    return this.filter.path
      .replaceAll(/\{(?:originalStatus|status)\}/g, String(status))
      .replaceAll('{url}', () => encodeURIComponent(url));
  }
}

interface Asked {
  readonly pool: UpstreamPool;
  readonly status: number;
  readonly target: string;
  readonly isNew: boolean;
}

function headFor({ head, compiled }: FilteredRequest, target: string): RequestHead {
  const mark = target.indexOf('?');
  const path = mark === -1 ? target : target.slice(0, mark);
  return {
    ...head,
    ...rewrittenTarget(path, mark === -1 ? '' : target.slice(mark), compiled.limits.headBytes),
    method: 'GET',
    framing: 'none',
    contentLength: 0,
    upgrade: '',
    expectContinue: false,
    passed: withoutFields(head.passed, (name) => NOT_FOR_PAGES.has(name)),
  };
}

function pageOf(status: number, { head, body }: SideAnswer): Page {
  const lines = withoutFields(head.passed, (name) => name === 'date' || name === 'etag' || name === 'last-modified');
  return { status, headers: `${lines}content-length: ${body.length}\r\n`, body };
}

/** RFC 9110 sections 15.3.5, 15.3.6 and 15.4.5. */
function isBodiless(status: number): boolean {
  return status < 200 || status === 204 || status === 205 || status === 304;
}
