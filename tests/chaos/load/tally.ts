/** What became of one request. */
export type Outcome =
  | { readonly end: 'answered' }
  /** A request that its backend broke off after it was sent, and that nobody may repeat; a message on a connection cut at a drain's deadline. */
  | { readonly end: 'apart' }
  | { readonly end: 'lost'; readonly what: string };

/** One way to ask. It may be asked again before its last request is answered. */
export interface RequestKind extends Disposable {
  readonly name: string;
  readonly perSecond: number;
  /** Connections that were closed without a word before and without having been asked to, one line each. */
  readonly closed: readonly Closed[];
  ask(): Promise<Outcome>;
}

export interface Closed {
  readonly kind: string;
  /** `performance.now()` */
  readonly atMs: number;
  readonly what: string;
}

export interface Tally {
  readonly kind: string;
  readonly sent: number;
  /** Whole answers with the status 200. */
  readonly answered: number;
  readonly apart: number;
  /** One line for each request that has no such answer. */
  readonly lost: readonly string[];
  readonly closed: readonly Closed[];
  readonly slowestMs: number;
}

export const ANSWERED: Outcome = { end: 'answered' };
export const APART: Outcome = { end: 'apart' };

/** Longer than dproxy waits for anything that these requests need. */
export const PATIENCE_MS = 20_000;
