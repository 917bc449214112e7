import type { Log } from '@dproxy/core';
import { LRUCache } from 'lru-cache';
import { Deadline, type DeadlineOwner, type DeadlineWheel } from '../../deadline-wheel.ts';

export interface CertificateHoldOptions {
  readonly wheel: DeadlineWheel;
  readonly log: Log;
  /** Tells the primary, once for all handshakes that wait for `host`. */
  readonly onWant: (host: string) => void;
}

export interface HoldLimits {
  /** `limits.certificateWaitMs` */
  readonly waitMs: number;
  /** `limits.heldHandshakes` */
  readonly maxHandshakes: number;
}

/** A name that was waited for in vain is not asked for again so soon: clients get the local CA's certificate at once. */
const DENIED_MS = 60_000;
/** Names come from outside. */
const MAX_DENIED = 10_000;

/**
 * Handshakes that wait until a certificate for their name comes, for on-demand TLS.
 *
 *     unknown --first handshake, primary is told--> wanted --table has it--> (forgotten)
 *                                                      \--waitMs--> denied --60 s--> unknown
 *
 * Everything has a bound: a flood of made-up names holds `maxHandshakes` handshakes and asks for as many names per `waitMs`; who
 * comes on top is served at once with what there is.
 */
export class CertificateHold {
  readonly #options: CertificateHoldOptions;
  readonly #wanted = new Map<string, Wanted>();
  readonly #denied = new LRUCache<string, true>({ max: MAX_DENIED, ttl: DENIED_MS });
  #held = 0;

  constructor(options: CertificateHoldOptions) {
    this.#options = options;
  }

  get held(): number {
    return this.#held;
  }

  /**
   * @param resume called once, when it is over either way, unless it was given up before
   * @returns what gives up waiting, idempotent; undefined: this handshake shall not wait
   */
  wait(host: string, { waitMs, maxHandshakes }: HoldLimits, resume: () => void): (() => void) | undefined {
    if (this.#held >= maxHandshakes || this.#denied.has(host)) return undefined;
    const wanted = this.#wanted.get(host) ?? this.#want(host, waitMs);
    this.#held++;
    wanted.waiting.add(resume);
    return () => {
      if (wanted.waiting.delete(resume)) this.#held--;
    };
  }

  /** A new table is in force. */
  settle(isCovered: (host: string) => boolean): void {
    for (const wanted of this.#wanted.values()) if (isCovered(wanted.host)) this.#release(wanted);
  }

  #want(host: string, waitMs: number): Wanted {
    const wanted = new Wanted(host, this.#options.wheel, () => {
      this.#denied.set(host, true);
      this.#release(wanted);
    });
    wanted.deadline.set(waitMs);
    this.#wanted.set(host, wanted);
    this.#options.onWant(host);
    return wanted;
  }

  #release(wanted: Wanted): void {
    this.#wanted.delete(wanted.host);
    wanted.deadline.dispose();
    const waiting = [...wanted.waiting];
    wanted.waiting.clear();
    this.#held -= waiting.length;
    for (const resume of waiting) this.#resume(resume);
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
  readonly waiting = new Set<() => void>();
  readonly onDeadline: () => void;

  constructor(host: string, wheel: DeadlineWheel, onDeadline: () => void) {
    this.host = host;
    this.onDeadline = onDeadline;
    this.deadline = new Deadline(wheel, this);
  }
}
