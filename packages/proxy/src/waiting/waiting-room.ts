import { type GroupActivity, ProxyError, type WakeProgress } from '@dproxy/core';
import type { CompiledSnapshot } from '../compiled-snapshot.ts';
import type { Counters } from '../counters.ts';
import { Deadline, type DeadlineWheel } from '../deadline-wheel.ts';
import { clientKey } from '../downstream/peer.ts';
import { ClientCounts } from '../streams/client-counts.ts';
import type { BackendAges } from '../upstream/backend-ages.ts';
import { type GroupUse, GroupUses } from './group-uses.ts';
import { type Place, placeKey } from './place.ts';
import { type Outlook, type Promising, Prospects, type Tried } from './prospects.ts';
import { plainSentence } from './page/page-state.ts';
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

/**
 * Of all places, those that may wait for starts, which take minutes: a few that sleep and never become ready must not keep others
 * from the seconds of their hold-over.
 */
const WAKING_SHARE = 0.75;

/** Who waits: told one of the two, once, unless it leaves before. Neither may throw. */
export interface Waiter {
  /** Somebody may answer now: it goes on with the table of now. */
  onAdmitted(): void;
  onTurnedAway(error: ProxyError): void;
  /** The worker is about to go. Who has this may leave; all others go on waiting. */
  onDrain?(): void;
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
 * Where requests and connections wait that nobody can answer now, but somebody may soon. Bounded by `limits.heldRequests` and its
 * kin; what is too much is turned away at once. Nothing of a body is read meanwhile.
 *
 *     waiting --a table with somebody who is ready--> admitted, in the order in which they came
 *        |\---its time is over; nobody is expected any more; the route has left; the start failed--> turned away
 *        \----the client goes away--> left
 */
export class WaitingRoom {
  readonly #services: WaitingRoomOptions['services'];
  readonly #prospects: Prospects;
  readonly #calls: WakeCalls;
  readonly #uses = new GroupUses();
  readonly #clients = new ClientCounts();
  readonly #byPlace = new Map<string, Set<Ticket>>();
  readonly #byGroup = new Map<string, Set<Ticket>>();
  /** Those of `#byGroup`. */
  #waking = 0;

  constructor({ services, onWake }: WaitingRoomOptions) {
    this.#services = services;
    this.#prospects = new Prospects(services);
    const { wheel } = services;
    const whoWaits = (group: string): string | undefined => {
      const [first] = this.#byGroup.get(group) ?? [];
      return first?.visit.client;
    };
    this.#calls = new WakeCalls({ wheel, whoWaits, onWake });
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
    const { group, state, message, retryAfterS, client } = said;
    // One client's budget is no news of the group.
    if (client === undefined) this.#calls.told(said);
    if (state !== 'failed' && state !== 'refused') return;
    const error = new ProxyError('wake-failed', message, { told: plainSentence(message), retryAfterS });
    for (const ticket of allIn(this.#byGroup.get(group))) {
      if (client === undefined || clientKey(ticket.visit.client) === client) this.#turnAway(ticket, error);
    }
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
    return this.#prospects.outlook(tried, performance.now());
  }

  /** @returns what takes it out again when it does not want to wait any more, or why it cannot */
  enter(visit: Visit): (() => void) | ProxyError {
    const { place, client, outlook } = visit;
    const { limits } = this.#services.compiled;
    const key = placeKey(place);
    const inPlace = this.#byPlace.get(key)?.size ?? 0;
    if (this.#isFull(outlook) || inPlace >= limits.heldRequestsPerRoute)
      return new ProxyError('too-many-waiting', `${inPlace} wait for ${place.id}`);
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
      this.#waking++;
      this.#calls.wake(group, client);
    }
    return () => void this.#leave(ticket);
  }

  /** A new table; `services.compiled` is made of it. */
  follow(before: CompiledSnapshot | undefined): void {
    const { compiled } = this.#services;
    const { wakeGroups } = compiled.source;
    this.#prospects.follow(before, performance.now());
    if (before?.source.wakeGroups !== wakeGroups) {
      this.#uses.follow(wakeGroups);
      this.#calls.follow(wakeGroups);
    }
    for (const tickets of this.#byPlace.values().toArray()) this.#lookAgain(allIn(tickets));
  }

  drain(): void {
    for (const { visit } of this.#all()) visit.waiter.onDrain?.();
  }

  dispose(): void {
    this.#calls.dispose();
    for (const ticket of this.#all()) this.#leave(ticket);
  }

  #isFull({ kind }: Promising): boolean {
    const { counters, compiled } = this.#services;
    const { heldRequests } = compiled.limits;
    return counters.held >= heldRequests || (kind === 'wake' && this.#waking >= heldRequests * WAKING_SHARE);
  }

  #all(): readonly Ticket[] {
    return this.#byPlace.values().flatMap(allIn).toArray();
  }

  // ---- how the waiting ends

  /** @param tickets of one place */
  #lookAgain(tickets: readonly Ticket[]): void {
    for (const ticket of tickets) {
      const { place, outlook } = ticket.visit;
      const next = this.#prospects.next(place, outlook, performance.now());
      if (next === 'admit') this.#admit(ticket);
      else if (next === 'turn-away') this.#turnAway(ticket, new ProxyError('no-backend-ready', place.id));
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
    if (takeFrom(this.#byGroup, ticket.group, ticket)) this.#waking--;
    ticket.deadline.dispose();
    ticket.leaveClient();
    this.#services.counters.held--;
    return true;
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

/** As they are now: whoever hears of his end may come again at once. */
function allIn(tickets: ReadonlySet<Ticket> | undefined): readonly Ticket[] {
  return tickets === undefined ? [] : [...tickets];
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
