import type { CompiledRoute } from '../compiled-route.ts';
import type { CompiledSnapshot } from '../compiled-snapshot.ts';
import type { CompiledStream } from '../compiled-streams.ts';
import type { BackendAges, BackendStanding } from '../upstream/backend-ages.ts';
import { expectsSuccessor } from './hold-over.ts';
import { backendIdsOf, findPlace, placeKey, type Place } from './place.ts';

/** Backends of one place that are remembered after it has ceased to name them; more come and go only in a loop. */
const MAX_FORMER = 64;

interface Vacancy {
  /** When nobody was left, by `performance.now()`. */
  readonly sinceMs: number;
  readonly former: Set<string>;
}

/**
 * Since when routes and streams have nobody who answers, over all Snapshots.
 *
 *     served --nobody is ready or drains; the last that drains refuses--> vacant --somebody is ready, or it leaves the table--> gone
 */
export class Vacancies {
  readonly #ages: BackendAges;
  readonly #vacancies = new Map<string, Vacancy>();

  constructor(ages: BackendAges) {
    this.#ages = ages;
  }

  /** A new table. What was vacant in the first one has never been anything else, as far as this worker knows. */
  follow(before: CompiledSnapshot | undefined, now: CompiledSnapshot, nowMs: number): void {
    if (before === undefined) return;
    if (before.routes !== now.routes) this.#followAll('route', before.routes, now.routes, nowMs);
    if (before.streams !== now.streams) this.#followAll('stream', before.streams.byId, now.streams.byId, nowMs);
  }

  /** The last who was left refuses. */
  refused(place: Place, nowMs: number): void {
    const key = placeKey(place);
    if (!this.#vacancies.has(key)) this.#vacancies.set(key, { sinceMs: nowMs, former: new Set() });
  }

  /**
   * Until when requests wait for somebody to come back; undefined: nobody is expected.
   */
  holdsUntil(place: Place, compiled: CompiledSnapshot, nowMs: number): number | undefined {
    const vacancy = this.#vacancies.get(placeKey(place));
    const found = findPlace(compiled, place);
    if (vacancy === undefined || found === undefined) return undefined;
    const { holdOverMs, holdOverReadyMs: readyMs } = compiled.limits;
    const untilMs = vacancy.sinceMs + holdOverMs;
    if (nowMs >= untilMs) return undefined;
    const present = this.#standings(backendIdsOf(found));
    const former = this.#standings(vacancy.former);
    return expectsSuccessor({ present, former, readyMs, nowMs }) ? untilMs : undefined;
  }

  #followAll(
    kind: Place['kind'],
    before: ReadonlyMap<string, CompiledRoute | CompiledStream>,
    now: ReadonlyMap<string, CompiledRoute | CompiledStream>,
    nowMs: number,
  ): void {
    for (const [id, served] of now) {
      const was = before.get(id);
      if (was !== undefined && was !== served) this.#see(placeKey({ kind, id }), was, served, nowMs);
    }
    if (this.#vacancies.size === 0) return;
    for (const id of before.keys()) if (!now.has(id)) this.#vacancies.delete(placeKey({ kind, id }));
  }

  #see(key: string, was: CompiledRoute | CompiledStream, served: CompiledRoute | CompiledStream, nowMs: number): void {
    if (served.staffing === 'ready') {
      this.#vacancies.delete(key);
      return;
    }
    const known = this.#vacancies.get(key);
    if (known === undefined && (served.staffing === 'draining' || was.staffing === 'none')) return;
    const vacancy = known ?? { sinceMs: nowMs, former: new Set() };
    this.#vacancies.set(key, vacancy);
    const present = new Set(backendIdsOf(served));
    for (const id of backendIdsOf(was))
      if (!present.has(id) && vacancy.former.size < MAX_FORMER) vacancy.former.add(id);
  }

  #standings(backendIds: Iterable<string>): BackendStanding[] {
    const standings: BackendStanding[] = [];
    for (const id of backendIds) {
      const standing = this.#ages.stateSince(id);
      if (standing !== undefined) standings.push(standing);
    }
    return standings;
  }
}
