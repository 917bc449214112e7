import { debugHeaders } from '@dproxy/core';
import type { UsedBackend } from '../client/peer.ts';
import type { CompiledRoute } from '../compiled-route.ts';
import type { CompiledSnapshot } from '../compiled-snapshot.ts';
import type { FilteredRequest } from '../filters/index.ts';
import {
  type CompiledHeaderRules,
  headerRules,
  type RequestAdditions,
  type RequestHead,
  type ResponseAdditions,
  type ResponseHead,
} from '../http1/index.ts';
import { clientCertificateLines } from '../https/client-certificate-lines.ts';
import { responseRules } from '../https/hsts.ts';
import type { UpstreamPool } from '../upstream/upstream-pool.ts';
import type { Downstream } from './downstream.ts';

/** What the heads of one exchange are made of, beside what was received. */
export interface HeadFacts {
  readonly head: RequestHead;
  readonly downstream: Downstream;
  readonly compiled: CompiledSnapshot;
  /** Since the first byte of the request, on the clock of `performance.now`. */
  readonly startedMs: number;
  /** Until there was a connection to the backend. */
  readonly backendMs: number;
  readonly route: CompiledRoute | undefined;
  /** Undefined: the route has no filters. */
  readonly filtered: FilteredRequest | undefined;
  /** Undefined: the next hop are the plugins. Rules and debug headers belong to the hop behind them. */
  readonly pool: UpstreamPool | undefined;
  /** The backend that the plugins have asked, once it has answered. */
  readonly behindPlugins: UsedBackend | undefined;
}

export function requestAdditions(facts: HeadFacts): RequestAdditions {
  const { pool, filtered } = facts;
  const rules = pool === undefined ? undefined : facts.route?.headers.request;
  return {
    forwardedBlock: forwardedLines(facts),
    debugBlock: facts.compiled.settings.debugHeaders ? debugBlock(facts) : '',
    rules: filtered === undefined ? rules : filtered.requestRules(rules),
  };
}

export function responseAdditions(response: ResponseHead, keepAlive: boolean, facts: HeadFacts): ResponseAdditions {
  const { head, downstream, pool, filtered } = facts;
  if (pool !== undefined) downstream.peer.answeredBy?.({ pool, backendMs: facts.backendMs });
  const isFromPlugins = pool === undefined;
  const rules = responseRules(facts.compiled, facts.route, { head, entry: downstream, isFromPlugins });
  return {
    clientMinorVersion: head.minorVersion,
    keepAlive,
    debugBlock: head.debug && downstream.peer.mayDebug(head.claims) ? debugBlock(facts) : '',
    rules: withStickyCookie(
      filtered === undefined ? rules : filtered.responseRules(response.status, response.passed, rules),
      facts,
    ),
  };
}

/** The client is told who has answered, where that is not who its cookie names. */
function withStickyCookie(
  rules: CompiledHeaderRules | undefined,
  { head, route, pool }: HeadFacts,
): CompiledHeaderRules | undefined {
  const sticky = route?.selection?.sticky;
  if (sticky === undefined || pool === undefined) return rules;
  const line = sticky.lineFor(head, pool);
  if (line === '') return rules;
  return rules === undefined ? headerRules([], line, '') : { ...rules, added: rules.added + line };
}

/** What the next hop is told about the client, each line ended by CRLF. */
export function forwardedLines({
  head,
  downstream,
  compiled,
}: Pick<HeadFacts, 'head' | 'downstream' | 'compiled'>): string {
  const forwarded = downstream.peer.forwardedBlock(head.claims, head.hostHeader);
  // What plugins send on has these lines of the client's request already.
  if (downstream.chosenRoute !== undefined) return forwarded;
  return forwarded + clientCertificateLines(compiled, head, downstream);
}

function debugBlock({ pool, startedMs, backendMs, behindPlugins }: HeadFacts): string {
  const used = pool === undefined ? behindPlugins : { pool, backendMs };
  if (used === undefined) return '';
  return debugHeaders({
    backendName: used.pool.backend.name,
    backendAddress: used.pool.where,
    totalMs: performance.now() - startedMs,
    backendMs: used.backendMs,
  });
}
