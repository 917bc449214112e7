import { APPLICATION_FILTERS, type Filter } from '@dproxy/core';
import { compileAllowClients, compileAllowHosts } from './allow.ts';
import { compileBasicAuth } from './auth/basic-auth.ts';
import { compileForwardAuth } from './auth/forward-auth.ts';
import { compileCircuitBreaker } from './circuit-breaker.ts';
import type { CompiledFilter } from './compiled-filter.ts';
import { CompiledFilters } from './compiled-filters.ts';
import { compileCors } from './cors.ts';
import { compileErrorPages } from './error-pages.ts';
import type { FilterContext } from './filter-context.ts';
import { compileHeaders } from './headers.ts';
import { compileInFlight } from './in-flight.ts';
import { compileMirror } from './mirror.ts';
import { compileRateLimit } from './rate-limit.ts';
import { compileRedirect } from './redirect.ts';
import { compileRetry } from './retry.ts';
import { compileRewrite } from './rewrite.ts';

/**
 * What the direct path does with the requests of a route beside forwarding them, once per Snapshot.
 *
 * @returns undefined for a route without: its requests pay one comparison
 * @throws RangeError when a filter cannot do what it says: the route is not served, rather than without it
 */
export function compileFilters(context: FilterContext): CompiledFilters | undefined {
  const { filters } = context.route;
  if (filters.length === 0) return undefined;
  // Those of the application path act there, behind these.
  const here = filters.filter(({ type }) => !APPLICATION_FILTERS.has(type));
  const list = here.map((filter) => compileFilter(filter, context));
  return list.length === 0 ? undefined : new CompiledFilters(list);
}

function compileFilter(filter: Filter, context: FilterContext): CompiledFilter {
  switch (filter.type) {
    case 'headers':
      return compileHeaders(filter);
    case 'cors':
      return compileCors(filter);
    case 'redirectScheme':
    case 'redirectPattern':
      return compileRedirect(filter);
    case 'stripPrefix':
    case 'stripPrefixPattern':
    case 'addPrefix':
    case 'replacePath':
    case 'replacePathPattern':
    case 'replacePrefix':
      return compileRewrite(filter);
    case 'allowHosts':
      return compileAllowHosts(filter);
    case 'allowClients':
      return compileAllowClients(filter);
    case 'basicAuth':
      return compileBasicAuth(filter);
    case 'rateLimit':
      return compileRateLimit(filter, context);
    case 'inFlight':
      return compileInFlight(filter, context);
    case 'circuitBreaker':
      return compileCircuitBreaker(filter, context);
    case 'forwardAuth':
      return compileForwardAuth(filter, context);
    case 'retry':
      return compileRetry(filter);
    case 'errorPages':
      return compileErrorPages(filter, context);
    case 'mirror':
      return compileMirror(filter, context);
    case 'compress':
    case 'buffer':
      throw new RangeError(`${context.route.id}: the filter ${filter.type} is not known here`);
    default:
      return filter satisfies never;
  }
}
