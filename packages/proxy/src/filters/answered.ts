import type { Page } from '../pages/index.ts';

/** An answer that nobody has seen yet. */
export interface Answered {
  readonly status: number;
  /** `ErrorCode` of a page of ours; empty: a backend's. */
  readonly code: string;
  /** Of the request's body that were taken from the client: they are not there a second time. */
  readonly requestBytes: number;
}

/** Must lead to another answer, now or in finite time, or throw a ProxyError. */
export type Instead = (anew: Anew) => void;

/** What can be done instead of an answer. */
export interface Anew {
  /** Ignored when the client has gone away meanwhile. */
  answer(page: Page): void;
}
