import type {
  ErrorCode,
  ExplainedAnswerType,
  Listener,
  MatchOutcome,
  MatchScope,
  RequestFacts,
  Route,
} from '@dproxy/core';
import type { CompiledRoute } from '../compiled-route.ts';
import type { FilterNote } from '../filters/index.ts';
import type { RehearsedTls } from './rehearse-tls.ts';

export interface RehearsedRequest {
  readonly listener: Listener;
  /** Where a client would come in by HTTPS; for a plain request only its certificate is looked at. */
  readonly httpsListener: Listener | undefined;
  /** The bytes of the head, one character each, with its empty line. */
  readonly head: string;
  /** SNI; empty: none. Of a plain request: whose certificate is looked at. */
  readonly serverName: string;
  readonly client: string;
  /** The address that the client connected to. */
  readonly server: string;
  readonly hasClientCertificate: boolean;
}

/** Without a listener nothing is rehearsed. */
export type RehearsedAnswer = Exclude<ExplainedAnswerType, 'no-listener' | 'wake'>;

/** What the data plane would decide about a request. */
export interface Rehearsed {
  /** Undefined when it is malformed. */
  readonly host: string | undefined;
  readonly path: string;
  readonly scope: MatchScope;
  /** For the conditions of routes; undefined when it is malformed. */
  readonly facts: RequestFacts | undefined;
  readonly tls: RehearsedTls | undefined;
  /** Empty: it did not come to a choice of routes. */
  readonly outcome: MatchOutcome | '';
  /** All routes of the host that can be served. */
  readonly routes: readonly Route[];
  readonly answer: RehearsedAnswer;
  readonly status: number;
  readonly code: ErrorCode | '';
  readonly location: string;
  readonly detail: string;
  /** Of the route that answers, or that has failed last. */
  readonly route: Route | undefined;
  /** Candidates that have no backend ready. */
  readonly skipped: readonly string[];
  /** Backends that round robin goes round. */
  readonly ready: ReadonlySet<string>;
  /** What the filters of the route would do, in order; those that the request does not come to are left out. */
  readonly filters: readonly FilterNote[];
  readonly hasHsts: boolean;
  readonly redirect: string;
  readonly timeouts: Pick<CompiledRoute, 'connectMs' | 'responseMs' | 'idleMs'> | undefined;
}
