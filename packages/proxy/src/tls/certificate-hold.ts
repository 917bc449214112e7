import type { Log } from '@dproxy/core';
import { LRUCache } from 'lru-cache';
import { Deadline, type DeadlineOwner, type DeadlineWheel } from '../deadline-wheel.ts';

export interface CertificateHoldOptions {
  readonly wheel: DeadlineWheel;
  readonly log: Log;
  /** Called once for all handshakes that wait for `host`. */
  readonly onWant: (host: string) => void;
  /**
   * Handshakes that one client holds, and names that it may ask for in a minute: where names come from outside, so that nobody
   * takes all places, or the whole budget of the primary, alone. The primary does not know who asks.
   */
  readonly maxPerClient: number;
}

export interface HoldOptions {
  readonly waitMs: number;
  /** `limits.heldHandshakes` */
  readonly maxHandshakes: number;
  /** Called once, when it is over either way, unless it was given up before. */
  readonly resume: () => void;
}

/** A name that was waited for in vain is not waited for again so soon: clients get at once what there is. */
const DENIED_MS = 60_000;
/** Names come from outside. */
const MAX_DENIED = 10_000;
const ASKED_MS = 60_000;
const MAX_CLIENTS = 10_000;

/**
 * Handshakes that wait until a certificate for their name comes.
 *
 *     unknown --first handshake, `onWant`--> wanted --table has it--> (forgotten)
 *                                               \--waitMs, or `deny`--> denied --60 s--> unknown
 *
 * Everything has a bound: a flood of made-up names holds `maxHandshakes` handshakes, and one client asks for `maxPerClient` names
 * a minute; who comes on top goes on at once with what there is.
 */
export class CertificateHold {
  readonly #options: CertificateHoldOptions;
  readonly #wanted = new Map<string, Wanted>();
  readonly #denied = new LRUCache<string, true>({ max: MAX_DENIED, ttl: DENIED_MS });
  readonly #clients = new Map<string, number>();
  /** Names that were asked for, by client. */
  readonly #asked = new LRUCache<string, number>({ max: MAX_CLIENTS, ttl: ASKED_MS, noUpdateTTL: true });
  #held = 0;

  constructor(options: CertificateHoldOptions) {
    this.#options = options;
  }

  get held(): number {
    return this.#held;
  }

  /**
   * @param client `clientKey` of who asks
   * @returns what gives up waiting, idempotent; undefined: this handshake shall not wait
   */
  wait(host: string, client: string, { waitMs, maxHandshakes, resume }: HoldOptions): (() => void) | undefined {
    const own = this.#clients.get(client) ?? 0;
    if (own >= this.#options.maxPerClient || this.#held >= maxHandshakes || this.#denied.has(host)) return undefined;
    const wanted = this.#wanted.get(host) ?? this.#ask(host, client, waitMs);
    if (wanted === undefined) return undefined;
    this.#held++;
    this.#clients.set(client, own + 1);
    wanted.waiting.set(resume, client);
    return () => {
      if (wanted.waiting.delete(resume)) this.#leave(client);
    };
  }

  /** A new table is in force. */
  settle(isCovered: (host: string) => boolean): void {
    for (const wanted of this.#wanted.values()) if (isCovered(wanted.host)) this.#release(wanted);
  }

  /** None will come. */
  deny(host: string): void {
    this.#denied.set(host, true);
    const wanted = this.#wanted.get(host);
    if (wanted !== undefined) this.#release(wanted);
  }

  #ask(host: string, client: string, waitMs: number): Wanted | undefined {
    const asked = this.#asked.get(client) ?? 0;
    if (asked >= this.#options.maxPerClient) return undefined;
    this.#asked.set(client, asked + 1);
    const wanted = new Wanted(host, this.#options.wheel, () => this.deny(host));
    wanted.deadline.set(waitMs);
    this.#wanted.set(host, wanted);
    this.#options.onWant(host);
    // Undefined when the answer was no at once.
    return this.#wanted.get(host);
  }

  #release(wanted: Wanted): void {
    this.#wanted.delete(wanted.host);
    wanted.deadline.dispose();
    const waiting = [...wanted.waiting];
    wanted.waiting.clear();
    for (const [resume, client] of waiting) {
      this.#leave(client);
      this.#resume(resume);
    }
  }

  #leave(client: string): void {
    this.#held--;
    const own = this.#clients.get(client) ?? 1;
    if (own <= 1) this.#clients.delete(client);
    else this.#clients.set(client, own - 1);
  }

  /** One connection that cannot go on must not keep the others from it. */
  #resume(resume: () => void): void {
    try {
      resume();
    } catch (error) {
      this.#options.log.error({ err: error }, 'a handshake that waited for a certificate could not go on');
    }
  }
}

/** One name. */
class Wanted implements DeadlineOwner {
  readonly host: string;
  readonly deadline: Deadline;
  /** What goes on, with whose it is. */
  readonly waiting = new Map<() => void, string>();
  readonly onDeadline: () => void;

  constructor(host: string, wheel: DeadlineWheel, onDeadline: () => void) {
    this.host = host;
    this.onDeadline = onDeadline;
    this.deadline = new Deadline(wheel, this);
  }
}
