import { ProxyError, sameValue } from '@dproxy/core';
import type { CompiledRoute } from '../compiled-route.ts';
import type { Page } from '../pages/index.ts';
import type { UpstreamPool } from '../upstream/upstream-pool.ts';
import type { Place } from '../waiting/place.ts';
import type { Promising } from '../waiting/prospects.ts';
import type { Waiter } from '../waiting/visit.ts';
import type { ExchangeFacts } from './exchange-facts.ts';
import { isWaitingFor, waitingAnswer } from './waiting-answer.ts';

/** What has been done for the request. */
interface Before {
  /** That was asked last. */
  readonly pool: UpstreamPool | undefined;
  /** A filter has taken its body, which is not there for other filters. */
  readonly isRead: boolean;
}

type WaitingRequest = Pick<ExchangeFacts, 'head' | 'downstream' | 'services'>;

/** What an exchange makes of how the waiting ends. */
export interface WaitOwner {
  /**
   * Somebody is there who may answer.
   *
   * @param route of the Snapshot of now
   * @param isGuardedAlike what it asks of a request is what this one has passed; else that begins anew
   */
  onServed(route: CompiledRoute, isGuardedAlike: boolean): void;
  onTurnedAway(error: ProxyError): void;
}

/**
 * - `none`: nobody is expected
 * - `served`: the owner has been told where to go
 * - `waits`: it will be
 * - a page for who would rather not wait, or the error to answer
 */
export type WaitOutcome = 'none' | 'served' | 'waits' | Page | ProxyError;

/** All else that guards a route is part of its id: who may use it, on which listeners, under which conditions. */
function isGuardedAlike({ route: a }: CompiledRoute, { route: b }: CompiledRoute): boolean {
  return a === b || GUARDS.every((guard) => sameValue(a[guard], b[guard]));
}

const GUARDS = ['filters', 'plugins', 'https'] as const;

/** All the waiting of one request for a backend; it may be admitted and come back, but never gets more time than the first one. */
export class RequestWait implements Waiter {
  readonly #owner: WaitOwner;
  readonly #request: WaitingRequest;
  readonly #sinceMs = performance.now();
  #wasSent = false;
  /** Of the backend that was asked last. */
  #askedId = '';
  #leave: (() => void) | undefined;

  #by: CompiledRoute | undefined;
  #isRead = false;

  constructor(owner: WaitOwner, request: WaitingRequest) {
    this.#owner = owner;
    this.#request = request;
  }

  /** A backend had it before it waited, and gave no answer. */
  get wasSent(): boolean {
    return this.#wasSent;
  }

  /** Id of the backend that failed it and drains: it would do so again until the table knows of its end. Empty: there is none. */
  get leavingId(): string {
    const { backends } = this.#request.services.compiled.source;
    return backends.get(this.#askedId)?.state === 'draining' ? this.#askedId : '';
  }

  get mayBeGone(): boolean {
    return this.#request.downstream.isHalfClosed;
  }

  begin(by: CompiledRoute, error: ProxyError, { pool, isRead }: Before): WaitOutcome {
    const isSent = error.code !== 'no-backend-ready' && error.retry !== 'unsent';
    if (isSent && this.#wasSent) return 'none';
    const { waiting } = this.#request.services;
    this.#by = by;
    this.#isRead = isRead;
    this.#askedId = pool?.backend.id ?? this.#askedId;
    const place: Place = { kind: 'route', id: by.id };
    const waitingSinceMs = this.#sinceMs;
    const outlook = waiting.outlook({ place, by, error, backendId: pool?.backend.id ?? '', waitingSinceMs });
    if (outlook.kind === 'none') return outlook.error ?? 'none';
    this.#wasSent ||= isSent;
    if (outlook.kind !== 'served') return this.#enter(place, outlook);
    this.onAdmitted();
    return 'served';
  }

  onAdmitted(): void {
    const by = this.#by;
    const route = by === undefined ? undefined : this.#request.services.compiled.routes.get(by.id);
    if (by === undefined || route === undefined) {
      this.#owner.onTurnedAway(new ProxyError('no-backend-ready', by?.id));
      return;
    }
    const isAlike = isGuardedAlike(by, route);
    const isStuck = !isAlike && (this.#isRead || this.#request.downstream.chosenRoute !== undefined);
    if (isStuck) this.#owner.onTurnedAway(new ProxyError('no-backend-ready', `${by.id}: its filters have changed`));
    else this.#owner.onServed(route, isAlike);
  }

  onTurnedAway(error: ProxyError): void {
    this.#owner.onTurnedAway(error);
  }

  /** The client is gone. */
  end(): void {
    this.#leave?.();
  }

  #enter(place: Place, outlook: Promising): WaitOutcome {
    const { head, downstream, services } = this.#request;
    const { waiting, compiled } = services;
    const client = downstream.peer.clientAddress(head.claims);
    if (outlook.kind === 'wake') {
      const { group } = outlook;
      const answer = waitingAnswer({ head, group, progress: waiting.progressOf(group.id), compiled });
      if (answer !== 'hold') {
        if (isWaitingFor(answer)) waiting.wake(group.id, client);
        return answer;
      }
    }
    const entered = waiting.enter({ place, client, outlook, waiter: this });
    // In doubt the answer is there already: what went wrong.
    if (entered instanceof ProxyError) return outlook.kind === 'doubt' ? 'none' : entered;
    downstream.body?.hold();
    this.#leave = entered;
    return 'waits';
  }
}
