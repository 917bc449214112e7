import { applicationChain } from '../application/application-chain.ts';
import type { Entry } from '../client/peer.ts';
import type { CompiledRoute } from '../compiled-route.ts';
import type { CompiledSnapshot } from '../compiled-snapshot.ts';
import type { RequestHead } from '../http1/index.ts';
import { answerBeforeRouting } from '../https/before-routing.ts';
import { httpsRedirect } from '../https/https-redirect.ts';
import type { Page } from '../pages/index.ts';

type Origin = Entry & { readonly chosenRoute?: CompiledRoute | undefined };

/** Who answers a client's request for a route: a page of our own, its filters first, its plugins, or one of its backends. */
export function chooseAnswer(
  compiled: CompiledSnapshot,
  route: CompiledRoute,
  head: RequestHead,
  entry: Origin,
): Page | 'filters' | 'plugins' | 'backend' {
  // What plugins send on has been through all of this.
  if (entry.chosenRoute !== undefined) return answerOfRoute(route);
  const redirect = httpsRedirect(compiled, route.route, head, entry);
  if (redirect !== undefined) return redirect;
  return route.filters === undefined ? answerBehindFilters(route) : 'filters';
}

/**
 * The same for a request that has waited, maybe for minutes: its host may ask for other TLS, or for a client certificate, than when
 * its connection began.
 *
 * @param isGuardedAlike what the route asks is what the request has passed
 * @throws ProxyError as `answerBeforeRouting`
 */
export function answerAfterWaiting(
  compiled: CompiledSnapshot,
  route: CompiledRoute,
  request: { readonly head: RequestHead; readonly downstream: Origin; readonly isGuardedAlike: boolean },
): Page | 'filters' | 'plugins' | 'backend' {
  const { head, downstream, isGuardedAlike } = request;
  const isClients = downstream.chosenRoute === undefined;
  const answer = isClients ? answerBeforeRouting(compiled, head, downstream) : undefined;
  return answer ?? (isGuardedAlike ? answerOfRoute(route) : chooseAnswer(compiled, route, head, downstream));
}

/** The same for a request that the filters of the route let through. */
export function answerBehindFilters(route: CompiledRoute): Page | 'plugins' | 'backend' {
  const { plugins, filters } = route.route;
  const isPlain = plugins.length === 0 && filters.length === 0;
  return isPlain || applicationChain(route.route) === undefined ? answerOfRoute(route) : 'plugins';
}

/** The same for what the plugins of the route send on. */
function answerOfRoute({ fixedAnswer }: CompiledRoute): Page | 'backend' {
  return fixedAnswer ?? 'backend';
}
