import { compilePattern, type CorsFilter } from '@dproxy/core';
import { headerLine } from '../http1/index.ts';
import type { Page } from '../pages/index.ts';
import type { CompiledFilter } from './compiled-filter.ts';
import { type FieldChange, fieldChange } from './field-changes.ts';
import type { FilteredRequest } from './filtered-request.ts';

const EMPTY = Buffer.alloc(0);
const ALLOW_ORIGIN = 'access-control-allow-origin';
const VARY_PREFLIGHT = 'vary: origin, access-control-request-method, access-control-request-headers\r\n';

/**
 * Cross-origin requests (Fetch standard, section 3.2). A page of another origin reads an answer only when this says so; requests of
 * origins that are not allowed are answered all the same, since it is their browser that refuses them.
 *
 * `*` stays `*` also with credentials, which browsers refuse: to repeat every origin there would let every site act as its visitor.
 *
 * @throws RangeError, PatternError
 */
export function compileCors(filter: CorsFilter): CompiledFilter {
  const isAllowed = compileOrigins(filter);
  const isAny = filter.origins.includes('*');
  const preflight = preflightLines(filter);
  const response = responseChanges(filter);
  const vary = fieldChange('add', 'vary', 'origin');
  const originOf = (request: FilteredRequest): string => {
    const origins = request.fields('origin');
    const origin = origins.length === 1 ? (origins[0] ?? '') : '';
    return origin !== '' && isAllowed(origin) ? origin : '';
  };
  return {
    type: filter.type,
    onRequest: (request) =>
      isPreflight(request) ? preflightPage(isAny ? '*' : '', originOf(request), preflight) : undefined,
    onResponse: (request) => {
      const { responseFields } = request;
      const origin = originOf(request);
      if ((filter.vary || !isAny) && vary !== undefined) responseFields.apply(vary);
      if (origin === '') return;
      responseFields.change('set', ALLOW_ORIGIN, isAny ? '*' : origin);
      for (const change of response) responseFields.apply(change);
    },
  };
}

function compileOrigins({ origins, originPatterns }: CorsFilter): (origin: string) => boolean {
  const listed = new Set(origins.map((origin) => origin.toLowerCase()));
  const patterns = originPatterns.map((source) => compilePattern(source));
  if (listed.has('*')) return () => true;
  return (origin) => listed.has(origin.toLowerCase()) || patterns.some((pattern) => pattern.test(origin));
}

function isPreflight(request: FilteredRequest): boolean {
  if (request.original.method !== 'OPTIONS') return false;
  return request.fields('origin').length > 0 && request.fields('access-control-request-method').length > 0;
}

function preflightPage(any: string, origin: string, lines: string): Page {
  const allowed = origin === '' ? '' : headerLine(ALLOW_ORIGIN, any === '' ? origin : any) + lines;
  return { status: 204, headers: allowed + (any === '' ? VARY_PREFLIGHT : ''), body: EMPTY };
}

function preflightLines({ methods, headers, credentials, maxAgeS }: CorsFilter): string {
  let lines = '';
  if (credentials) lines += headerLine('access-control-allow-credentials', 'true');
  if (methods.length > 0) lines += headerLine('access-control-allow-methods', methods.join(', '));
  if (headers.length > 0) lines += headerLine('access-control-allow-headers', headers.join(', '));
  if (maxAgeS >= 0) lines += headerLine('access-control-max-age', String(maxAgeS));
  return lines;
}

function responseChanges({ credentials, exposed }: CorsFilter): readonly FieldChange[] {
  const changes: (FieldChange | undefined)[] = [];
  if (credentials) changes.push(fieldChange('set', 'access-control-allow-credentials', 'true'));
  if (exposed.length > 0) changes.push(fieldChange('set', 'access-control-expose-headers', exposed.join(', ')));
  return changes.filter((change) => change !== undefined);
}
