import type { ProxyError } from '@dproxy/core';
import type { Place } from './place.ts';
import type { Promising } from './prospects.ts';

/** Who waits: told one of the two, once, unless it leaves before. Neither may throw. */
export interface Waiter {
  /**
   * Its client has ended its side: it may only have finished sending, or be gone, and nothing tells (docs/adr/0003). It waits like all
   * others, as long as nobody else needs the place.
   */
  readonly mayBeGone: boolean;
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
