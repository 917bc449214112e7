import type { FilterType } from '@dproxy/core';
import type { Page } from '../pages/index.ts';
import type { Answered, Instead } from './answered.ts';
import type { FilteredRequest } from './filtered-request.ts';

/** Undefined: the request goes on. A page: it is the answer, and no later filter sees the request. */
export type Verdict = Page | undefined;

/**
 * One filter of one route, made once per Snapshot. A request passes the filters in their order, its answer passes them back, so
 * that the first filter has the last word about the answer.
 */
export interface CompiledFilter {
  readonly type: FilterType;
  /**
   * Looks at the request, and may change what the backend gets of it. Called once per chosen route, not per attempt.
   *
   * A promise must settle in finite time, whatever it waits for; until then the body waits and the client may go away
   * (`FilteredRequest.onEnd`).
   *
   * @throws ProxyError that is answered with its page
   */
  onRequest?(request: FilteredRequest): Verdict | Promise<Verdict>;
  /**
   * Looks at the answer, of the backend or a page of ours, and may change its header fields. Called for the filters that the
   * request has passed; may be called again when the answer becomes another one.
   *
   * @param fields header lines of the answer, each ended by CRLF
   */
  onResponse?(request: FilteredRequest, status: number, fields: string): void;
  /**
   * Decides what becomes of an answer before the client has seen anything of it: a backend's, or a page for an error (`code`).
   *
   * @returns undefined: it is relayed; else what is done instead, once the attempt has been dropped
   */
  onAnswered?(request: FilteredRequest, answer: Answered): Instead | undefined;
  /** The same as `onRequest` without any effect: in words, for `explain`. Absent: `onRequest` has none, and is called. */
  rehearse?(request: FilteredRequest): Rehearsed;
}

/** What a filter would do. */
export interface Rehearsed {
  /** A sentence without secrets. */
  readonly detail: string;
  readonly answer?: Page | undefined;
  /** Fields that it sets; shown apart, where credentials are hidden. */
  readonly values?: readonly (readonly [name: string, value: string])[];
}
