import {
  type Listener,
  type MatchOutcome,
  matchScope,
  type MatchScope,
  ProxyError,
  WildcardMemory,
} from '@dproxy/core';
import { ClientPeer } from '../client/client-peer.ts';
import type { Endpoints } from '../client/endpoints.ts';
import type { Entry } from '../client/peer.ts';
import type { CompiledRoute } from '../compiled-route.ts';
import type { CompiledSnapshot } from '../compiled-snapshot.ts';
import type { CompiledStream } from '../compiled-streams.ts';
import { Candidates } from '../exchange/candidates.ts';
import { answerBehindFilters, chooseAnswer } from '../exchange/choose-answer.ts';
import { HeadFacts } from '../exchange/head-facts.ts';
import { matchRoute } from '../exchange/match-route.ts';
import { FilteredRequest, type FilterNote, rehearseFilters } from '../filters/index.ts';
import { HeadProgress, NO_CLAIMS, parseRequestHead, type RequestHead } from '../http1/index.ts';
import { answerBeforeRouting } from '../https/before-routing.ts';
import { isChallengePath } from '../https/challenge-answer.ts';
import { withHsts } from '../https/hsts.ts';
import { streamFor } from '../listeners/choose-entrance.ts';
import type { Page } from '../pages/index.ts';
import { redirectReason } from './redirect-reason.ts';
import { type NotingContexts, rehearseTls, type RehearsedTls } from './rehearse-tls.ts';
import type { Rehearsed, RehearsedAnswer, RehearsedRequest } from './rehearsed.ts';

/** What browsers offer (ALPN). */
const HTTP_PROTOCOLS = ['h2', 'http/1.1'];
const NO_PAGE: Page = { status: 0, headers: '', body: Buffer.alloc(0) };
/** Ends by itself: each candidate is tried once, and then the first one again. */
const MAX_CANDIDATES = 256;

type Answer = Pick<Rehearsed, 'answer' | 'status' | 'code' | 'location' | 'detail'>;

/** One request on its way through the phases. */
export class RehearsalRun {
  readonly #compiled: CompiledSnapshot;
  readonly #request: RehearsedRequest;
  readonly #contexts: NotingContexts;
  readonly #skipped: string[] = [];
  #head: RequestHead | undefined;
  #route: CompiledRoute | undefined;
  #scope: MatchScope;
  #outcome: MatchOutcome | '' = '';
  #filters: readonly FilterNote[] = [];

  constructor(compiled: CompiledSnapshot, request: RehearsedRequest, contexts: NotingContexts) {
    this.#compiled = compiled;
    this.#request = request;
    this.#contexts = contexts;
    this.#scope = matchScope(request.listener.id, false);
  }

  result(): Rehearsed {
    const isEncrypted = this.#request.listener.protocol === 'https';
    const stream = isEncrypted ? this.#stream() : undefined;
    const tls = stream === undefined ? this.#tls() : undefined;
    const entry = { isEncrypted, peer: this.#peer(this.#request.listener, isEncrypted ? tls : undefined) };
    const answer = stream === undefined ? this.#answer(entry, tls) : this.#ofStream(stream, entry);
    const [head, route] = [this.#head, this.#route];
    const hasRoute = head !== undefined && route !== undefined;
    return {
      host: head?.host,
      path: head?.path ?? '',
      scope: this.#scope,
      tls,
      outcome: this.#outcome,
      facts: head === undefined ? undefined : new HeadFacts(head, entry.peer, head.path),
      routes: [...this.#compiled.routes.values()].map((compiled) => compiled.route),
      ...answer,
      route: route?.route,
      skipped: this.#skipped,
      ready: route === undefined ? new Set() : readyIds(route),
      filters: this.#filters,
      hasHsts: hasRoute && withHsts(NO_PAGE, this.#compiled, route, { head, entry }) !== NO_PAGE,
      redirect: hasRoute ? redirectReason(this.#compiled, route, head, entry) : '',
      timeouts: route,
    };
  }

  /** The handshake, or for a plain request the one that would show its host's certificate. */
  #tls(): RehearsedTls | undefined {
    const { listener, httpsListener, serverName, hasClientCertificate } = this.#request;
    const by = listener.protocol === 'https' ? listener : httpsListener;
    if (by === undefined) return undefined;
    const scope = this.#peer(by, undefined).scope(NO_CLAIMS);
    return rehearseTls(this.#compiled, { serverName, scope, hasClientCertificate }, this.#contexts);
  }

  /** The one that takes the connection of a browser, before anybody reads a request. */
  #stream(): CompiledStream | undefined {
    const { listener, serverName } = this.#request;
    const hello = { serverName: serverName === '' ? undefined : serverName, protocols: HTTP_PROTOCOLS };
    return streamFor(hello, { compiled: this.#compiled, listener, endpoints: this.#endpoints() });
  }

  #ofStream({ route }: CompiledStream, entry: Entry): Answer {
    this.#parseQuietly(entry);
    return { ...NOTHING, answer: 'stream', detail: route.id };
  }

  #endpoints(): Endpoints {
    const { client, server } = this.#request;
    return { remoteAddress: client, remotePort: 0, localAddress: server, localPort: 0 };
  }

  #peer(listener: Listener, tls: RehearsedTls | undefined): ClientPeer {
    const endpoints = this.#endpoints();
    const facts = tls?.facts;
    return new ClientPeer(facts === undefined ? endpoints : { ...endpoints, tls: facts }, listener, this.#compiled);
  }

  #answer(entry: Entry, tls: RehearsedTls | undefined): Answer {
    if (entry.isEncrypted && tls !== undefined) {
      const refusal = refusedHandshake(tls);
      if (refusal !== undefined) {
        this.#parseQuietly(entry);
        return { ...NOTHING, answer: 'tls-refused', detail: refusal };
      }
    }
    try {
      const head = this.#parse(entry);
      const before = answerBeforeRouting(this.#compiled, head, entry);
      if (before !== undefined) return beforeRouting(before, head);
      return this.#select(head, entry);
    } catch (error) {
      return ofError(error);
    }
  }

  /** Nobody reads the request of a handshake that failed, or of a stream; its host is shown all the same. */
  #parseQuietly(entry: Entry): void {
    try {
      this.#parse(entry);
    } catch (error) {
      if (!(error instanceof ProxyError)) throw error;
    }
  }

  #parse(entry: Entry): RequestHead {
    const bytes = Buffer.from(this.#request.head, 'latin1');
    const head = parseRequestHead(bytes, 0, bytes.length, this.#compiled.limits, new HeadProgress());
    if (head === undefined) throw new ProxyError('request-line-malformed', 'the head has no end');
    this.#head = head;
    this.#scope = entry.peer.scope(head.claims);
    return head;
  }

  /** As Exchange does, with a memory that is empty: the most specific candidate first. */
  #select(head: RequestHead, entry: Entry): Answer {
    const match = this.#match(head, entry);
    const candidates = new Candidates(match, head, new WildcardMemory(1));
    let answer = this.#try(candidates.current, head, entry);
    for (let tried = 0; answer instanceof ProxyError && candidates.hasNext && tried < MAX_CANDIDATES; tried += 1) {
      this.#skipped.push(candidates.current.id);
      const first = candidates.next(answer);
      answer = first ?? this.#try(candidates.current, head, entry);
    }
    if (!(answer instanceof ProxyError)) return answer;
    this.#route = candidates.current;
    return ofError(answer);
  }

  #match(head: RequestHead, { peer }: Entry): ReturnType<typeof matchRoute> {
    try {
      const match = matchRoute(this.#compiled, head, peer);
      this.#outcome = match.outcome;
      return match;
    } catch (error) {
      const code = error instanceof ProxyError ? error.code : '';
      if (code === 'route-unknown' || code === 'path-unknown') this.#outcome = code;
      throw error;
    }
  }

  #try(route: CompiledRoute, head: RequestHead, entry: Entry): Answer | ProxyError {
    this.#route = route;
    this.#filters = [];
    const chosen = chooseAnswer(this.#compiled, route, head, entry);
    if (chosen !== 'filters') return this.#follow(route, chosen);
    const page = this.#rehearseFilters(route, head, entry);
    return page === undefined ? this.#follow(route, answerBehindFilters(route)) : ofPage('filter', page);
  }

  /** Asks nobody and counts nothing: who only wants to know does not use up what clients may. */
  #rehearseFilters(route: CompiledRoute, head: RequestHead, entry: Entry): Page | undefined {
    const { filters } = route;
    if (filters === undefined) return undefined;
    const downstream = { ...entry, body: undefined };
    const compiled = this.#compiled;
    const filtered = new FilteredRequest({ head, downstream, services: undefined, compiled, route, filters });
    const { notes, answer } = rehearseFilters(filters, filtered);
    this.#filters = notes;
    return answer;
  }

  #follow(route: CompiledRoute, answer: Page | 'backend' | 'plugins'): Answer | ProxyError {
    if (answer === 'backend') {
      if (route.balance.length === 0) return new ProxyError('no-backend-ready', route.id);
      return { ...NOTHING, answer: 'backend' };
    }
    if (answer === 'plugins') return { ...NOTHING, answer: 'plugins' };
    if (answer !== route.fixedAnswer) return ofPage('https-redirect', answer);
    return ofPage(route.route.action.type === 'redirect' ? 'redirect' : 'respond', answer);
  }
}

const NOTHING = { status: 0, code: '', location: '', detail: '' } as const;

function refusedHandshake({ alert, reason, policy, facts }: RehearsedTls): string | undefined {
  if (alert !== '') return `the handshake is refused with ${alert}: ${reason}`;
  if (policy.clientCertificates !== 'require' || facts?.clientCertificate?.verified === true) return undefined;
  return `the handshake ends: the TLS policy ${policy.id} requires a client certificate`;
}

/** A redirect that needs no route: the host asks for client certificates. */
function beforeRouting(page: Page, { path }: RequestHead): Answer {
  return ofPage(page.status === 200 && isChallengePath(path) ? 'challenge' : 'https-redirect', page);
}

function ofPage(answer: RehearsedAnswer, { status, headers }: Page): Answer {
  const location = /^location: (.*)\r$/im.exec(headers)?.[1] ?? '';
  return { ...NOTHING, answer, status, location };
}

function ofError(error: unknown): Answer {
  if (!(error instanceof ProxyError)) throw error;
  return { ...NOTHING, answer: 'error', status: error.status, code: error.code, detail: error.detail };
}

/** One round of the ring. */
function readyIds({ balance }: CompiledRoute): Set<string> {
  const ids = new Set<string>();
  for (let place = 0; place < balance.length; place += 1) {
    const pool = balance.next();
    if (pool !== undefined) ids.add(pool.backend.id);
  }
  return ids;
}
