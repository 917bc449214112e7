/**
 * Who of the ready backends is next.
 *
 * - `roundRobin`: in turn, by weight
 * - `leastConnections`: who has the fewest requests of this worker, by weight
 * - `powerOfTwo`: the less busy of two at random
 * - `leastTime`: who answers soonest, by a moving average, times what it has to do already
 * - `hash`: the same for the same key (rendezvous hashing), as long as it is ready
 * - `random`, `first` (in order, the next only when the one before is not ready)
 */
export type BalanceStrategy =
  | 'roundRobin'
  | 'leastConnections'
  | 'powerOfTwo'
  | 'leastTime'
  | 'hash'
  | 'random'
  | 'first';

export type HashKey =
  | { readonly type: 'client' | 'host' | 'path' }
  | { readonly type: 'header' | 'cookie' | 'query'; readonly name: string };

/** A cookie that names the backend that a client had before. */
export interface StickyCookie {
  /** Empty: derived from the route. */
  readonly name: string;
  readonly path: string;
  /** Empty: the host itself. */
  readonly domain: string;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  readonly sameSite: '' | 'none' | 'lax' | 'strict';
  /** Seconds; 0: until the browser ends. */
  readonly maxAgeS: number;
}

/** A backend that fails so often is passed over for a while, by the worker that saw it. */
export interface PassiveEjection {
  /** Failed connections, resets, timeouts and, when `statuses` is true, answers of 500 and more, within `windowMs`. */
  readonly failures: number;
  readonly windowMs: number;
  readonly ejectMs: number;
  readonly statuses: boolean;
}

export interface BalancePolicy {
  readonly strategy: BalanceStrategy;
  /** For `hash`. */
  readonly hashBy: HashKey;
  readonly sticky: StickyCookie | null;
  /** Null: nobody is passed over. */
  readonly ejection: PassiveEjection | null;
  /** Time in which the share of a backend that became ready grows from a tenth to all of it; 0: at once. */
  readonly slowStartMs: number;
}

/** As every route is that says nothing. */
export const DEFAULT_BALANCE: BalancePolicy = {
  strategy: 'roundRobin',
  hashBy: { type: 'client' },
  sticky: null,
  ejection: null,
  slowStartMs: 0,
};
