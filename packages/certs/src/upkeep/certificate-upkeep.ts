import type { AcmeSettings, Scheduler } from '@dproxy/config';
import type { CertificateRef, CertificateView, Log } from '@dproxy/core';
import type { RoutedName } from './wanted-names.ts';
import { IssueError, type StoredCertificate } from '../ports.ts';
import { Announcer } from './announcer.ts';
import { Counters, type UpkeepCounters } from './counters.ts';
import { Failures, parseFailures } from './failures.ts';
import { Ledger, parseLedger } from './ledger.ts';
import { OnDemand, parseOnDemandNames } from './on-demand.ts';
import { byUrgency, dueMs, OrderBook } from './order-book.ts';
import { Pace } from './pace.ts';
import { askOverHttp } from './permission.ts';
import { orderKey, type PlannedOrder } from './plan-orders.ts';
import { Preflight } from './preflight.ts';
import { RenewalWindows } from './renewal-windows.ts';
import { type Attempt, type OrderTools, runOrder } from './run-order.ts';
import { StateDocument } from './state-document.ts';
import { type Publish, Stock } from './stock.ts';
import type { CertificateUpkeepOptions } from './upkeep-options.ts';
import { type OrderFacts, viewOfKept, viewOfOrder, viewOfUnorderable } from './views.ts';

/** Wall time is looked at this often, so that a clock that jumps or a machine that slept is noticed. */
const TICK_MS = 30_000;
const SOONEST_MS = 50;
/** Other primaries may have renewed what we only serve. */
const RELOAD_MS = 10 * 60_000;
/** While another primary is at an order of ours: how often its result is looked for, and its lease. */
const POLL_MS = 3_000;
const ELSEWHERE_MS = 15_000;
/** After something of ours went wrong that could not even be written down. */
const BROKEN_MS = 10 * 60_000;
const MAX_RUNNING = 5;
const MAX_STARTS_IN_TEN_SECONDS = 10;

/**
 * Sees to it that every wanted name has a certificate that does not lapse. A level-triggered loop: look at the names, the store,
 * the failures and the clock, and begin what is due. Everything that matters over a restart is in the store.
 *
 * ```
 * want, follow, tick, end of an order --> plan --> due? --> pace --> lease --> preflight --> ledger --> authority --> store
 *                                          ^                                                                            |
 *                                          +------------------------- publish, failures <-------------------------------+
 * ```
 */
export class CertificateUpkeep {
  readonly #options: CertificateUpkeepOptions;
  readonly #scheduler: Scheduler;
  readonly #log: Log;
  readonly #tools: OrderTools;
  readonly #failures: Failures;
  readonly #onDemand: OnDemand;
  readonly #stock: Stock;
  readonly #book: OrderBook;
  readonly #announcer: Announcer;
  readonly #counters = new Counters();
  readonly #pace = new Pace(MAX_RUNNING, MAX_STARTS_IN_TEN_SECONDS);
  readonly #running = new Map<string, Promise<void>>();
  /** Not before this: another primary is at it. */
  readonly #heldUntilMs = new Map<string, number>();
  readonly #waiting = new Map<string, PromiseWithResolvers<boolean>>();
  readonly #background = new Set<Promise<void>>();
  readonly #stopped = new AbortController();
  #planned: readonly PlannedOrder[] = [];
  #publish: Publish | undefined;
  #watch: AsyncDisposable | undefined;
  #cancelTimer = (): void => {};
  #reloadedMs = 0;
  /** Counts what makes an order due again at once: other settings, and the operator's word. */
  #changes = 0;

  constructor(options: CertificateUpkeepOptions) {
    const { issuer, store, scheduler, random, log } = options;
    this.#options = options;
    this.#scheduler = scheduler;
    this.#log = log;
    this.#failures = new Failures(
      new StateDocument({ store, scheduler, name: 'upkeep-failures', parse: parseFailures }),
      random,
    );
    const windows = new RenewalWindows(issuer, () => scheduler.nowMs());
    this.#onDemand = new OnDemand({
      scheduler,
      ask: options.ask ?? askOverHttp,
      document: new StateDocument({ store, scheduler, name: 'upkeep-on-demand', parse: parseOnDemandNames }),
    });
    this.#stock = new Stock(store, log);
    this.#book = new OrderBook({ stock: this.#stock, failures: this.#failures, windows, onDemand: this.#onDemand });
    this.#announcer = new Announcer(log);
    this.#tools = {
      issuer,
      store,
      scheduler,
      windows,
      reachability: options.reachability ?? new Preflight({ solver: options.solver, port: options.httpPort ?? 80 }),
      failures: this.#failures,
      ledger: new Ledger(new StateDocument({ store, scheduler, name: 'upkeep-ledger', parse: parseLedger })),
    };
  }

  /** To be called with the settings before `start`, and whenever they change. */
  follow(settings: AcmeSettings): void {
    this.#changes += 1;
    this.#book.follow(settings);
    this.#survey();
  }

  /** To be called with every new Snapshot. @param refs its certificates; those of kind `file` need no order */
  want(routes: Iterable<RoutedName>, refs: Iterable<CertificateRef>): void {
    this.#book.want(routes, refs);
    this.#survey();
  }

  /**
   * A handshake asked for a name without a certificate.
   * @returns whether there is one now: after its order when one was begun, at once when it is refused
   */
  async wantOnDemand(host: string): Promise<boolean> {
    if (this.#hasCertificate(host)) return true;
    if (!this.#isActive()) return false;
    if (!this.#book.wanted.names.includes(host) && !(await this.#onDemand.admit(host, this.#book.routed))) {
      this.#counters.onDemandRefused();
      return false;
    }
    if (this.#stopped.signal.aborted) return false;
    const waiting = this.#waiting.get(host) ?? Promise.withResolvers<boolean>();
    this.#waiting.set(host, waiting);
    this.#evaluate();
    return waiting.promise;
  }

  /** The operator has mended something: it is tried again within a moment. @returns false: no such name is wanted */
  retryNow(host: string): boolean {
    this.#changes += 1;
    const keys = this.#planned.filter(({ names }) => names.includes(host)).map(({ key }) => key);
    for (const key of keys) this.#heldUntilMs.delete(key);
    if (keys.length > 0) this.#keep(this.#failures.forget(keys).then(() => this.#evaluate()));
    return keys.length > 0;
  }

  /**
   * Resolves when what is stored has been published.
   * @param publish is called whenever what should be served has changed
   * @throws when the state folder cannot be read
   */
  async start(publish: Publish): Promise<void> {
    await Promise.all([this.#stock.reload(), this.#failures.load(), this.#onDemand.load()]);
    this.#publish = publish;
    this.#reloadedMs = this.#scheduler.nowMs();
    this.#watch = await this.#options.store.watch?.(() => this.#keep(this.#reload()));
    this.#survey();
  }

  /** Gives up what runs (it is no failure) and resolves when nothing does any more. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#cancelTimer();
    await this.#watch?.[Symbol.asyncDispose]();
    await Promise.all([...this.#running.values(), ...this.#background]);
    for (const host of this.#waiting.keys()) this.#answer(host, false);
  }

  views(): readonly CertificateView[] {
    const nowMs = this.#scheduler.nowMs();
    const shown = new Set<StoredCertificate | undefined>();
    const orders = this.#planned.map((order) => {
      const facts = this.#factsOf(order, nowMs);
      shown.add(order.current).add(facts.expired);
      return viewOfOrder(facts);
    });
    const keys = new Set(this.#planned.map(({ key }) => key));
    const kept = this.#stock.all().filter((it) => !shown.has(it) && !keys.has(orderKey(it.names)));
    const unorderable = this.#isActive() ? this.#book.wanted.unorderable : [];
    return [...orders, ...unorderable.map(viewOfUnorderable), ...kept.map((it) => viewOfKept(it, nowMs))];
  }

  counters(): UpkeepCounters {
    return this.#counters.read();
  }

  /** No authority is asked for anything before there is a contact, nor before the store was read. */
  #isActive(): boolean {
    const isStarted = this.#publish !== undefined && !this.#stopped.signal.aborted;
    return isStarted && this.#book.settings !== undefined && this.#stock.isLoaded;
  }

  /** Routes or settings have changed. */
  #survey(): void {
    this.#evaluate();
    if (!this.#isActive()) return;
    const { unorderable } = this.#book.wanted;
    this.#announcer.unorderable(unorderable);
    const keys = new Set([...this.#planned.map(({ key }) => key), ...unorderable.map(({ name }) => name)]);
    this.#announcer.retain((key) => keys.has(key));
  }

  /** The one place where something begins. */
  #evaluate(): void {
    if (this.#publish === undefined || this.#stopped.signal.aborted) return;
    const nowMs = this.#scheduler.nowMs();
    this.#failures.settle(nowMs);
    this.#dropHolds(nowMs);
    this.#stock.publish(nowMs, this.#publish);
    this.#reloadSometimes(nowMs);
    this.#planned = this.#isActive() ? this.#book.plan(nowMs) : [];
    this.#keep(this.#tools.windows.ask(this.#book.askable(this.#planned), () => this.#evaluate()));
    const facts = this.#planned.map((order) => this.#factsOf(order, nowMs));
    for (const { order, failure } of facts) {
      if (order.current !== undefined) this.#announcer.lapsing(order.current, failure, nowMs);
    }
    const due = facts.filter((it) => !it.isRunning && dueMs(it) <= nowMs).toSorted(byUrgency(nowMs));
    for (const { order } of due) {
      if (!this.#pace.enter(nowMs)) break;
      this.#begin(order);
    }
    this.#answerWaiting(facts, nowMs);
    this.#sleep(facts, nowMs);
  }

  #begin(order: PlannedOrder): void {
    const changes = this.#changes;
    const run = this.#run(order).finally(() => {
      this.#running.delete(order.key);
      if (changes === this.#changes) this.#assertSettled(order);
      this.#pace.leave();
      this.#evaluate();
    });
    this.#running.set(order.key, run);
  }

  /** Never rejects. */
  async #run(order: PlannedOrder): Promise<void> {
    const { settings } = this.#book;
    if (settings === undefined) return;
    try {
      if (await this.#dropRefusedOnDemand(order)) return;
      const attempt = await runOrder(this.#tools, {
        order,
        settings,
        authorities: this.#book.authoritiesFor(order.names),
        refresh: () => this.#refresh(order.key),
        signal: this.#stopped.signal,
      });
      await this.#conclude(order, attempt);
    } catch (cause) {
      this.#breakOff(order, cause);
    }
  }

  /** Whatever comes of an attempt, the next one comes later: what left no trace would be tried as fast as the pace allows. */
  #assertSettled({ key, current }: PlannedOrder): void {
    const nowMs = this.#scheduler.nowMs();
    const order = this.#stopped.signal.aborted ? undefined : this.#book.plan(nowMs).find((it) => it.key === key);
    if (order === undefined || order.current?.id !== current?.id) return;
    if (dueMs(this.#factsOf(order, nowMs)) > nowMs) return;
    this.#breakOff(
      order,
      new Error('an attempt has ended, and neither a certificate nor a failure of it can be found'),
    );
  }

  /** Not written down, as writing is what fails most often. */
  #breakOff({ key, names }: PlannedOrder, cause: unknown): void {
    const authority = this.#book.authoritiesFor(names)[0]?.name ?? '';
    const error = new IssueError('internal', cause instanceof Error ? cause.message : String(cause), {
      advice: `see that the state folder can be read and written; it is tried again after ${BROKEN_MS / 60_000} minutes`,
      retryAfterMs: BROKEN_MS,
      cause,
    });
    this.#failures.postpone({ key, authority, error, isFree: true, settings: '' }, this.#scheduler.nowMs());
    this.#counters.failed('internal');
    this.#log.error({ names, err: cause, advice: error.advice }, 'an order of a certificate broke off');
    for (const name of names) this.#onDemand.giveUp(name);
  }

  async #conclude({ key, names }: PlannedOrder, attempt: Attempt): Promise<void> {
    switch (attempt.outcome) {
      case 'issued':
        this.#stock.adopt(attempt.certificate);
        this.#counters.issued();
        this.#announcer.issued(attempt.certificate);
        for (const name of names) {
          // oxlint-disable-next-line no-await-in-loop -- one name, hardly ever two
          await this.#onDemand.remember(name);
        }
        return;
      case 'failed':
        for (const { failure, isRefusedHere } of attempt.failures) {
          if (isRefusedHere) this.#counters.refusedHere();
          else this.#counters.failed(failure.problem);
        }
        this.#announcer.failed(names, attempt.failures);
        for (const name of names) this.#onDemand.giveUp(name);
        return;
      case 'elsewhere':
        this.#heldUntilMs.set(key, this.#scheduler.nowMs() + ELSEWHERE_MS);
        return;
      case 'unneeded':
        return;
    }
    attempt satisfies never;
  }

  /** A renewal of a name that is allowed no more. */
  async #dropRefusedOnDemand({ names, current }: PlannedOrder): Promise<boolean> {
    const [name = ''] = names;
    if (current === undefined || this.#book.wanted.names.includes(name) || !this.#onDemand.has(name)) return false;
    if (await this.#onDemand.mayRenew(name)) return false;
    await this.#onDemand.drop(name);
    return true;
  }

  /** With the lease in hand: what is true now? */
  async #refresh(key: string): Promise<PlannedOrder | undefined> {
    await Promise.all([this.#stock.reload(), this.#failures.load()]);
    const nowMs = this.#scheduler.nowMs();
    const order = this.#book.plan(nowMs).find((it) => it.key === key);
    return order !== undefined && dueMs(this.#factsOf(order, nowMs)) <= nowMs ? order : undefined;
  }

  #factsOf(order: PlannedOrder, nowMs: number): OrderFacts {
    const isRunning = this.#running.has(order.key);
    const heldMs = this.#heldUntilMs.get(order.key) ?? 0;
    return this.#book.facts(order, { isRunning, untilMs: isRunning || heldMs <= nowMs ? 0 : heldMs });
  }

  /** Certificates and failures of other primaries. */
  #reloadSometimes(nowMs: number): void {
    const everyMs = this.#heldUntilMs.size > 0 || !this.#stock.isLoaded ? POLL_MS : RELOAD_MS;
    const agoMs = nowMs - this.#reloadedMs;
    if (agoMs >= 0 && agoMs < everyMs) return;
    this.#reloadedMs = nowMs;
    this.#keep(this.#reload());
  }

  async #reload(): Promise<void> {
    await Promise.all([this.#stock.reload(), this.#failures.load()]);
    this.#evaluate();
  }

  /** What is over, and what a clock that was set back would prolong. */
  #dropHolds(nowMs: number): void {
    for (const [key, heldMs] of this.#heldUntilMs) {
      if (heldMs <= nowMs || heldMs > nowMs + ELSEWHERE_MS) this.#heldUntilMs.delete(key);
    }
  }

  #keep(work: Promise<void>): void {
    const kept = work
      .catch((cause: unknown) => {
        this.#log.error({ err: cause }, 'the upkeep of certificates stumbled; it goes on at the next tick');
      })
      .finally(() => this.#background.delete(kept));
    this.#background.add(kept);
  }

  #hasCertificate(host: string): boolean {
    const nowMs = this.#scheduler.nowMs();
    return this.#stock.index.covering([host]).some(({ notAfterMs }) => notAfterMs > nowMs);
  }

  #answerWaiting(facts: readonly OrderFacts[], nowMs: number): void {
    if (this.#waiting.size === 0) return;
    const byName = new Map(facts.flatMap((it) => it.order.names.map((name) => [name, it] as const)));
    for (const host of this.#waiting.keys()) {
      const it = byName.get(host);
      const isOnItsWay = it !== undefined && (this.#running.has(it.order.key) || dueMs(it) <= nowMs);
      if (this.#hasCertificate(host)) this.#answer(host, true);
      else if (!isOnItsWay) {
        this.#onDemand.giveUp(host);
        this.#answer(host, false);
      }
    }
  }

  #answer(host: string, isThere: boolean): void {
    this.#waiting.get(host)?.resolve(isThere);
    this.#waiting.delete(host);
  }

  #sleep(facts: readonly OrderFacts[], nowMs: number): void {
    this.#cancelTimer();
    let soonest = nowMs + (this.#options.tickMs ?? TICK_MS);
    if (this.#heldUntilMs.size > 0) soonest = Math.min(soonest, nowMs + POLL_MS);
    for (const it of facts) {
      // What is due and not running waits for the pace, or for another order to end, which evaluates anyway.
      if (!this.#running.has(it.order.key)) soonest = Math.min(soonest, Math.max(dueMs(it), this.#pace.nextMs(nowMs)));
    }
    const delayMs = Math.max(SOONEST_MS, soonest - nowMs);
    this.#cancelTimer = this.#scheduler.after(delayMs, () => this.#evaluate());
  }
}
