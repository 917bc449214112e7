import { describeCondition, type Filter, type Route, type StatusRange } from '@dproxy/core';

/** What a route does beside forwarding, in words; defaults are not mentioned. */
export function routeWords(route: Omit<Route, 'action' | 'origins' | 'id'>): readonly string[] {
  return [
    ...matchWords(route),
    ...httpsWords(route),
    ...route.filters.map(filterWords),
    ...balanceWords(route),
    ...headerWords(route),
    ...route.plugins.map(({ module }) => `plugin ${module}`),
  ];
}

function matchWords({ condition, listeners, priority }: Pick<Route, 'condition' | 'listeners' | 'priority'>): string[] {
  return [
    ...(condition === null ? [] : [`when ${describeCondition(condition)}`]),
    ...(listeners.length === 0 ? [] : [`on ${listeners.join(', ')} only`]),
    ...(priority === 0 ? [] : [`priority ${priority}`]),
  ];
}

function httpsWords({ https }: Pick<Route, 'https'>): string[] {
  const { redirect, hsts, certificate } = https;
  return [
    redirect === 0 ? 'plain HTTP is answered' : `plain HTTP is redirected to HTTPS (${redirect})`,
    ...(hsts === '' ? [] : [`HSTS ${hsts}`]),
    ...(certificate === 'acme' ? ['certificate from the authority'] : []),
    ...(certificate === 'none' ? ['no certificate is asked for'] : []),
  ];
}

function balanceWords({ balance }: Pick<Route, 'balance'>): string[] {
  const { strategy, hashBy, sticky } = balance;
  const by = 'name' in hashBy ? `${hashBy.type} ${hashBy.name}` : hashBy.type;
  const spread = strategy === 'hash' ? `hash of the ${by}` : strategy;
  return [
    ...(strategy === 'roundRobin' ? [] : [`balanced by ${spread}`]),
    ...(sticky === null ? [] : ['sticky by a cookie']),
  ];
}

function headerWords({ headers }: Pick<Route, 'headers'>): string[] {
  const names = [
    ...headers.requestSet.map(([name]) => name),
    ...headers.requestRemove,
    ...headers.responseSet.map(([name]) => name),
    ...headers.responseRemove,
  ];
  return names.length === 0 ? [] : [`headers ${[...new Set(names)].join(', ')}`];
}

/** No values of headers and no hashes: the report is pasted into issues. */
function filterWords(filter: Filter): string {
  switch (filter.type) {
    case 'headers':
      return `headers ${[...filter.request, ...filter.response].map(({ name }) => name).join(', ')}`;
    case 'cors':
      return `CORS for ${filter.origins.concat(filter.originPatterns).join(', ')}`;
    case 'redirectScheme':
      return `redirects to ${filter.scheme}`;
    case 'redirectPattern':
      return `redirects to ${filter.replacement}`;
    case 'stripPrefix':
      return `without the prefix ${filter.prefixes.join(', ')}`;
    case 'stripPrefixPattern':
      return `without the prefix ${filter.patterns.join(', ')}`;
    case 'addPrefix':
      return `with the prefix ${filter.prefix}`;
    case 'replacePath':
      return `path ${filter.path}`;
    case 'replacePathPattern':
      return `path ${filter.pattern} becomes ${filter.replacement}`;
    case 'replacePrefix':
      return `prefix ${filter.from} becomes ${filter.to}`;
    case 'allowHosts':
      return `hosts ${filter.hosts.join(', ')} only`;
    case 'allowClients':
      return `clients ${filter.ranges.join(', ')} only (${filter.status})`;
    case 'basicAuth':
      return `password of ${filter.users.length === 1 ? 'one user' : `${filter.users.length} users`}`;
    case 'forwardAuth':
      return 'asks another service who may come in';
    case 'rateLimit':
      return `at most ${filter.average} requests in ${filter.periodMs} ms, bursts of ${filter.burst}`;
    case 'inFlight':
      return `at most ${filter.amount} requests at the same time`;
    case 'errorPages':
      return `pages of another service for ${statusWords(filter.statuses)}`;
    case 'retry':
      return `at most ${filter.attempts} attempts`;
    case 'circuitBreaker':
      return `circuit breaker ${filter.expression}`;
    case 'mirror':
      return `${filter.percent} % mirrored`;
    case 'compress':
      return `compressed (${filter.encodings.join(', ')})`;
    case 'buffer':
      return `bodies up to ${filter.maxRequestBytes} bytes`;
    default:
      return filter satisfies never;
  }
}

function statusWords(statuses: readonly StatusRange[]): string {
  return statuses.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(', ');
}
