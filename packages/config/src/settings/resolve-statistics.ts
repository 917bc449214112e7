import type { Endpoint } from '../schema/network.ts';
import { isLoopbackOnly } from './read-environment.ts';
import type { ApiSettings, Problem, StatisticsSettings } from './settings.ts';

/** RProxy's users find HAProxy's page at port 1. */
const DEFAULT = { host: '127.0.0.1', port: 1 };

/** @param named `listen.stats`; undefined: not mentioned. A bare port means loopback, as for the API. */
export function resolveStatistics(named: readonly Endpoint[] | undefined): StatisticsSettings {
  if (named === undefined) return { addresses: [DEFAULT], isNamed: false };
  return {
    addresses: named.map(({ host, port }) => ({ host: host === '' ? DEFAULT.host : host, port })),
    isNamed: true,
  };
}

export function statisticsProblems({ addresses }: StatisticsSettings, { token }: ApiSettings): Problem[] {
  if (token !== '' || isLoopbackOnly(addresses)) return [];
  return [
    {
      path: 'listen.stats',
      got: addresses.map(({ host, port }) => `${host}:${port}`).join(', '),
      expected: 'a loopback address, or a token',
      fix: 'Set DOCKER_PROXY_API_TOKEN to a long random text, which the page then asks for as its password.',
    },
  ];
}
