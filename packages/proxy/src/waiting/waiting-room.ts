import { type GroupActivity, ProxyError, type WakeProgress } from '@dproxy/core';
import type { CompiledSnapshot } from '../compiled-snapshot.ts';
import type { Counters } from '../counters.ts';
import { Deadline, type DeadlineWheel } from '../deadline-wheel.ts';
import { plainSentence } from '../pages/waiting/page-state.ts';
import type { BackendAges } from '../upstream/backend-ages.ts';
import { type GroupUse, GroupUses } from './group-uses.ts';
import { type Outlook, Prospects, type Tried } from './prospects.ts';
import { Ticket, Tickets } from './tickets.ts';
import type { Visit } from './visit.ts';
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
 * So many of one place go on at once, the others so much later: a program that has just begun to listen may have a queue of ten, and
 * what the kernel has no room for is sent again after 1 s, 3 s, 7 s.
 */
const ADMITTED_AT_ONCE = 8;
const PAUSE_MS = 10;

/**
 * Where requests and connections wait that nobody can answer now, but somebody may soon. Bounded by `limits.heldRequests` and its
 * kin; what is too much is turned away at once. Nothing of a body is read meanwhile.
 *
 *     waiting --a table with somebody who is ready--> admitted, a few at a time, in the order in which they came
 *        |\---its time is over; nobody is expected any more; the route has left; the start failed--> turned away
 *        \----the client goes away--> left
 */
export class WaitingRoom {
  readonly #services: WaitingRoomOptions['services'];
  readonly #prospects: Prospects;
  readonly #calls: WakeCalls;
  readonly #uses = new GroupUses();
  readonly #tickets = new Tickets();
  /** More can be admitted, in a moment. */
  #pause: NodeJS.Timeout | undefined;

  constructor({ services, onWake }: WaitingRoomOptions) {
    this.#services = services;
    this.#prospects = new Prospects(services);
    const { wheel } = services;
    const whoWaits = (group: string): string | undefined => this.#tickets.firstOf(group)?.visit.client;
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
    for (const ticket of this.#tickets.ofGroup(group))
      if (client === undefined || ticket.client === client) this.#turnAway(ticket, error);
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
    const deadline = new Deadline(this.#services.wheel, { onDeadline: () => this.#onTooLong(ticket) });
    const ticket: Ticket = new Ticket(visit, deadline);
    const refusal = this.#makeRoomFor(ticket);
    if (refusal !== undefined) return refusal;
    this.#tickets.add(ticket);
    this.#services.counters.held++;
    deadline.set(Math.max(0, visit.outlook.untilMs - performance.now()));
    if (ticket.group !== '') this.#calls.wake(ticket.group, visit.client);
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
    this.#lookAgain();
  }

  /** The worker is about to go. */
  drain(): void {
    for (const { visit } of this.#tickets.list()) visit.waiter.onDrain?.();
  }

  /** It goes now: nobody who waits here gets more than this answer. */
  turnAllAway(): void {
    for (const ticket of this.#tickets.list())
      this.#turnAway(ticket, new ProxyError('no-backend-ready', 'the worker goes'));
  }

  dispose(): void {
    clearTimeout(this.#pause);
    this.#calls.dispose();
    for (const ticket of this.#tickets.list()) this.#leave(ticket);
  }

  /** Of those who take all places, who may be gone leave first. @returns why there is none for it */
  #makeRoomFor(ticket: Ticket): ProxyError | undefined {
    const { limits } = this.#services.compiled;
    for (;;) {
      const crowd = this.#tickets.inTheWayOf(ticket, limits);
      if (crowd === undefined) return undefined;
      const error = new ProxyError('too-many-waiting', crowd.why);
      const gone = mayBeGone(ticket) ? undefined : crowd.tickets.find(mayBeGone);
      if (gone === undefined) return error;
      this.#turnAway(gone, error);
    }
  }

  // ---- how the waiting ends

  #lookAgain(): void {
    clearTimeout(this.#pause);
    this.#pause = undefined;
    const admitted = new Map<string, number>();
    for (const ticket of this.#tickets.list()) {
      const next = this.#nextOf(ticket);
      if (next === 'turn-away') this.#turnAway(ticket, new ProxyError('no-backend-ready', ticket.visit.place.id));
      if (next !== 'admit') continue;
      const { place } = ticket;
      const count = (admitted.get(place) ?? 0) + 1;
      admitted.set(place, count);
      if (count <= ADMITTED_AT_ONCE) this.#admit(ticket);
      else this.#pause ??= setTimeout(() => this.#lookAgain(), PAUSE_MS);
    }
  }

  #nextOf({ visit: { place, outlook } }: Ticket): ReturnType<Prospects['next']> {
    return this.#prospects.next(place, outlook, performance.now());
  }

  #onTooLong(ticket: Ticket): void {
    const { place, outlook } = ticket.visit;
    // It was its turn in a moment.
    if (this.#nextOf(ticket) === 'admit') {
      this.#admit(ticket);
      return;
    }
    switch (outlook.kind) {
      case 'wake':
        this.#turnAway(ticket, this.#tooLate(outlook.group.id));
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

  /** With what was waited for, as far as the primary has said it. */
  #tooLate(group: string): ProxyError {
    const said = this.progressOf(group);
    const message = said?.state === 'waking' ? said.message : '';
    return new ProxyError('wake-timeout', message === '' ? group : `${group}: ${message}`, {
      told: plainSentence(message),
    });
  }

  #admit(ticket: Ticket): void {
    if (this.#leave(ticket)) ticket.visit.waiter.onAdmitted();
  }

  #turnAway(ticket: Ticket, error: ProxyError): void {
    if (this.#leave(ticket)) ticket.visit.waiter.onTurnedAway(error);
  }

  /** @returns false: it has left already */
  #leave(ticket: Ticket): boolean {
    if (!this.#tickets.delete(ticket)) return false;
    ticket.deadline.dispose();
    this.#services.counters.held--;
    return true;
  }
}

function mayBeGone({ visit }: Ticket): boolean {
  return visit.waiter.mayBeGone;
}
