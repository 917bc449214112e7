import type { Duplex } from 'node:stream';
import { debugHeaders, ERRORS, mayRetry, ProxyError } from '@dproxy/core';
import type { CompiledRoute, CompiledSnapshot } from '../compiled-snapshot.ts';
import {
  type RequestHead,
  type ResponseHead,
  writeInterimHead,
  writeRequestHead,
  writeResponseHead,
} from '../http1/index.ts';
import type { Page } from '../pages/index.ts';
import type { Services } from '../services.ts';
import { Tunnel } from '../tunnel/tunnel.ts';
import type { UpstreamConnection } from '../upstream/upstream-connection.ts';
import type { UpstreamPool } from '../upstream/upstream-pool.ts';
import type { UpstreamUser } from '../upstream/upstream-user.ts';
import { answerText } from './answer.ts';
import { Candidates } from './candidates.ts';
import type { Downstream } from './downstream.ts';
import { type ExchangeEnd, logAccess, logFailure } from './exchange-report.ts';
import { matchRoute } from './match-route.ts';
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

/** Replicas that one request is shown to before its client is told. */
const MAX_ATTEMPTS = 3;

/**
 * One request and its response. The phases, in order, a function each: match, select, prepare, connect, send, relay, finish
 * (accept is the connection's). Whatever goes wrong comes to `#fail`, the one place that decides between another attempt,
 * another candidate, a page, and a cut.
 */
export class Exchange implements UpstreamUser {
  readonly head: RequestHead;
  readonly #downstream: Downstream;
  readonly #services: Services;
  readonly #compiled: CompiledSnapshot;
  readonly #startedMs: number;
  #state: State = 'matching';
  #candidates: Candidates | undefined;
  #route: CompiledRoute | undefined;
  #pool: UpstreamPool | undefined;
  #upstream: UpstreamConnection | undefined;
  #attempt = 0;
  #tried: Set<string> | undefined;
  #requestBytes = 0;
  #connectStartedMs = 0;
  #backendMs = 0;
  #interims = 0;
  #response: ResponseRelay | undefined;
  #keepAlive = false;
  #hasResponseBytes = false;
  #heads: ResponseHeadReader | undefined;

  constructor(downstream: Downstream, head: RequestHead, services: Services, startedMs: number) {
    this.head = head;
    this.#downstream = downstream;
    this.#services = services;
    this.#compiled = services.compiled;
    this.#startedMs = startedMs;
  }

  start(): void {
    if (this.#downstream.chosenRoute === undefined) this.#services.counters.requests++;
    try {
      this.#match();
    } catch (error) {
      this.#fail(error);
    }
  }

  // ---- match: which routes may answer

  #match(): void {
    const { chosenRoute } = this.#downstream;
    if (chosenRoute !== undefined) {
      this.#take(chosenRoute);
      return;
    }
    const match = matchRoute(this.#compiled, this.head, this.#downstream.peer.scope(this.head.claims));
    this.#candidates = new Candidates(match, this.head, this.#services.memory);
    this.#take(this.#candidates.current);
  }

  #take(route: CompiledRoute): void {
    this.#route = route;
    this.#pool = undefined;
    this.#attempt = 0;
    this.#tried = undefined;
    if (route.route.plugins.length > 0 && this.#downstream.chosenRoute === undefined) {
      this.#connectPlugins(route);
      return;
    }
    if (route.fixedAnswer === undefined) this.#select(route);
    else this.#answer(route.fixedAnswer);
  }

  // ---- select: which backend

  #select(route: CompiledRoute): void {
    const pool = route.balance.next(this.#tried);
    if (pool === undefined) throw new ProxyError('no-backend-ready', route.id);
    this.#connect(pool, route, false);
  }

  // ---- connect: an idle connection, or a new one

  #connect(pool: UpstreamPool, route: CompiledRoute, isNew: boolean): void {
    this.#attempt++;
    this.#pool = pool;
    this.#state = 'connecting';
    this.#hasResponseBytes = false;
    this.#heads = undefined;
    this.#backendMs = 0;
    const upstream = isNew ? pool.connect(this, route.connectMs) : pool.acquire(this, route.connectMs);
    this.#upstream = upstream;
    if (upstream.state === 'busy') this.#send();
    else this.#connectStartedMs = performance.now();
  }

  onUpstreamReady(): void {
    this.#backendMs = performance.now() - this.#connectStartedMs;
    try {
      this.#send();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The plugins are a backend within the process; what they send on comes back as a request of its own. */
  #connectPlugins(route: CompiledRoute): void {
    const { head } = this;
    const { applicationPath } = this.#services;
    if (applicationPath === undefined) throw new ProxyError('plugin-unknown', route.id);
    const downstream = this.#downstream;
    this.#attempt++;
    this.#state = 'connecting';
    this.#hasResponseBytes = false;
    this.#heads = undefined;
    this.#connectStartedMs = performance.now();
    const forwardedBlock = downstream.peer.forwardedBlock(head.claims, head.hostHeader);
    applicationPath
      .connect({
        route: route.route,
        requestId: this.#services.nextRequestId(),
        host: head.host,
        clientAddress: downstream.peer.clientAddress(head.claims),
        clientPort: 0,
        isTls: downstream.isEncrypted,
        pages: this.#compiled.pages,
        forward: () => downstream.forward(route, forwardedBlock),
      })
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

  // ---- prepare: what dproxy says in the request

  #prepare(): string {
    const { head } = this;
    const { peer } = this.#downstream;
    return writeRequestHead(head, {
      forwardedBlock: peer.forwardedBlock(head.claims, head.hostHeader),
      debugBlock: this.#compiled.settings.debugHeaders ? this.#debugBlock() : '',
      rules: this.#pool === undefined ? undefined : this.#route?.headers.request,
    });
  }

  #debugBlock(): string {
    if (this.#pool === undefined) return '';
    const { name, address, port } = this.#pool.backend;
    return debugHeaders({
      backendName: name,
      backendAddress: `${address}:${port}`,
      totalMs: performance.now() - this.#startedMs,
      backendMs: this.#backendMs,
    });
  }

  // ---- send: the head and what has arrived of the body in one write

  #send(): void {
    const upstream = this.#upstream as UpstreamConnection;
    this.#state = 'waiting';
    const text = this.#prepare();
    if (this.#downstream.isRequestComplete) {
      upstream.writeText(text);
      upstream.deadline.set((this.#route as CompiledRoute).responseMs);
      return;
    }
    // RFC 9110 section 10.1.1, our one rule: we answer the expectation, when there is a backend that takes the body. It is
    // not forwarded, so a final answer that comes first always ends the client's connection (threats: Expect desync).
    if (this.head.expectContinue && !this.#downstream.hasBodyWaiting) this.#downstream.writeText(CONTINUE);
    upstream.cork();
    try {
      upstream.writeText(text);
      this.#downstream.openBody();
    } finally {
      upstream.uncork();
    }
  }

  onRequestBody(bytes: Buffer, start: number, end: number): void {
    const upstream = this.#upstream;
    if (upstream === undefined) return;
    this.#requestBytes += end - start;
    if (upstream.writeBytes(bytes.subarray(start, end))) return;
    this.#downstream.pauseBody();
    if (this.#state === 'waiting') upstream.deadline.set((this.#route as CompiledRoute).responseMs);
  }

  onRequestComplete(): void {
    if (this.#state === 'waiting') this.#upstream?.deadline.set((this.#route as CompiledRoute).responseMs);
  }

  onUpstreamDrain(): void {
    if (this.#downstream.isRequestComplete) return;
    if (this.#state === 'waiting') this.#upstream?.deadline.clear();
    this.#downstream.resumeBody();
  }

  // ---- relay: the response

  onUpstreamData(bytes: Buffer, start: number, end: number): boolean {
    try {
      if (this.#state === 'relaying') this.#relay(bytes, start, end);
      else this.#readHeads(bytes, start, end);
    } catch (error) {
      this.#fail(error);
    }
    return this.#downstream.holdsBytes;
  }

  #readHeads(bytes: Buffer, start: number, end: number): void {
    this.#hasResponseBytes = true;
    const heads = (this.#heads ??= new ResponseHeadReader({
      method: this.head.method,
      offeredUpgrade: this.head.upgrade,
      limits: this.#compiled.limits,
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
    if (this.#interims > this.#compiled.limits.interimResponses) {
      throw new ProxyError('upstream-malformed', `more than ${this.#compiled.limits.interimResponses} interim answers`);
    }
    // A 100 was answered by us already; HTTP/1.0 knows none of them (RFC 9110 section 15.2).
    if (response.status !== 100 && this.head.minorVersion === 1) this.#downstream.writeText(writeInterimHead(response));
  }

  #onFinalHead(response: ResponseHead, { bytes, at, end }: ResponseHeadReader): void {
    const candidates = this.#candidates;
    if (response.status < 500) {
      candidates?.confirm(this.#pool?.backend.id ?? '');
    } else if (candidates?.hasNext === true) {
      this.#dropUpstream();
      this.#state = 'matching';
      candidates.next(undefined);
      this.#take(candidates.current);
      return;
    }
    const downstream = this.#downstream;
    // A final answer before the end of the request: the rest of it will not be read to its end, so neither connection can
    // carry another request (threats: CL.0, Expect).
    this.#keepAlive = downstream.isRequestComplete && downstream.mayKeepAlive && this.head.keepAlive;
    this.#response = new ResponseRelay(response, this.#responseText(response, this.#keepAlive), {
      downstream,
      clientMinorVersion: this.head.minorVersion,
      limits: this.#compiled.limits,
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
      upstream.deadline.set((this.#route as CompiledRoute).idleMs);
    } else {
      upstream.pause();
      upstream.deadline.clear();
    }
  }

  onDownstreamDrain(): void {
    if (this.#state !== 'relaying') return;
    this.#upstream?.deadline.set((this.#route as CompiledRoute).idleMs);
    this.#upstream?.resume();
  }

  #responseText(response: ResponseHead, keepAlive: boolean): string {
    const { head } = this;
    return writeResponseHead(response, {
      clientMinorVersion: head.minorVersion,
      keepAlive,
      debugBlock: head.debug && this.#downstream.peer.mayDebug(head.claims) ? this.#debugBlock() : '',
      rules: this.#pool === undefined ? undefined : this.#route?.headers.response,
    });
  }

  #tunnel(response: ResponseHead, { bytes, at, end }: ResponseHeadReader): void {
    const downstream = this.#downstream;
    if (!downstream.isRequestComplete)
      throw new ProxyError('upstream-malformed', 'a 101 before the end of the request');
    this.#candidates?.confirm(this.#pool?.backend.id ?? '');
    const { counters } = this.#services;
    counters.tunnels++;
    const tunnel = new Tunnel(downstream, this.#upstream as UpstreamConnection, {
      idleMs: this.#compiled.limits.tunnelIdleMs,
      onClosed: ({ toClient }) => {
        counters.tunnels--;
        this.#log(101, toClient, '');
      },
    });
    this.#state = 'done';
    this.#upstream = undefined;
    downstream.writeText(this.#responseText(response, true));
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
    if (isExact && response.head.keepAlive && this.#downstream.isRequestComplete && this.#pool !== undefined) {
      upstream.learntKeepAliveMs = response.head.keepAliveTimeoutMs;
      this.#pool.release(upstream);
    } else {
      upstream.destroy();
    }
    this.#log(response.head.status, response.bodyBytes, '');
    this.#downstream.finish(this.#keepAlive && !response.isEndByClose);
  }

  #answer(page: Page): void {
    const { head } = this;
    const downstream = this.#downstream;
    const keepAlive = downstream.isRequestComplete && downstream.mayKeepAlive && head.keepAlive;
    this.#state = 'done';
    const { minorVersion, method } = head;
    downstream.writeText(answerText(page, { keepAlive, minorVersion, method }));
    this.#log(page.status, page.body.length, '');
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
    this.#report(new ProxyError(code), this.#services.nextRequestId());
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

  /** Another replica first; a keep-alive race may also go to the same one, on a new connection. */
  #retry(error: ProxyError): boolean {
    const route = this.#route;
    const pool = this.#pool;
    if (route === undefined || pool === undefined || error.code === 'no-backend-ready') return false;
    if (error.retry === 'unsent') this.#services.memory.forgetBackend(pool.backend.id);
    const attempt = {
      method: this.head.method,
      bodyBytesSent: this.#requestBytes,
      attempt: this.#attempt,
      maxAttempts: MAX_ATTEMPTS,
    };
    if (!mayRetry(error, attempt)) return false;
    const isRace = error.retry === 'replayable';
    this.#tried = (this.#tried ?? new Set()).add(pool.backend.id);
    const other = route.balance.next(this.#tried) ?? (isRace ? pool : undefined);
    if (other === undefined) return false;
    this.#connect(other, route, isRace);
    return true;
  }

  #tryNextCandidate(error: ProxyError): boolean {
    const candidates = this.#candidates;
    if (candidates === undefined) return false;
    if (error.retry === 'unsent' || error.code === 'no-backend-ready') candidates.forgetRemembered();
    if (!candidates.hasNext) return false;
    const firstError = candidates.next(error);
    this.#pool = undefined;
    if (firstError === undefined) this.#take(candidates.current);
    else this.#answerError(firstError);
    return true;
  }

  #answerError(error: ProxyError): void {
    const { head } = this;
    const downstream = this.#downstream;
    const requestId = this.#services.nextRequestId();
    const keepAlive = downstream.isRequestComplete && downstream.mayKeepAlive && head.keepAlive;
    const { accept, host, method, minorVersion } = head;
    const { message } = ERRORS[error.code];
    const page = this.#compiled.pages.render({ status: error.status, message, accept, requestId, host, method });
    this.#state = 'done';
    downstream.writeText(answerText(page, { keepAlive, minorVersion, method }));
    this.#report(error, requestId);
    downstream.finish(keepAlive);
  }

  /** The response has begun: only a broken connection tells the client that it is not whole. */
  #cut(error: ProxyError): void {
    this.#state = 'done';
    this.#dropUpstream();
    this.#report(error, this.#services.nextRequestId());
    this.#downstream.cut(this.#response?.isEndByClose ?? false);
  }

  #dropUpstream(): void {
    this.#upstream?.destroy();
    this.#upstream = undefined;
  }

  #report(error: ProxyError, requestId: string): void {
    const status = this.#response === undefined || error.status === 499 ? error.status : this.#response.head.status;
    logFailure(this.#services, error, { ...this.#end(status, 0, error.code), requestId });
    this.#log(status, this.#response?.bodyBytes ?? 0, error.code);
  }

  #log(status: number, bytes: number, error: string): void {
    if (this.#services.accessLog === undefined || this.#downstream.chosenRoute !== undefined) return;
    logAccess(this.#services, this.#end(status, bytes, error));
  }

  #end(status: number, bytes: number, error: string): ExchangeEnd {
    return {
      head: this.head,
      downstream: this.#downstream,
      startedMs: this.#startedMs,
      backendMs: this.#backendMs,
      routeId: this.#route?.id ?? '',
      backendId: this.#pool?.backend.id ?? '',
      status,
      bytes,
      error,
    };
  }
}

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';
/** More recoveries than a host has candidates. */
const MAX_STEPS = 256;

function toProxyError(error: unknown): ProxyError {
  return error instanceof ProxyError ? error : new ProxyError('internal', String(error), { cause: error });
}
