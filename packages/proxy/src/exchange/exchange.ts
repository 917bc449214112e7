import type { Duplex } from 'node:stream';
import { ERRORS, ProxyError } from '@dproxy/core';
import type { CompiledRoute, CompiledSnapshot } from '../compiled-snapshot.ts';
import { type RequestHead, type ResponseHead, writeInterimHead } from '../http1/index.ts';
import type { Page } from '../pages/index.ts';
import type { Services } from '../services.ts';
import { Tunnel } from '../tunnel/tunnel.ts';
import type { UpstreamConnection } from '../upstream/upstream-connection.ts';
import type { UpstreamPool } from '../upstream/upstream-pool.ts';
import type { UpstreamUser } from '../upstream/upstream-user.ts';
import { answerText } from './answer.ts';
import { Attempts } from './attempts.ts';
import { Candidates } from './candidates.ts';
import type { Downstream } from './downstream.ts';
import { ExchangeReport } from './exchange-report.ts';
import { type HeadFacts, requestText, responseText } from './head-text.ts';
import { matchRoute } from './match-route.ts';
import { connectPlugins } from './plugins-hop.ts';
import { ResponseHeadReader } from './response-head-reader.ts';
import { ResponseRelay } from './response-relay.ts';

/**
 *     matching --> connecting --> waiting --> relaying --> done
 *        ^             |             |            \--> (cut) done
 *        \--- retry ---+-------------/
 *
 * `waiting`: the request is being sent, or is sent, and the head of the response is not here yet.
 */
type State = 'matching' | 'connecting' | 'waiting' | 'relaying' | 'done';

/**
 * One request and its response. The phases, in order, a function each: match, select, prepare, connect, send, relay, finish
 * (accept is the connection's). Whatever goes wrong comes to `#fail`, the one place that decides between another attempt,
 * another candidate, a page, and a cut.
 */
export class Exchange implements UpstreamUser, HeadFacts {
  readonly head: RequestHead;
  readonly downstream: Downstream;
  readonly compiled: CompiledSnapshot;
  readonly startedMs: number;
  route: CompiledRoute | undefined;
  pool: UpstreamPool | undefined;
  backendMs = 0;
  readonly #services: Services;
  readonly #report: ExchangeReport;
  #state: State = 'matching';
  #candidates: Candidates | undefined;
  #attempts: Attempts | undefined;
  #upstream: UpstreamConnection | undefined;
  #requestBytes = 0;
  #connectStartedMs = 0;
  #interims = 0;
  #response: ResponseRelay | undefined;
  #keepAlive = false;
  #hasResponseBytes = false;
  #heads: ResponseHeadReader | undefined;

  constructor(downstream: Downstream, head: RequestHead, services: Services, startedMs: number) {
    this.head = head;
    this.downstream = downstream;
    this.#services = services;
    this.compiled = services.compiled;
    this.startedMs = startedMs;
    this.#report = new ExchangeReport(services, downstream, head, startedMs);
  }

  start(): void {
    if (this.downstream.chosenRoute === undefined) this.#services.counters.requests++;
    try {
      this.#match();
    } catch (error) {
      this.#fail(error);
    }
  }

  // ---- match: which routes may answer

  #match(): void {
    const { chosenRoute } = this.downstream;
    if (chosenRoute !== undefined) {
      this.#take(chosenRoute);
      return;
    }
    const match = matchRoute(this.compiled, this.head, this.downstream.peer.scope(this.head.claims));
    this.#candidates = new Candidates(match, this.head, this.#services.memory);
    this.#take(this.#candidates.current);
  }

  #take(route: CompiledRoute): void {
    this.route = route;
    this.pool = undefined;
    this.#report.routeId = route.id;
    if (route.route.plugins.length > 0 && this.downstream.chosenRoute === undefined) {
      this.#connectPlugins(route);
      return;
    }
    if (route.fixedAnswer === undefined) this.#select(route);
    else this.#answer(route.fixedAnswer);
  }

  // ---- select: which backend

  #select(route: CompiledRoute): void {
    this.#attempts = new Attempts(route, this.head.method);
    const pool = this.#attempts.first();
    if (pool === undefined) throw new ProxyError('no-backend-ready', route.id);
    this.#connect(pool, false);
  }

  // ---- connect: an idle connection, or a new one

  #connect(pool: UpstreamPool, isNew: boolean): void {
    const { connectMs } = this.route as CompiledRoute;
    this.pool = pool;
    this.#report.backendId = pool.backend.id;
    this.#beginAttempt();
    const upstream = isNew ? pool.connect(this, connectMs) : pool.acquire(this, connectMs);
    this.#upstream = upstream;
    if (upstream.state === 'busy') this.#send();
    else this.#connectStartedMs = performance.now();
  }

  #beginAttempt(): void {
    this.#state = 'connecting';
    this.#hasResponseBytes = false;
    this.#heads = undefined;
    this.backendMs = 0;
    this.downstream.holdBody();
  }

  onUpstreamReady(): void {
    this.backendMs = performance.now() - this.#connectStartedMs;
    this.#report.backendMs = this.backendMs;
    try {
      this.#send();
    } catch (error) {
      this.#fail(error);
    }
  }

  #connectPlugins(route: CompiledRoute): void {
    this.#beginAttempt();
    this.#connectStartedMs = performance.now();
    const { head, downstream, compiled } = this;
    connectPlugins({ head, downstream, services: this.#services, compiled, route })
      .then((socket) => this.#onPluginsReady(socket))
      .catch((error: unknown) => this.#fail(error));
  }

  #onPluginsReady(socket: Duplex): void {
    if (this.#state !== 'connecting') {
      socket.destroy();
      return;
    }
    this.#upstream = this.#services.overMemory(socket);
    this.#upstream.use(this);
    this.onUpstreamReady();
  }

  // ---- prepare, send: the head (what dproxy says in it: head-text.ts) and what has arrived of the body in one write

  #send(): void {
    const upstream = this.#upstream as UpstreamConnection;
    this.#state = 'waiting';
    const text = requestText(this);
    if (this.downstream.isRequestComplete) {
      upstream.writeText(text);
      upstream.deadline.set((this.route as CompiledRoute).responseMs);
      return;
    }
    // RFC 9110 section 10.1.1, our one rule: we answer the expectation, when there is a backend that takes the body. It is
    // not forwarded, so a final answer that comes first always ends the client's connection (threats: Expect desync).
    if (this.head.expectContinue && !this.downstream.hasBodyWaiting) this.downstream.writeText(CONTINUE);
    upstream.cork();
    try {
      upstream.writeText(text);
      this.downstream.openBody();
    } finally {
      upstream.uncork();
    }
  }

  onRequestBody(bytes: Buffer, start: number, end: number): void {
    const upstream = this.#upstream;
    if (upstream === undefined) return;
    this.#requestBytes += end - start;
    if (upstream.writeBytes(bytes.subarray(start, end))) return;
    this.downstream.pauseBody();
    if (this.#state === 'waiting') upstream.deadline.set((this.route as CompiledRoute).responseMs);
  }

  onRequestComplete(): void {
    if (this.#state === 'waiting') this.#upstream?.deadline.set((this.route as CompiledRoute).responseMs);
  }

  onUpstreamDrain(): void {
    if (this.downstream.isRequestComplete) return;
    if (this.#state === 'waiting') this.#upstream?.deadline.clear();
    this.downstream.resumeBody();
  }

  // ---- relay: the response

  onUpstreamData(bytes: Buffer, start: number, end: number): boolean {
    try {
      if (this.#state === 'relaying') this.#relay(bytes, start, end);
      else this.#readHeads(bytes, start, end);
    } catch (error) {
      this.#fail(error);
    }
    return this.downstream.holdsBytes;
  }

  #readHeads(bytes: Buffer, start: number, end: number): void {
    this.#hasResponseBytes = true;
    const heads = (this.#heads ??= new ResponseHeadReader({
      method: this.head.method,
      offeredUpgrade: this.head.upgrade,
      limits: this.compiled.limits,
    }));
    heads.feed(bytes, start, end);
    for (let response = heads.next(); response !== undefined; response = heads.next()) {
      if (response.status >= 200) {
        this.#onFinalHead(response, heads);
        return;
      }
      if (response.status === 101) {
        this.#tunnel(response, heads);
        return;
      }
      this.#onInterim(response);
    }
  }

  #onInterim(response: ResponseHead): void {
    this.#interims++;
    if (this.#interims > this.compiled.limits.interimResponses) {
      throw new ProxyError('upstream-malformed', `more than ${this.compiled.limits.interimResponses} interim answers`);
    }
    // A 100 was answered by us already; HTTP/1.0 knows none of them (RFC 9110 section 15.2).
    if (response.status !== 100 && this.head.minorVersion === 1) this.downstream.writeText(writeInterimHead(response));
  }

  #onFinalHead(response: ResponseHead, { bytes, at, end }: ResponseHeadReader): void {
    const candidates = this.#candidates;
    if (response.status < 500) {
      candidates?.confirm(this.pool?.backend.id ?? '');
    } else if (candidates?.hasNext === true) {
      this.#dropUpstream();
      this.#state = 'matching';
      candidates.next(undefined);
      this.#take(candidates.current);
      return;
    }
    const downstream = this.downstream;
    // A final answer before the end of the request: the rest of it will not be read to its end, so neither connection can
    // carry another request (threats: CL.0, Expect).
    this.#keepAlive = downstream.isRequestComplete && downstream.mayKeepAlive && this.head.keepAlive;
    this.#response = new ResponseRelay(response, responseText(response, this.#keepAlive, this), {
      downstream,
      clientMinorVersion: this.head.minorVersion,
      limits: this.compiled.limits,
    });
    this.#state = 'relaying';
    this.#relay(bytes, at, end);
  }

  #relay(bytes: Buffer, start: number, end: number): void {
    const response = this.#response as ResponseRelay;
    const upstream = this.#upstream as UpstreamConnection;
    const at = response.push(bytes, start, end);
    if (response.isDone) {
      this.#finish(at === end);
    } else if (response.isWritable) {
      upstream.deadline.set((this.route as CompiledRoute).idleMs);
    } else {
      upstream.pause();
      upstream.deadline.clear();
    }
  }

  onDownstreamDrain(): void {
    if (this.#state !== 'relaying') return;
    this.#upstream?.deadline.set((this.route as CompiledRoute).idleMs);
    this.#upstream?.resume();
  }

  #tunnel(response: ResponseHead, { bytes, at, end }: ResponseHeadReader): void {
    const downstream = this.downstream;
    if (!downstream.isRequestComplete)
      throw new ProxyError('upstream-malformed', 'a 101 before the end of the request');
    this.#candidates?.confirm(this.pool?.backend.id ?? '');
    const { counters } = this.#services;
    counters.tunnels++;
    const tunnel = new Tunnel(downstream, this.#upstream as UpstreamConnection, {
      idleMs: this.compiled.limits.tunnelIdleMs,
      onClosed: ({ toClient }) => {
        counters.tunnels--;
        this.#report.done(101, toClient);
      },
    });
    this.#state = 'done';
    this.#upstream = undefined;
    downstream.writeText(responseText(response, true, this));
    const early = downstream.startTunnel(tunnel);
    if (at < end) tunnel.onUpstreamData(Buffer.from(bytes.subarray(at, end)), 0, end - at);
    if (early.length > 0) tunnel.onClientData(early);
  }

  // ---- finish: what can be used again is given back

  #finish(isExact: boolean): void {
    const response = this.#response as ResponseRelay;
    const upstream = this.#upstream as UpstreamConnection;
    this.#state = 'done';
    this.#upstream = undefined;
    // Bytes behind the response belong to no request of ours (threats: response splitting).
    if (isExact && response.head.keepAlive && this.downstream.isRequestComplete && this.pool !== undefined) {
      upstream.learntKeepAliveMs = response.head.keepAliveTimeoutMs;
      this.pool.release(upstream);
    } else {
      upstream.destroy();
    }
    this.#report.done(response.head.status, response.bodyBytes);
    this.downstream.finish(this.#keepAlive && !response.isEndByClose);
  }

  #answer(page: Page): void {
    const { head } = this;
    const downstream = this.downstream;
    const keepAlive = downstream.isRequestComplete && downstream.mayKeepAlive && head.keepAlive;
    this.#state = 'done';
    const { minorVersion, method } = head;
    downstream.writeText(answerText(page, { keepAlive, minorVersion, method }));
    this.#report.done(page.status, page.body.length);
    downstream.finish(keepAlive);
  }

  // ---- what can go wrong

  onUpstreamEnd(): void {
    try {
      if (this.#state === 'relaying' && this.#response?.finish() === true) this.#finish(false);
      else this.#fail(this.#endedEarly(new ProxyError('upstream-closed', 'the backend ended the connection')));
    } catch (error) {
      this.#fail(error);
    }
  }

  onUpstreamClosed(error: ProxyError): void {
    this.#fail(this.#state === 'connecting' ? error : this.#endedEarly(error));
  }

  onUpstreamDeadline(): void {
    const where = this.#state === 'relaying' ? 'in the middle of the response' : 'before the response';
    this.#fail(new ProxyError('upstream-timeout', `silence ${where}`));
  }

  /** The client is gone: so is its request, at once. */
  onDownstreamClosed(code: 'client-gone' | 'client-stalled'): void {
    if (this.#state === 'done') return;
    this.#state = 'done';
    this.#dropUpstream();
    this.#tell(new ProxyError(code), this.#services.nextRequestId());
  }

  /** The body of the request broke a rule. @param error of the client's making */
  onRequestBroken(error: ProxyError): void {
    this.#fail(error);
  }

  /** What the end of the connection means, seen from where this exchange is. */
  #endedEarly(error: ProxyError): ProxyError {
    if (this.#state === 'relaying') return new ProxyError('upstream-aborted', error.detail, { cause: error });
    const isRace = this.#upstream?.isReused === true && !this.#hasResponseBytes;
    return isRace ? new ProxyError('upstream-closed-idle', error.detail, { cause: error }) : error;
  }

  /** Ends in one of: another attempt, another candidate, a page, a cut. Recovering may itself fail, with the next error. */
  #fail(cause: unknown): void {
    let error = toProxyError(cause);
    for (let step = 0; step < MAX_STEPS && this.#state !== 'done'; step++) {
      try {
        this.#recover(error);
        return;
      } catch (next) {
        error = toProxyError(next);
      }
    }
    if (this.#state !== 'done') this.#cut(error);
  }

  #recover(error: ProxyError): void {
    const isRelaying = this.#state === 'relaying';
    const { source } = error;
    this.#dropUpstream();
    if (isRelaying) {
      this.#cut(error);
      return;
    }
    if (source === 'upstream' && (this.#retry(error) || this.#tryNextCandidate(error))) return;
    this.#answerError(error);
  }

  #retry(error: ProxyError): boolean {
    const pool = this.pool;
    if (pool === undefined) return false;
    if (error.retry === 'unsent') this.#services.memory.forgetBackend(pool.backend.id);
    const attempt = this.#attempts?.after(error, pool, this.#requestBytes);
    if (attempt === undefined) return false;
    this.#services.counters.countError(error.code);
    this.#connect(attempt.pool, attempt.isNew);
    return true;
  }

  #tryNextCandidate(error: ProxyError): boolean {
    const candidates = this.#candidates;
    if (candidates === undefined) return false;
    if (error.retry === 'unsent' || error.code === 'no-backend-ready') candidates.forgetRemembered();
    if (!candidates.hasNext) return false;
    const firstError = candidates.next(error);
    this.pool = undefined;
    if (firstError === undefined) this.#take(candidates.current);
    else this.#answerError(firstError);
    return true;
  }

  #answerError(error: ProxyError): void {
    const { head } = this;
    const downstream = this.downstream;
    const requestId = this.#services.nextRequestId();
    const keepAlive = downstream.isRequestComplete && downstream.mayKeepAlive && head.keepAlive;
    const { accept, host, method, minorVersion } = head;
    const { message } = ERRORS[error.code];
    const page = this.compiled.pages.render({ status: error.status, message, accept, requestId, host, method });
    this.#state = 'done';
    downstream.writeText(answerText(page, { keepAlive, minorVersion, method }));
    this.#tell(error, requestId);
    downstream.finish(keepAlive);
  }

  /** The response has begun: only a broken connection tells the client that it is not whole. */
  #cut(error: ProxyError): void {
    this.#state = 'done';
    this.#dropUpstream();
    this.#tell(error, this.#services.nextRequestId());
    this.downstream.cut(this.#response?.isEndByClose ?? false);
  }

  #dropUpstream(): void {
    this.#upstream?.destroy();
    this.#upstream = undefined;
  }

  #tell(error: ProxyError, requestId: string): void {
    const response = this.#response;
    this.#report.failed(error, requestId);
    const status = response === undefined || error.status === 499 ? error.status : response.head.status;
    this.#report.done(status, response?.bodyBytes ?? 0, error.code);
  }
}

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';
/** More recoveries than a host has candidates. */
const MAX_STEPS = 256;

function toProxyError(error: unknown): ProxyError {
  return error instanceof ProxyError ? error : new ProxyError('internal', String(error), { cause: error });
}
