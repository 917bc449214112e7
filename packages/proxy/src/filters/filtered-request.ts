import { canonicalPath, type CountedFacts, ProxyError, type Route } from '@dproxy/core';
import type { Entry } from '../client/peer.ts';
import type { CompiledSettings } from '../compiled-settings.ts';
import {
  type CompiledHeaderRules,
  type CompiledRouteHeaders,
  fieldNames,
  fieldValues,
  isForwardingField,
  type RequestHead,
  rewrittenTarget,
  withoutFields,
  withoutTaken,
} from '../http1/index.ts';
import type { Page } from '../pages/index.ts';
import type { KeptBody } from '../upstream/kept-body.ts';
import type { Answered, Instead } from './answered.ts';
import { FieldChanges } from './field-changes.ts';
import type { FilterServices } from './filter-services.ts';

/** How a request ended, for filters that count. */
export interface RequestEnd {
  /** As in the access log: 499 when the client went away. */
  readonly status: number;
  /** `ErrorCode`; empty when the answer is that of a backend or a page that was asked for. */
  readonly code: string;
  /** Empty: no backend was asked. */
  readonly backendId: string;
  /** Since the filters saw it, in ms. */
  readonly durationMs: number;
}

/** What filters may know of the route that they act for. */
interface FilteredRoute {
  readonly route: Route;
  readonly headers: CompiledRouteHeaders;
  readonly connectMs: number;
  readonly responseMs: number;
}

/** The filters of that route, as far as a request leads its answer back to them. */
interface AnswerFilters {
  answered(request: FilteredRequest, answer: Answered): Instead | undefined;
  respond(request: FilteredRequest, status: number, fields: string): void;
}

export interface FilteredRequestOptions {
  readonly head: RequestHead;
  readonly downstream: Entry & { readonly body: object | undefined };
  /** Undefined: a rehearsal. */
  readonly services: FilterServices | undefined;
  readonly compiled: CompiledSettings;
  readonly route: FilteredRoute;
  readonly filters: AnswerFilters;
  /** Of the exchange; absent: a rehearsal. */
  readonly readBody?: (maxBytes: number) => Promise<Buffer>;
}

/** Also encoded, and with parameters, as some servers cut them off. */
const DOT_SEGMENT = /(?:^|[/\\])(?:\.|%2e){1,2}(?:[/\\;]|$)/i;

const EMPTY = Buffer.alloc(0);

/** The pages of refusals say no more than their status. */
const REFUSALS: ReadonlyMap<number, string> = new Map([
  [401, 'This site asks for a name and a password.'],
  [403, 'You may not see this.'],
  [404, 'Nothing answers at this path.'],
  [429, 'Too many requests.'],
]);

/**
 * One request on its way through the filters of the route that was chosen for it: what they see of it, and what they have made of
 * it. One per chosen route; attempts on several backends share it.
 */
export class FilteredRequest {
  /** As the client has sent it. */
  readonly original: RequestHead;
  readonly downstream: FilteredRequestOptions['downstream'];
  readonly compiled: CompiledSettings;
  readonly route: FilteredRoute;
  /** How many filters it has passed: the answer passes them back. */
  passed = 0;
  #head: RequestHead;
  #request: FieldChanges | undefined;
  #response: FieldChanges | undefined;
  #listeners: ((end: RequestEnd) => void)[] | undefined;
  #end: RequestEnd | undefined;
  #isReplaced = false;
  #keptBytes = 0;
  /** The whole body, once it is in memory. */
  #kept: KeptBody | undefined;
  #bodyListeners: ((kept: KeptBody) => void)[] | undefined;
  readonly #startedMs = performance.now();
  readonly #services: FilterServices | undefined;
  readonly #filters: AnswerFilters;
  readonly #readBody: ((maxBytes: number) => Promise<Buffer>) | undefined;

  constructor({ head, downstream, services, compiled, route, filters, readBody }: FilteredRequestOptions) {
    this.original = head;
    this.downstream = downstream;
    this.#services = services;
    this.#readBody = readBody;
    this.compiled = compiled;
    this.route = route;
    this.#filters = filters;
    this.#head = head;
  }

  /** As the backend gets it, as far as method, target and body go. */
  get head(): RequestHead {
    return this.#head;
  }

  /** @throws TypeError in a rehearsal, which has no effects */
  get services(): FilterServices {
    if (this.#services === undefined) throw new TypeError('a filter with effects was called in a rehearsal');
    return this.#services;
  }

  get isEnded(): boolean {
    return this.#end !== undefined;
  }

  // ---- what filters look at

  /** Of the fields as the client has sent them (`RequestHead.passed`), one per line. */
  fields(lowerCaseName: string): readonly string[] {
    return fieldValues(this.original.passed, lowerCaseName);
  }

  /** As far as `trustedProxies` vouch for it. */
  get clientAddress(): string {
    return this.downstream.peer.clientAddress(this.original.claims);
  }

  /** What requests are counted by, or let in by. */
  get counted(): CountedFacts {
    const { claims, host } = this.original;
    const isTold = claims.xForwardedFor !== '' && this.compiled.isTrusted(this.downstream.peer.address);
    return {
      client: this.clientAddress,
      forwardedFor: isTold ? claims.xForwardedFor : '',
      host,
      header: (name) => this.fields(name)[0] ?? '',
    };
  }

  /** The client's side of it is HTTPS: here, or at a trusted proxy that ended the TLS. */
  get isSecure(): boolean {
    const { isEncrypted, peer } = this.downstream;
    return isEncrypted || peer.claimedProto(this.original.claims) === 'https';
  }

  /** A page of ours with this status, 400-599. @param lines header lines that replace or join its own, each ended by CRLF */
  refusal(status: number, lines = ''): Page {
    const { accept, host, method } = this.original;
    const message = REFUSALS.get(status) ?? 'This request is not answered here.';
    const requestId = this.#services?.nextRequestId() ?? '';
    const page = this.compiled.pages.render({ status, message, accept, requestId, host, method });
    if (lines === '') return page;
    const named = new Set(fieldNames(lines));
    return { ...page, headers: withoutFields(page.headers, (name) => named.has(name)) + lines };
  }

  /** A page of ours in place of an answer that cannot be had. */
  plainPage(status: number): Page {
    const { accept, host, method } = this.original;
    const requestId = this.#services?.nextRequestId() ?? '';
    const message = status < 500 ? 'This cannot be shown.' : 'Something went wrong.';
    return this.compiled.pages.render({ status, message, accept, requestId, host, method });
  }

  // ---- what filters change of the request

  /**
   * Gives the backend another path. The rewriting is done to the path as it was sent and to its canonical form; when these end in
   * different places, a backend could be led out of what the route was chosen for (`//`, `..`, `;`; threats: row 25), and the
   * request is refused.
   *
   * @param rewrite of a path that starts with `/`; undefined: it stays
   * @throws ProxyError `path-ambiguous`, `target-malformed`, `target-too-long`
   */
  rewritePath(rewrite: (path: string) => string | undefined): void {
    const { rawPath, path, target } = this.#head;
    if (target === '*') return;
    const rewritten = rewrite(rawPath);
    const canonical = rawPath === path ? rewritten : rewrite(path);
    // `/app../x` with `/app` replaced by `/files/` would lead out of /files.
    if (canonical !== undefined && DOT_SEGMENT.test(canonical))
      throw ambiguous(rawPath, 'leads out of where it begins');
    if (rawPath !== path && canonicalPath(rewritten ?? rawPath) !== canonicalPath(canonical ?? path)) {
      throw ambiguous(rawPath, `is not what a filter makes of ${path}`);
    }
    if (rewritten === undefined) return;
    this.#retarget(rewritten, target.slice(rawPath.length));
  }

  /**
   * Reads the whole body before anybody gets it. The backend gets it from memory then, in one piece whose length is told.
   *
   * @throws ProxyError `body-too-large`
   */
  async readBody(maxBytes: number): Promise<Buffer> {
    if (this.original.framing === 'none') return EMPTY;
    if (this.original.contentLength > maxBytes) throw new ProxyError('body-too-large', `more than ${maxBytes} bytes`);
    const body = (await this.#readBody?.(maxBytes)) ?? EMPTY;
    // Another filter, which reads more, may have been the first.
    if (body.length > maxBytes) throw new ProxyError('body-too-large', `more than ${maxBytes} bytes`);
    this.#head = { ...this.#head, framing: 'length', contentLength: body.length, expectContinue: false };
    return body;
  }

  /** Gives the backend another path and query, whatever it was. @throws ProxyError as `rewritePath` */
  replaceTarget(rawPath: string, query: string): void {
    if (this.#head.target !== '*') this.#retarget(rawPath, query);
  }

  #retarget(rawPath: string, query: string): void {
    // `//host` is the address of another site to whoever builds a link from it.
    const path = /^[/\\]{2}/.test(rawPath) ? rawPath.replace(/^[/\\]+/, '/') : rawPath;
    const rewritten = rewrittenTarget(path, query, this.compiled.limits.headBytes);
    this.#head = { ...this.#head, target: rewritten.target, path: rewritten.path, rawPath: rewritten.rawPath };
  }

  /** Of the header that the backend gets; also of what dproxy says there, as `x-forwarded-*`. */
  get requestFields(): FieldChanges {
    return (this.#request ??= new FieldChanges());
  }

  /** Of the header of whatever the answer is. In `onResponse`: of this answer. */
  get responseFields(): FieldChanges {
    return (this.#response ??= new FieldChanges());
  }

  /** So much of the body is to be kept; 0: nothing. */
  get keptBytes(): number {
    return this.#keptBytes;
  }

  /**
   * Wants the whole body, when it has been sent on, or read by a filter, as long as it is not longer than `maxBytes`.
   *
   * @param listener is not called for one that is longer, or never sent
   */
  wantBody(maxBytes: number, listener: (kept: KeptBody) => void): void {
    this.#keptBytes = Math.max(this.#keptBytes, maxBytes);
    const whenKept = (kept: KeptBody): void => {
      if (kept.bytes <= maxBytes) listener(kept);
    };
    if (this.#kept === undefined) (this.#bodyListeners ??= []).push(whenKept);
    else whenKept(this.#kept);
  }

  /** Hears once how it ended; at once when it has ended already (the client went away). */
  onEnd(listener: (end: RequestEnd) => void): void {
    if (this.#end === undefined) (this.#listeners ??= []).push(listener);
    else listener(this.#end);
  }

  // ---- what the exchange asks

  bodyKept(kept: KeptBody): void {
    this.#kept = kept;
    for (const listener of this.#bodyListeners ?? []) listener(kept);
  }

  /** The rules for the header of a request to a backend. @param rules the route's own; undefined: none, or not here */
  requestRules(rules: CompiledHeaderRules | undefined): CompiledHeaderRules | undefined {
    return this.#request === undefined ? rules : this.#request.under(rules);
  }

  /** What plugins send on has these lines anew: with what filters have changed of them, as the parser would take those out. */
  forwardedBlock(block: string): string {
    const rules = this.requestRules(undefined);
    if (rules === undefined) return block;
    const added = withoutFields(rules.added, (name) => !isForwardingField(name));
    return withoutTaken(block, rules) + added;
  }

  /** The rules for the header of an answer with this status and these lines. */
  responseRules(status: number, fields: string, rules: CompiledHeaderRules | undefined) {
    const before = this.#response;
    this.#response = before?.copy();
    this.#filters.respond(this, status, fields);
    const changes = this.#response;
    this.#response = before;
    return changes === undefined ? rules : changes.under(rules);
  }

  /** A page of ours as this route's filters let it out. */
  page(page: Page): Page {
    const rules = this.responseRules(page.status, page.headers, undefined);
    if (rules === undefined) return page;
    return { ...page, headers: withoutTaken(page.headers, rules) + rules.added };
  }

  /** What is done instead of this answer. Once: that may fail in its turn, and something must be answered in the end. */
  answered(answer: Answered): Instead | undefined {
    const instead = this.#isReplaced ? undefined : this.#filters.answered(this, answer);
    this.#isReplaced ||= instead !== undefined;
    return instead;
  }

  end(status: number, code: string, backendId: string): void {
    if (this.#end !== undefined) return;
    this.#end = { status, code, backendId, durationMs: performance.now() - this.#startedMs };
    for (const listener of this.#listeners ?? []) listener(this.#end);
  }
}

function ambiguous(rawPath: string, why: string): ProxyError {
  return new ProxyError('path-ambiguous', `what a filter makes of ${rawPath} ${why}`);
}
