import { ProxyError } from '@dproxy/core';
import type { CompiledRoute } from '../compiled-route.ts';
import type { CompiledSnapshot } from '../compiled-snapshot.ts';
import { FilteredRequest, type Verdict } from '../filters/index.ts';
import type { RequestHead } from '../http1/index.ts';
import { answerBeforeRouting } from '../https/before-routing.ts';
import type { Page } from '../pages/index.ts';
import type { Services } from '../services.ts';
import type { KeptBody } from '../upstream/kept-body.ts';
import type { UpstreamPool } from '../upstream/upstream-pool.ts';
import { Attempts } from './attempts.ts';
import { Candidates } from './candidates.ts';
import { answerAfterWaiting, answerBehindFilters, chooseAnswer } from './choose-answer.ts';
import { CollectedBody } from './collected-body.ts';
import type { Downstream } from './downstream.ts';
import { errorPage } from './error-page.ts';
import type { ExchangeFacts } from './exchange-facts.ts';
import { ExchangeReport } from './exchange-report.ts';
import { Hop, type HopOwner } from './hop.ts';
import { keepBody } from './keep-body.ts';
import { matchRoute } from './match-route.ts';
import { mayWait } from './may-wait.ts';
import { isNews, openNews } from './news.ts';
import { nextAttempt } from './next-attempt.ts';
import { offlineOr } from './offline-or.ts';
import { ownAnswer, staysOpen } from './own-answer.ts';
import { connectPlugins } from './plugins-hop.ts';
import { recoverFrom } from './recovery.ts';
import { RequestWait, type WaitOwner } from './request-wait.ts';
import { RetryPause } from './retry-pause.ts';
import type { WakeNews } from './wake-news.ts';

/**
 * One request and its response. The phases, in order: accept (the connection's), match, select, filter, then per attempt
 * (hop.ts) connect, prepare, send, relay, finish.
 *
 *     match --> select --> filter --> hop --> done
 *       ^                    ^ ^       |--> another replica (attempts.ts)
 *       |                    | waiting <--> (request-wait.ts: nobody is there now, somebody may be soon)
 *       |                    \---------|
 *       \------------------------------|--> another wildcard candidate (candidates.ts)
 *                                      |--> a page, or a cut when the response has begun
 *
 * While a filter waits for somebody else, the body waits, too; the client may go away. So it is while the request waits for a backend:
 * it goes on with the Snapshot of the moment at which that is there, and its route of the same id, the one exception to the rule that
 * it keeps the Snapshot that it began with. Filters do not run again, unless they are others.
 * Whatever goes wrong comes to `#fail`, the one place that decides between these.
 */
export class Exchange implements ExchangeFacts, HopOwner, WaitOwner {
  readonly head: RequestHead;
  readonly downstream: Downstream;
  readonly services: Services;
  compiled: CompiledSnapshot;
  route: CompiledRoute | undefined;
  filtered: FilteredRequest | undefined;
  readonly #report: ExchangeReport;
  #candidates: Candidates | undefined;
  #attempts: Attempts | undefined;
  /** Of the body, for whoever wants it once more. */
  #kept: KeptBody | undefined;
  /** Of a filter that wants the body before anybody else gets it. */
  #collected: CollectedBody | undefined;
  #hop: Hop | undefined;
  #wait: RequestWait | undefined;
  #news: WakeNews | undefined;
  /** Before the next attempt. */
  #pause: RetryPause | undefined;
  #isDone = false;

  constructor(downstream: Downstream, head: RequestHead, services: Services, startedMs: number) {
    this.head = head;
    this.downstream = downstream;
    this.services = services;
    this.compiled = services.compiled;
    this.#report = new ExchangeReport(services, downstream, head, startedMs);
  }

  start(): void {
    if (this.downstream.chosenRoute === undefined) this.services.counters.requests++;
    this.#try(() => this.#match());
  }

  // ---- match: which routes may answer

  #match(): void {
    const { chosenRoute } = this.downstream;
    if (chosenRoute !== undefined) {
      this.#select(chosenRoute);
      return;
    }
    const answer = answerBeforeRouting(this.compiled, this.head, this.downstream);
    if (answer !== undefined) {
      this.#answer(answer);
      return;
    }
    const match = matchRoute(this.compiled, this.head, this.downstream.peer);
    this.#candidates = new Candidates(match, this.head, this.services.memory);
    this.#select(this.#candidates.current);
  }

  // ---- select: who answers for a route

  #select(route: CompiledRoute): void {
    this.#hop = undefined;
    this.#attempts = undefined;
    this.filtered = undefined;
    this.#report.choose(route);
    this.route = route;
    this.#serve(route, chooseAnswer(this.compiled, route, this.head, this.downstream));
  }

  #serve(route: CompiledRoute, answer: Page | 'filters' | 'plugins' | 'backend'): void {
    if (answer === 'filters') this.#filter(route);
    else if (answer === 'plugins') this.#toPlugins(route);
    else if (answer === 'backend' && isNews(route, this.head)) this.#toNews(route);
    else if (answer === 'backend') this.#toBackend(route);
    else this.#answer(answer);
  }

  // ---- filter: what the route does with the request before anybody gets it

  #filter(route: CompiledRoute): void {
    const { filters } = route;
    if (filters === undefined) throw new TypeError(`${route.id} has no filters`);
    const filtered: FilteredRequest = new FilteredRequest({
      head: this.head,
      downstream: this.downstream,
      services: this.services,
      compiled: this.compiled,
      route,
      filters,
      readBody: (maxBytes) => (this.#collected ??= new CollectedBody(this.downstream, filtered, maxBytes)).read(),
    });
    this.filtered = filtered;
    // Before they run: one of them may begin to read it.
    this.downstream.body?.hold();
    const verdict = filters.run(filtered);
    if (verdict instanceof Promise) this.#onceFiltered(route, verdict).catch((error: unknown) => this.#fail(error));
    else this.#serve(route, verdict ?? answerBehindFilters(route));
  }

  async #onceFiltered(route: CompiledRoute, verdict: Promise<Verdict>): Promise<void> {
    const page = await verdict;
    // The client may have gone away meanwhile.
    if (!this.#isDone) this.#serve(route, page ?? answerBehindFilters(route));
  }

  #toBackend(route: CompiledRoute): void {
    this.#attempts = new Attempts(route, { head: this.head, peer: this.downstream.peer });
    const pool = this.#attempts.first(this.#wait?.wasSent === true, this.#wait?.leavingId ?? '');
    if (pool === undefined) throw new ProxyError('no-backend-ready', route.id);
    this.#kept = this.#collected?.kept ?? keepBody(this.downstream, this.filtered, route.retry?.maxBodyBytes ?? 0);
    this.#newHop(route, pool).connect(pool, false, this.#attempts.connectMs);
  }

  #toNews(route: CompiledRoute): void {
    this.#news = openNews(this, route, (bytes, keepAlive) => this.onHopDone(200, bytes, keepAlive));
  }

  #toPlugins(route: CompiledRoute): void {
    this.#kept = this.#collected?.kept ?? keepBody(this.downstream, this.filtered, 0);
    const hop = this.#newHop(route, undefined);
    hop.connectOver(connectPlugins(hop, this.services));
  }

  #newHop(route: CompiledRoute, pool: UpstreamPool | undefined): Hop {
    this.downstream.body?.hold();
    this.#report.backendId = pool?.backend.id ?? '';
    this.#hop = new Hop({
      owner: this,
      head: this.filtered?.head ?? this.head,
      filtered: this.filtered,
      downstream: this.downstream,
      services: this.services,
      compiled: this.compiled,
      route,
      startedMs: this.#report.startedMs,
      kept: this.#kept,
      pool,
    });
    return this.#hop;
  }

  // ---- from the client

  onRequestBody(bytes: Buffer, start: number, end: number): void {
    if (this.#hop === undefined) this.#collected?.add(bytes.subarray(start, end));
    else this.#hop.onRequestBody(bytes, start, end);
  }

  onRequestComplete(trailers: string): void {
    if (this.#hop === undefined) this.#collected?.complete();
    else this.#hop.onRequestComplete(trailers);
  }

  /** The body of the request broke a rule. */
  onRequestBroken(error: ProxyError): void {
    this.#fail(error);
  }

  onDownstreamDrain(): void {
    this.#hop?.onDownstreamDrain();
    this.#news?.onDownstreamDrain();
  }

  /** The client is gone: so is its request, at once. */
  onDownstreamClosed(code: 'client-gone' | 'client-stalled'): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#pause?.end();
    this.#wait?.end();
    this.#news?.drop();
    this.#hop?.drop();
    this.#tell(new ProxyError(code), this.services.nextRequestId());
  }

  // ---- from the hop

  onHopAnswered(status: number): boolean {
    if (this.#attempts?.answered(status) === true) this.services.counters.ejections++;
    if (this.#retry(status)) return false;
    const next = this.#candidates?.afterAnswer(status, this.#report.backendId);
    if (next === undefined) return !this.#replace(status);
    this.#hop?.drop();
    this.filtered?.end(status, '', this.#report.backendId);
    this.#select(next);
    return false;
  }

  onHopDone(status: number, bodyBytes: number, keepAlive: boolean): void {
    this.#isDone = true;
    this.#done(status, bodyBytes);
    this.downstream.finish(keepAlive);
  }

  onHopTunnelled(): void {
    this.#isDone = true;
  }

  onTunnelClosed(toClientBytes: number): void {
    this.#done(101, toClientBytes);
  }

  onHopFailed(error: unknown): void {
    this.#fail(error);
  }

  // ---- what can go wrong

  #fail(cause: unknown): void {
    recoverFrom(cause, {
      isDone: () => this.#isDone,
      recover: (error) => this.#recover(error),
      cut: (error) => this.#cut(error),
    });
  }

  #recover(error: ProxyError): void {
    this.#hop?.drop();
    if (error.source === 'upstream' && this.#attempts?.failed(error) === true) this.services.counters.ejections++;
    if (this.#hop?.response !== undefined) this.#cut(error);
    else if (error.source !== 'upstream') this.#answerError(error);
    else if (!this.#retry(error) && !this.#waitFor(error)) this.#giveUp(error);
  }

  #giveUp(error: ProxyError): void {
    if (error.code === 'too-many-waiting' || !this.#tryNextCandidate(error))
      this.#answerError(offlineOr(error, this.#hop?.pool));
  }

  /** @returns false: there is nobody to wait for */
  #waitFor(error: ProxyError): boolean {
    const [route, hop, collected] = [this.route, this.#hop, this.#collected?.kept];
    const sent = { hop, attempts: this.#attempts, kept: this.#kept, collected };
    if (route === undefined || !mayWait(error, sent)) return false;
    this.#wait ??= new RequestWait(this, this);
    this.#hop = undefined;
    const outcome = this.#wait.begin(route, error, { pool: hop?.pool, isRead: collected !== undefined });
    if (outcome === 'none') this.#hop = hop;
    else if (outcome === 'waits') this.#report.backendId = '';
    else if (outcome instanceof ProxyError) this.#giveUp(outcome);
    else if (outcome !== 'served') this.#answer(outcome);
    return outcome !== 'none';
  }

  onServed(route: CompiledRoute, isGuardedAlike: boolean): void {
    this.compiled = this.services.compiled;
    this.route = route;
    if (!isGuardedAlike) {
      this.filtered?.end(503, 'no-backend-ready', '');
      this.filtered = undefined;
    }
    this.#try(() => {
      const { compiled, head, downstream } = this;
      this.#serve(route, answerAfterWaiting(compiled, route, { head, downstream, isGuardedAlike }));
    });
  }

  onTurnedAway(error: ProxyError): void {
    this.#try(() => this.#answerError(error));
  }

  /** @param failure what came instead of an answer, or the status of one */
  #retry(failure: ProxyError | number): boolean {
    const hop = this.#hop;
    const attempt = nextAttempt(failure, { hop, attempts: this.#attempts, kept: this.#kept, services: this.services });
    if (hop === undefined || attempt === undefined) return false;
    const { pool, isNew, connectMs, delayMs } = attempt;
    hop.drop();
    this.downstream.body?.hold();
    this.#pause = RetryPause.before(this.services.wheel, delayMs, () => {
      if (!this.#isDone) this.#try(() => this.#newHop(hop.route, pool).connect(pool, isNew, connectMs));
    });
    return true;
  }

  #try(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#fail(error);
    }
  }

  #tryNextCandidate(error: ProxyError): boolean {
    const next = this.#candidates?.afterError(error);
    if (next === undefined) return false;
    if (next instanceof ProxyError) {
      this.#answerError(next);
      return true;
    }
    this.filtered?.end(error.status, error.code, this.#report.backendId);
    this.#select(next);
    return true;
  }

  // ---- answers of our own

  #answer(page: Page): void {
    this.#writeAnswer(page, () => this.#done(page.status, page.body.length));
  }

  #answerError(error: ProxyError): void {
    const requestId = this.services.nextRequestId();
    if (this.#replace(error.status, error.code, () => this.#report.failed(error, requestId))) return;
    this.#writeAnswer(errorPage(error, requestId, this), () => this.#tell(error, requestId));
  }

  /** Whether a filter gives another answer than this one. Not for a 101: its connection has been handed over. */
  #replace(status: number, code = '', onReplaced?: () => void): boolean {
    const requestBytes = this.#hop?.requestBytes ?? 0;
    const instead = status === 101 ? undefined : this.filtered?.answered({ status, code, requestBytes });
    if (instead === undefined) return false;
    onReplaced?.();
    this.#hop?.drop();
    this.downstream.body?.hold();
    instead({ answer: (page) => void (this.#isDone || this.#try(() => this.#answer(page))) });
    return true;
  }

  #writeAnswer(page: Page, report: () => void): void {
    const { head, downstream } = this;
    const keepAlive = staysOpen(downstream, head);
    const shown = ownAnswer(page, this);
    // Not before: what goes wrong with the page is for `#fail`.
    this.#isDone = true;
    downstream.out.sendPage(shown, head, keepAlive);
    report();
    downstream.finish(keepAlive);
  }

  /** The response has begun: only a broken connection tells the client that it is not whole. */
  #cut(error: ProxyError): void {
    this.#isDone = true;
    this.#hop?.drop();
    this.#tell(error, this.services.nextRequestId());
    this.downstream.cut();
  }

  #tell(error: ProxyError, requestId: string): void {
    const response = this.#hop?.response;
    this.#report.failed(error, requestId);
    const status = response === undefined || error.status === 499 ? error.status : response.status;
    this.#done(status, this.#hop?.responseBytes ?? 0, error.code);
  }

  #done(status: number, bytes: number, code = ''): void {
    const hop = this.#hop;
    if (hop !== undefined) this.#report.asked(hop);
    this.#report.done(status, bytes, code);
    this.filtered?.end(status, code, this.#report.backendId);
  }
}
