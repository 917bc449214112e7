import {
  type BackendRef,
  type BalancePolicy,
  drawByKey,
  Ejections,
  ERRORS,
  type HashKey,
  type ProxyError,
  type Route,
  type Share,
  SlowStart,
} from '@dproxy/core';
import type { UpstreamPool } from '../upstream/upstream-pool.ts';
import type { BalanceContext } from './balance-context.ts';
import type { PoolBalancer } from './pool-balancer.ts';
import { type ChoosingRequest, requestKey } from './request-key.ts';
import { StickySessions } from './sticky-sessions.ts';

/** What an attempt counts for that got no answer, where who answers soonest is asked first: to refuse is no quick answer. */
const FAILED_MS = 5_000;

export interface SelectionOptions {
  readonly route: Route;
  readonly refs: readonly BackendRef[];
  readonly shares: readonly Share<UpstreamPool>[];
  readonly balance: PoolBalancer;
  readonly context: BalanceContext;
  readonly previous: Selection | undefined;
}

/** Whoever is next where more than the turn decides: what the request says, what the client had before, who has failed. */
export class Selection {
  readonly sticky: StickySessions | undefined;
  readonly ejections: Ejections | undefined;
  readonly #balance: PoolBalancer;
  readonly #slowStart: SlowStart<UpstreamPool> | undefined;
  readonly #hashBy: HashKey | undefined;
  readonly #measures: boolean;
  readonly #countsStatuses: boolean;

  private constructor({ route, refs, shares, balance, context, previous }: SelectionOptions) {
    const { strategy, hashBy, sticky, ejection, slowStartMs } = route.balance;
    this.#balance = balance;
    this.#hashBy = strategy === 'hash' ? hashBy : undefined;
    this.#measures = strategy === 'leastTime';
    this.#countsStatuses = ejection?.statuses === true;
    this.#slowStart = slowStartMs === 0 ? undefined : slowStartOf(slowStartMs, shares, context);
    if (sticky !== null) {
      const pools = refs.flatMap(({ backendId }) => context.pools.get(backendId) ?? []).filter(takesClients(shares));
      this.sticky = new StickySessions({ routeId: route.id, cookie: sticky, pools });
    }
    if (ejection !== null) {
      const ids = shares.map(({ id }) => id);
      this.ejections = new Ejections(ejection, ids, previous?.ejections);
    }
  }

  /** @returns undefined for a route whose balancer decides alone */
  static of(options: SelectionOptions): Selection | undefined {
    return isPlain(options.route.balance) ? undefined : new Selection(options);
  }

  /** @param tried ids of backends that this request was shown to */
  next(request: ChoosingRequest, tried: ReadonlySet<string> | undefined): UpstreamPool | undefined {
    const ejected = this.ejections?.ejected(performance.now());
    const had = this.sticky?.find(request.head);
    if (had !== undefined && !isIn(tried, had) && !isIn(ejected, had)) return had;
    const key = this.#hashBy === undefined ? '' : requestKey(this.#hashBy, request);
    if (ejected === undefined) return this.#pick(tried, key);
    const exclude = tried === undefined ? ejected : new Set([...tried, ...ejected]);
    // When nobody else is left, one that failed is better than none.
    return this.#pick(exclude, key) ?? this.#pick(tried, key);
  }

  #pick(exclude: ReadonlySet<string> | undefined, key: string): UpstreamPool | undefined {
    if (this.#slowStart === undefined) return this.#balance.next(exclude, key);
    const pick = (without: typeof exclude): UpstreamPool | undefined => this.#balance.next(without, key);
    const draw = key === '' ? Math.random : drawByKey(key);
    return this.#slowStart.choose({ pick, exclude, nowMs: performance.now(), draw });
  }

  /** @returns whether the backend is passed over from now on */
  answered(pool: UpstreamPool, status: number, tookMs: number): boolean {
    if (this.#measures) pool.responseTime.add(tookMs, performance.now());
    return this.#countsStatuses && status >= 500 && this.#fail(pool);
  }

  /** @returns whether the backend is passed over from now on */
  failed(pool: UpstreamPool, { code }: ProxyError): boolean {
    if (!ERRORS[code].blamesBackend) return false;
    if (this.#measures) pool.responseTime.add(FAILED_MS, performance.now());
    return this.#fail(pool);
  }

  #fail(pool: UpstreamPool): boolean {
    return this.ejections?.failed(pool.backend.id, performance.now()) === true;
  }
}

function slowStartOf(
  slowStartMs: number,
  shares: readonly Share<UpstreamPool>[],
  { ages }: BalanceContext,
): SlowStart<UpstreamPool> {
  const sinceMs = shares.map(({ id }) => [id, ages?.readySinceMs(id) ?? Number.NEGATIVE_INFINITY] as const);
  return new SlowStart(slowStartMs, new Map(sinceMs), ({ backend }) => backend.id);
}

/** Ready ones, also with the weight 0; those that drain only where nobody else is left to choose from. */
function takesClients(shares: readonly Share<UpstreamPool>[]): (pool: UpstreamPool) => boolean {
  const chosen = new Set(shares.map(({ id }) => id));
  return ({ backend }) => backend.state === 'ready' || chosen.has(backend.id);
}

function isPlain({ strategy, sticky, ejection, slowStartMs }: BalancePolicy): boolean {
  return sticky === null && ejection === null && slowStartMs === 0 && strategy !== 'hash' && strategy !== 'leastTime';
}

function isIn(ids: ReadonlySet<string> | undefined, { backend }: UpstreamPool): boolean {
  return ids !== undefined && ids.has(backend.id);
}
