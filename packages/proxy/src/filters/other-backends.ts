import type { BackendRef } from '@dproxy/core';
import { balancePools, type PoolBalancer, poolShares } from '../balance/pool-balancer.ts';
import type { RequestAdditions } from '../http1/index.ts';
import { clientCertificateLines } from '../https/client-certificate-lines.ts';
import type { FilterContext } from './filter-context.ts';
import type { FilteredRequest } from './filtered-request.ts';

/** The backends that a filter asks beside those of its route, in turn. */
export function otherBackends(
  refs: readonly BackendRef[],
  context: FilterContext,
  previous?: PoolBalancer,
): PoolBalancer {
  return balancePools('roundRobin', poolShares(refs, context), context, previous);
}

/** What such a backend is told: as much as one of the route. */
export function sideAdditions(request: FilteredRequest): RequestAdditions {
  const { original, downstream, compiled, route } = request;
  const { peer } = downstream;
  const forwarded = peer.forwardedBlock(original.claims, original.hostHeader);
  return {
    forwardedBlock: forwarded + clientCertificateLines(compiled, original, downstream),
    debugBlock: '',
    rules: request.requestRules(route.headers.request),
  };
}
