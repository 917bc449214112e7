import { ProxyError, type WakeGroup } from '@dproxy/core';
import type { CompiledRoute } from '../compiled-route.ts';
import type { CompiledSnapshot } from '../compiled-snapshot.ts';
import type { CompiledStream } from '../compiled-streams.ts';
import type { BackendAges } from '../upstream/backend-ages.ts';
import { findPlace, type Place, wakeGroupOf } from './place.ts';
import { Vacancies } from './vacancies.ts';

/**
 * What somebody who found no backend has to expect:
 * - `served`: the table of now has somebody whom it has not asked
 * - `wake`: its containers sleep, or start, and can be woken
 * - `hold`: the last backend has left a moment ago, and its successor is on its way
 * - `doubt`: who is ready does not answer; if it is about to leave, the table says so in a moment
 * - `none`: `error` in place of what went wrong, where there is more to say
 */
export type Outlook = { readonly kind: 'served' } | Promising | { readonly kind: 'none'; readonly error?: ProxyError };
/** There is something to wait for, until then by `performance.now()`. */
export type Promising =
  | { readonly kind: 'wake'; readonly group: WakeGroup; readonly untilMs: number }
  | { readonly kind: 'hold'; readonly untilMs: number }
  | {
      readonly kind: 'doubt';
      readonly untilMs: number;
      readonly by: CompiledRoute | CompiledStream;
      readonly error: ProxyError;
    };

/** What has been tried. */
export interface Tried {
  readonly place: Place;
  /** As it was compiled then. */
  readonly by: CompiledRoute | CompiledStream;
  /** What came of it. */
  readonly error: ProxyError;
  /** Of the one that was asked last; empty: nobody could be. */
  readonly backendId: string;
  /** When it began to wait for the first time, by `performance.now()`. */
  readonly waitingSinceMs: number;
}

/** Between the signal that ends a container and the table that says so: the engine's event, the primary, our socket. */
const DOUBT_MS = 600;

/** Who may be waited for, by the table of now and what went before it. */
export class Prospects {
  readonly #services: { readonly ages: BackendAges; readonly compiled: CompiledSnapshot };
  readonly #vacancies: Vacancies;

  constructor(services: { readonly ages: BackendAges; readonly compiled: CompiledSnapshot }) {
    this.#services = services;
    this.#vacancies = new Vacancies(services.ages);
  }

  /** @param before the table that was followed last */
  follow(before: CompiledSnapshot | undefined, nowMs: number): void {
    this.#vacancies.follow(before, this.#services.compiled, nowMs);
  }

  outlook(tried: Tried, nowMs: number): Outlook {
    const { compiled } = this.#services;
    const { place, by, error, waitingSinceMs } = tried;
    const found = findPlace(compiled, place);
    if (found === undefined) return { kind: 'none' };
    if (found !== by && found.staffing !== 'none') return { kind: 'served' };
    if (found.staffing === 'ready') return this.#doubt(tried, nowMs);
    if (found.staffing === 'draining') this.#vacancies.refused(place, nowMs);
    const group = wakeGroupOf(compiled, found);
    if (group?.autostart === true) return { kind: 'wake', group, untilMs: waitingSinceMs + group.timeoutMs };
    const untilMs = this.#vacancies.holdsUntil(place, compiled, nowMs);
    if (untilMs !== undefined) return { kind: 'hold', untilMs };
    return group === undefined
      ? { kind: 'none' }
      : { kind: 'none', error: new ProxyError('asleep', group.id, { cause: error }) };
  }

  /** What a new table means for somebody who waits. */
  next(place: Place, outlook: Promising, nowMs: number): 'admit' | 'wait' | 'turn-away' {
    const { compiled } = this.#services;
    const found = findPlace(compiled, place);
    if (found === undefined) return 'turn-away';
    if (outlook.kind === 'doubt') return found === outlook.by ? 'wait' : 'admit';
    if (found.staffing === 'ready') return 'admit';
    return this.#isExpected(place, found, outlook, nowMs) ? 'wait' : 'turn-away';
  }

  #isExpected(
    place: Place,
    found: CompiledRoute | CompiledStream,
    outlook: Exclude<Promising, { readonly kind: 'doubt' }>,
    nowMs: number,
  ): boolean {
    const { compiled } = this.#services;
    switch (outlook.kind) {
      case 'hold':
        return this.#vacancies.holdsUntil(place, compiled, nowMs) !== undefined;
      case 'wake': {
        const group = wakeGroupOf(compiled, found);
        return group?.id === outlook.group.id && group.autostart;
      }
      default:
        return outlook satisfies never;
    }
  }

  /** Only who has been ready for long is given this: what refuses from the start, as with a wrong port, is told at once. */
  #doubt({ by, error, backendId }: Tried, nowMs: number): Outlook {
    const { compiled, ages } = this.#services;
    const sinceMs = ages.readySinceMs(backendId);
    // A URL of the operator's is a container's where it wakes one.
    const isContainer =
      (compiled.source.backends.get(backendId)?.containerId ?? '') !== '' || by.route.wakeGroup !== '';
    if (!isContainer || sinceMs === undefined || nowMs - sinceMs < compiled.limits.holdOverReadyMs)
      return { kind: 'none' };
    return { kind: 'doubt', untilMs: nowMs + DOUBT_MS, by, error };
  }
}
