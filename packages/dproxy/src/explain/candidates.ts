import { explainRoutes, type ExplainedCandidate, type ExplainedRoute, type Route } from '@dproxy/core';
import type { Rehearsed } from '@dproxy/proxy';

/** Every route of the host, the one that answers first. */
export function describeCandidates(rehearsed: Rehearsed): ExplainedCandidate[] {
  const { host, path, scope, facts, routes } = rehearsed;
  if (host === undefined) return [];
  const { candidates } = explainRoutes(routes, { host, path, scope, facts });
  return candidates.map((candidate) => describe(candidate, rehearsed)).sort((a, b) => rank(a) - rank(b));
}

function describe(explained: ExplainedRoute<Route>, rehearsed: Rehearsed): ExplainedCandidate {
  const { id, host, path, origins } = explained.route;
  const from = origins.map(({ name, source }) => `${name} (${source})`);
  return { id, host, path, checks: explained.checks, from, ...verdictOf(explained, rehearsed) };
}

/** The verdict of the table, and what came after it. */
function verdictOf(
  { route, verdict, reason }: ExplainedRoute<Route>,
  { route: answering, skipped, outcome }: Rehearsed,
): Pick<ExplainedCandidate, 'verdict' | 'reason'> {
  if (verdict !== 'chosen' && verdict !== 'next') return { verdict, reason };
  if (outcome === '') return { verdict: 'not-reached', reason: 'something else answers before a route is chosen' };
  if (answering?.id === route.id) return { verdict: 'chosen', reason: '' };
  if (skipped.includes(route.id)) return { verdict: 'failed', reason: 'none of its backends is ready' };
  return { verdict: 'next', reason };
}

function rank({ verdict }: ExplainedCandidate): number {
  return verdict === 'chosen' ? 0 : 1;
}
