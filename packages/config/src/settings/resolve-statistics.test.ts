import { expect, it } from 'vitest';
import { resolveStatistics, statisticsProblems } from './resolve-statistics.ts';

const containerLimits = { memory: 0, processes: 0, count: 0, perMinute: 0 };
const API = { addresses: [], token: '', tokenAlways: false, containers: [], containerLimits };

it('is on port 1 of loopback, unless the file says another place or none', () => {
  expect(resolveStatistics(undefined)).toEqual({ addresses: [{ host: '127.0.0.1', port: 1 }], isNamed: false });
  expect(resolveStatistics([])).toEqual({ addresses: [], isNamed: true });
  expect(resolveStatistics([{ host: '', port: 9000 }])).toEqual({
    addresses: [{ host: '127.0.0.1', port: 9000 }],
    isNamed: true,
  });
});

it('leaves this machine only with a token', () => {
  const open = resolveStatistics([{ host: '0.0.0.0', port: 9000 }]);
  expect(statisticsProblems(open, API)).toMatchObject([{ path: 'listen.stats', got: '0.0.0.0:9000' }]);
  expect(statisticsProblems(open, { ...API, token: 'x'.repeat(32) })).toEqual([]);
  expect(statisticsProblems(resolveStatistics(undefined), API)).toEqual([]);
});
