import { type GroupActivity, ProxyError, type WakeGroup, type WakeProgress } from '@dproxy/core';
import type { CompiledRoute } from '../compiled-route.ts';
import type { CompiledSnapshot } from '../compiled-snapshot.ts';
import type { Counters } from '../counters.ts';
import { Deadline, type DeadlineWheel } from '../deadline-wheel.ts';
import { clientKey } from '../downstream/peer.ts';
import { ClientCounts } from '../streams/client-counts.ts';
import type { CompiledStream } from '../streams/compiled-streams.ts';
import type { BackendAges } from '../upstream/backend-ages.ts';
import { type GroupUse, GroupUses } from './group-uses.ts';
import { findPlace, type Place, placeKey, wakeGroupOf } from './place.ts';
import { Vacancies } from './vacancies.ts';
import { WakeCalls } from './wake-calls.ts';

export interface WaitingRoomOptions {
  readonly services: {
    readonly wheel: DeadlineWheel;
    readonly ages: BackendAges;
    readonly counters: Counters;
    readonly compiled: CompiledSnapshot;
  };
  readonly onWake: (group: string, client: string) => void;
}

/** Who waits: told one of the two, once, unless it leaves before. Neither may throw. */
export interface Waiter {
  /** Somebody may answer now: it goes on with the table of now. */
  onAdmitted(): void;
  onTurnedAway(error: ProxyError): void;
}

export interface Visit {
  readonly place: Place;
  /** Address, as far as it is vouched for. */
  readonly client: string;
  readonly waiter: Waiter;
  /** What is waited for. */
  readonly outlook: Promising;
}

/**
 * What somebody who found no backend has to expect:
 * - `served`: the table of now has somebody whom it has not asked
 * - `wake`: its containers sleep, or start, and can be woken
 * - `hold`: the last backend has left a moment ago, and its successor is on its way
 * - `doubt`: who is ready does not answer; if it is about to leave, the table says so in a moment
 * - `none`: `error` in place of what went wrong, where there is more to say
 */
export type Outlook = { readonly kind: 'served' } | Promising | { readonly kind: 'none'; readonly error?: ProxyError };
type Promising =
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

/**
 * Where requests and connections wait that nobody can answer now, but somebody may soon. Bounded by `limits.heldRequests` and its
 * kin; what is too much is turned away at once. Nothing of a body is read meanwhile.
 *
 *     waiting --a table with somebody who is ready--> admitted, in the order in which they came
 *        |\---its time is over; nobody is expected any more; the route has left; the start failed--> turned away
 *        \----the client goes away--> left
 */
export class WaitingRoom {
  readonly #services: WaitingRoomOptions['services'];
  readonly #vacancies: Vacancies;
  readonly #calls: WakeCalls;
  readonly #uses = new GroupUses();
  readonly #clients = new ClientCounts();
  readonly #byPlace = new Map<string, Set<Ticket>>();
  readonly #byGroup = new Map<string, Set<Ticket>>();

  constructor({ services, onWake }: WaitingRoomOptions) {
    this.#services = services;
    this.#vacancies = new Vacancies(services.ages);
    const { wheel } = services;
    const whoWaits = (group: string): string | undefined => {
      const [first] = this.#byGroup.get(group) ?? [];
      return first?.visit.client;
    };
    this.#calls = new WakeCalls({ wheel, whoWaits, onWake: (group, client) => onWake(group, clientKey(client)) });
  }

  // ---- groups

  /** The last word on a group that is being woken; undefined: none, or only on a start before this one. */
  progressOf(group: string): WakeProgress | undefined {
    return this.#calls.progressOf(group);
  }

  /** @returns what ends the listening */
  onProgress(group: string, listener: (progress: WakeProgress) => void): () => void {
    return this.#calls.onProgress(group, listener);
  }

  /** Somebody wants it awake who does not wait here. @param client address */
  wake(group: string, client: string): void {
    this.#calls.wake(group, client);
  }

  /** What the primary says. */
  told(said: WakeProgress): void {
    if (!this.#services.compiled.source.wakeGroups.has(said.group)) return;
    this.#calls.told(said);
    if (said.state !== 'failed' && said.state !== 'refused') return;
    const { message, retryAfterS } = said;
    const error = new ProxyError('wake-failed', message, { told: plainSentence(message), retryAfterS });
    for (const ticket of [...(this.#byGroup.get(said.group) ?? [])]) this.#turnAway(ticket, error);
  }

  /** Counts what there is to do for a group. */
  useOf(group: string): GroupUse {
    return this.#uses.of(group);
  }

  activity(): readonly GroupActivity[] {
    return this.#uses.read(this.#services.compiled.source.wakeGroups);
  }

  // ---- who comes and goes

  outlook(tried: Tried): Outlook {
    const { compiled } = this.#services;
    const { place, by, error, waitingSinceMs } = tried;
    const found = findPlace(compiled, place);
    if (found === undefined) return { kind: 'none' };
    if (found !== by && found.staffing !== 'none') return { kind: 'served' };
    const nowMs = performance.now();
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

  /** @returns what takes it out again when it does not want to wait any more, or why it cannot */
  enter(visit: Visit): (() => void) | ProxyError {
    const { place, client, outlook } = visit;
    const { limits } = this.#services.compiled;
    const key = placeKey(place);
    const inPlace = this.#byPlace.get(key)?.size ?? 0;
    const isFull = this.#services.counters.held >= limits.heldRequests || inPlace >= limits.heldRequestsPerRoute;
    if (isFull) return new ProxyError('too-many-waiting', `${inPlace} wait for ${place.id}`);
    const leaveClient = this.#clients.enter(client, limits.heldRequestsPerClient);
    if (leaveClient === undefined) return new ProxyError('too-many-waiting', `too many of ${client}`);
    const group = outlook.kind === 'wake' ? outlook.group.id : '';
    const deadline = new Deadline(this.#services.wheel, { onDeadline: () => this.#onTooLong(ticket) });
    const ticket: Ticket = { visit, key, group, deadline, leaveClient };
    this.#services.counters.held++;
    addTo(this.#byPlace, key, ticket);
    deadline.set(Math.max(0, outlook.untilMs - performance.now()));
    if (group !== '') {
      addTo(this.#byGroup, group, ticket);
      this.#calls.wake(group, client);
    }
    return () => void this.#leave(ticket);
  }

  /** A new table; `services.compiled` is made of it. */
  follow(before: CompiledSnapshot | undefined): void {
    const { compiled } = this.#services;
    const { wakeGroups } = compiled.source;
    this.#vacancies.follow(before, compiled, performance.now());
    if (before?.source.wakeGroups !== wakeGroups) {
      this.#uses.follow(wakeGroups);
      this.#calls.follow(wakeGroups);
    }
    for (const tickets of [...this.#byPlace.values()]) this.#lookAgain([...tickets]);
  }

  dispose(): void {
    this.#calls.dispose();
    for (const tickets of [...this.#byPlace.values()]) for (const ticket of [...tickets]) this.#leave(ticket);
  }

  // ---- how the waiting ends

  /** @param tickets of one place */
  #lookAgain(tickets: readonly Ticket[]): void {
    for (const ticket of tickets) {
      const found = findPlace(this.#services.compiled, ticket.visit.place);
      switch (found === undefined ? 'turnAway' : this.#next(ticket, found)) {
        case 'admit':
          this.#admit(ticket);
          break;
        case 'turnAway':
          this.#turnAway(ticket, new ProxyError('no-backend-ready', ticket.visit.place.id));
          break;
        case 'wait':
          break;
      }
    }
  }

  #next({ visit }: Ticket, found: CompiledRoute | CompiledStream): 'admit' | 'turnAway' | 'wait' {
    const { place, outlook } = visit;
    const { compiled } = this.#services;
    switch (outlook.kind) {
      case 'doubt':
        return found === outlook.by ? 'wait' : 'admit';
      case 'hold': {
        if (found.staffing === 'ready') return 'admit';
        return this.#vacancies.holdsUntil(place, compiled, performance.now()) === undefined ? 'turnAway' : 'wait';
      }
      case 'wake': {
        if (found.staffing === 'ready') return 'admit';
        const group = wakeGroupOf(compiled, found);
        return group?.id === outlook.group.id && group.autostart ? 'wait' : 'turnAway';
      }
      default:
        return outlook satisfies never;
    }
  }

  #onTooLong(ticket: Ticket): void {
    const { place, outlook } = ticket.visit;
    switch (outlook.kind) {
      case 'wake':
        this.#turnAway(ticket, new ProxyError('wake-timeout', outlook.group.id));
        return;
      case 'hold':
        this.#turnAway(ticket, new ProxyError('no-backend-ready', place.id));
        return;
      case 'doubt':
        this.#turnAway(ticket, outlook.error);
        return;
      default:
        outlook satisfies never;
    }
  }

  #admit(ticket: Ticket): void {
    if (this.#leave(ticket)) ticket.visit.waiter.onAdmitted();
  }

  #turnAway(ticket: Ticket, error: ProxyError): void {
    if (this.#leave(ticket)) ticket.visit.waiter.onTurnedAway(error);
  }

  /** @returns false: it has left already */
  #leave(ticket: Ticket): boolean {
    if (!takeFrom(this.#byPlace, ticket.key, ticket)) return false;
    takeFrom(this.#byGroup, ticket.group, ticket);
    ticket.deadline.dispose();
    ticket.leaveClient();
    this.#services.counters.held--;
    return true;
  }

  /** Only who has been ready for long is given this: what refuses from the start, as with a wrong port, is told at once. */
  #doubt({ by, error, backendId }: Tried, nowMs: number): Outlook {
    const { compiled, ages } = this.#services;
    const sinceMs = ages.readySinceMs(backendId);
    const isContainer = (compiled.source.backends.get(backendId)?.containerId ?? '') !== '';
    if (!isContainer || sinceMs === undefined || nowMs - sinceMs < compiled.limits.holdOverReadyMs)
      return { kind: 'none' };
    return { kind: 'doubt', untilMs: nowMs + DOUBT_MS, by, error };
  }
}

interface Ticket {
  readonly visit: Visit;
  readonly key: string;
  /** Id; empty: no group is waited for. */
  readonly group: string;
  readonly deadline: Deadline;
  readonly leaveClient: () => void;
}

function addTo(map: Map<string, Set<Ticket>>, key: string, ticket: Ticket): void {
  const tickets = map.get(key);
  if (tickets === undefined) map.set(key, new Set([ticket]));
  else tickets.add(ticket);
}

function takeFrom(map: Map<string, Set<Ticket>>, key: string, ticket: Ticket): boolean {
  const tickets = map.get(key);
  if (tickets?.delete(ticket) !== true) return false;
  if (tickets.size === 0) map.delete(key);
  return true;
}

const MAX_TOLD = 300;

/** The primary writes sentences; what it quotes in them was written by others. */
function plainSentence(text: string): string {
  return text
    .replaceAll(/[\p{C}\s]+/gu, ' ')
    .trim()
    .slice(0, MAX_TOLD);
}
