import type { Limits } from '@dproxy/core';
import { clientKey } from '../client/client-key.ts';
import type { Deadline } from '../deadline-wheel.ts';
import { placeKey } from './place.ts';
import type { Visit } from './visit.ts';

/** One who waits. */
export class Ticket {
  readonly visit: Visit;
  /** Ends the waiting. */
  readonly deadline: Deadline;
  readonly place: string;
  readonly client: string;
  /** Id; empty: no group is waited for. */
  readonly group: string;

  constructor(visit: Visit, deadline: Deadline) {
    const { place, client, outlook } = visit;
    this.visit = visit;
    this.deadline = deadline;
    this.place = placeKey(place);
    this.client = clientKey(client);
    this.group = outlook.kind === 'wake' ? outlook.group.id : '';
  }
}

/** Who takes all the places that somebody would need one of. */
export interface Crowd {
  readonly tickets: readonly Ticket[];
  /** For the log. */
  readonly why: string;
}

/**
 * Of all places, those that may wait for starts, which take minutes: a few that sleep and never become ready must not keep others
 * from the seconds of their hold-over.
 */
const WAKING_SHARE = 0.75;

/** All who wait in one worker, in the order in which they came: in all, for each place, of each client, for each wake group. */
export class Tickets {
  readonly #all = new Set<Ticket>();
  readonly #waking = new Set<Ticket>();
  readonly #byPlace = new Map<string, Set<Ticket>>();
  readonly #byClient = new Map<string, Set<Ticket>>();
  readonly #byGroup = new Map<string, Set<Ticket>>();

  get size(): number {
    return this.#all.size;
  }

  /** As they are now: whoever hears of his end may come again at once. */
  list(): readonly Ticket[] {
    return [...this.#all];
  }

  ofGroup(group: string): readonly Ticket[] {
    return [...(this.#byGroup.get(group) ?? [])];
  }

  firstOf(group: string): Ticket | undefined {
    const [first] = this.#byGroup.get(group) ?? [];
    return first;
  }

  /**
   * The smaller the crowd, the sooner: who leaves one of a client or a place leaves the others, too, and nobody has to leave for
   * somebody whose own are too many.
   *
   * @returns undefined: there is a place
   */
  inTheWayOf({ place, client, group }: Ticket, limits: Limits): Crowd | undefined {
    const { heldRequests, heldRequestsPerRoute, heldRequestsPerClient } = limits;
    const own =
      crowdIn(this.#byClient, client, heldRequestsPerClient) ?? crowdIn(this.#byPlace, place, heldRequestsPerRoute);
    if (own !== undefined) return own;
    if (group !== '' && this.#waking.size >= heldRequests * WAKING_SHARE)
      return { tickets: [...this.#waking], why: `${this.#waking.size} wait for starts` };
    return this.size < heldRequests ? undefined : { tickets: this.list(), why: `${this.size} wait` };
  }

  add(ticket: Ticket): void {
    const { place, client, group } = ticket;
    this.#all.add(ticket);
    addTo(this.#byPlace, place, ticket);
    addTo(this.#byClient, client, ticket);
    if (group === '') return;
    this.#waking.add(ticket);
    addTo(this.#byGroup, group, ticket);
  }

  /** @returns false: it was not here */
  delete(ticket: Ticket): boolean {
    const { place, client, group } = ticket;
    if (!this.#all.delete(ticket)) return false;
    this.#waking.delete(ticket);
    takeFrom(this.#byPlace, place, ticket);
    takeFrom(this.#byClient, client, ticket);
    takeFrom(this.#byGroup, group, ticket);
    return true;
  }
}

function crowdIn(map: ReadonlyMap<string, ReadonlySet<Ticket>>, key: string, most: number): Crowd | undefined {
  const tickets = map.get(key);
  const count = tickets?.size ?? 0;
  return count < most ? undefined : { tickets: [...(tickets ?? [])], why: `${count} of ${key} wait` };
}

function addTo(map: Map<string, Set<Ticket>>, key: string, ticket: Ticket): void {
  const tickets = map.get(key);
  if (tickets === undefined) map.set(key, new Set([ticket]));
  else tickets.add(ticket);
}

function takeFrom(map: Map<string, Set<Ticket>>, key: string, ticket: Ticket): void {
  const tickets = map.get(key);
  tickets?.delete(ticket);
  if (tickets?.size === 0) map.delete(key);
}
