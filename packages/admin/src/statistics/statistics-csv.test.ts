import type { BackendStatistics, RouteStatistics } from '@dproxy/core';
import { expect, test } from 'vitest';
import { statisticsCsv } from './statistics-csv.ts';

test.each([
  ['ready', 'UP'],
  ['draining', 'DRAIN'],
  ['stopped', 'DOWN'],
] as const)('a backend that is %s has the status %s', (state, status) => {
  const backend: BackendStatistics = {
    id: 'a',
    name: 'web',
    address: '172.17.0.2',
    port: 80,
    state,
    reason: '',
    weight: 1,
    traffic: undefined,
  };
  const route: RouteStatistics = {
    id: 'a.test/',
    host: 'a.test',
    path: '/',
    kind: 'http',
    origins: [],
    listeners: [],
    traffic: undefined,
    workers: [],
    backends: [backend],
  };
  const csv = statisticsCsv({ atMs: 0, server: 'edge', workers: [], routeCount: 1, routes: [route] });
  const [head = '', , line = ''] = csv.split('\n').map((each) => each.split(','));
  expect(line[head.indexOf('status')]).toBe(status);
});
