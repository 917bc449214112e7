import type { ExplainedFilter, Route } from '@dproxy/core';
import type { Rehearsed } from '@dproxy/proxy';

type Describe = (route: Route, rehearsed: Rehearsed) => readonly ExplainedFilter[];

/** What a route does beside matching, in the order in which it is done. A new filter adds its line here. */
const FILTERS: readonly Describe[] = [
  httpsRedirect,
  routeFilters,
  plugins,
  requestHeaders,
  timeouts,
  responseHeaders,
  strictTransportSecurity,
];

export function describeFilters(rehearsed: Rehearsed): ExplainedFilter[] {
  const { route } = rehearsed;
  return route === undefined ? [] : FILTERS.flatMap((describe) => describe(route, rehearsed));
}

function httpsRedirect(_route: Route, { redirect }: Rehearsed): readonly ExplainedFilter[] {
  return redirect === '' ? [] : [line('https-redirect', redirect)];
}

/** In the order in which they act; nothing behind one that answers. */
function routeFilters(_route: Route, { filters }: Rehearsed): readonly ExplainedFilter[] {
  return filters.map(({ type, detail, values }) => ({ filter: type, detail, values }));
}

function plugins({ plugins: names }: Route): readonly ExplainedFilter[] {
  return names.map(({ module }) => line('plugin', module));
}

function requestHeaders({ headers, action }: Route): readonly ExplainedFilter[] {
  if (action.type !== 'forward') return [];
  return changes('request-headers', headers.requestSet, headers.requestRemove);
}

function responseHeaders({ headers }: Route): readonly ExplainedFilter[] {
  return changes('response-headers', headers.responseSet, headers.responseRemove);
}

function timeouts({ action }: Route, rehearsed: Rehearsed): readonly ExplainedFilter[] {
  if (action.type !== 'forward' || rehearsed.timeouts === undefined) return [];
  const { connectMs, responseMs, idleMs } = rehearsed.timeouts;
  return [line('timeouts', `connect ${connectMs} ms, response ${responseMs} ms, idle ${idleMs} ms`)];
}

function strictTransportSecurity({ https }: Route, { hasHsts }: Rehearsed): readonly ExplainedFilter[] {
  if (https.hsts === '') return [];
  if (hasHsts) return [line('hsts', https.hsts)];
  return [
    line('hsts', `${https.hsts}: not sent in clear, without a public certificate, or where a header rule sets it`),
  ];
}

function changes(
  filter: string,
  set: readonly (readonly [string, string])[],
  removed: readonly string[],
): readonly ExplainedFilter[] {
  const lines: ExplainedFilter[] = [];
  if (removed.length > 0) lines.push(line(filter, `removes ${removed.join(', ')}`));
  // The values stand apart: the admin API hides those that are credentials.
  if (set.length > 0) lines.push({ filter, detail: `sets ${set.map(([name]) => name).join(', ')}`, values: set });
  return lines;
}

function line(filter: string, detail: string): ExplainedFilter {
  return { filter, detail, values: [] };
}
