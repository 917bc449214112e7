import { DEFAULT_HEALTH_CHECK } from '@dproxy/core';
import { expect, it } from 'vitest';
import { healthCheck } from './health.ts';

const read = (value: unknown) => healthCheck().safeParse(value);

it.each([
  ['/health?full=1', { path: '/health?full=1' }],
  ['tcp', { type: 'tcp', path: '' }],
  ['grpc', { type: 'grpc', path: '' }],
  [{ service: 'my.Service' }, { type: 'grpc', path: 'my.Service' }],
  [
    { path: '/up', statuses: [204, '300-399'] },
    {
      path: '/up',
      statuses: [
        [204, 204],
        [300, 399],
      ],
    },
  ],
  [{ interval: '2s' }, { intervalMs: 2_000, unhealthyIntervalMs: 2_000 }],
  [
    { interval: '2s', unhealthyInterval: 500 },
    { intervalMs: 2_000, unhealthyIntervalMs: 500 },
  ],
  [{ headers: { 'X-Probe': ' yes ' } }, { headers: [['x-probe', 'yes']] }],
])('reads %j', (value, expected) => {
  expect(read(value)).toEqual({ success: true, data: { ...DEFAULT_HEALTH_CHECK, ...expected } });
});

it.each([
  ['health', []],
  ['/a b', []],
  ['//[', undefined],
  [{ interval: 50 }, ['interval']],
  [{ statuses: '400-200' }, ['statuses']],
  [{ type: 'http', service: 'x' }, ['service']],
  [{ headers: { Host: 'a.test' } }, ['headers', 'Host']],
  [{ headers: { 'x-a': 'b\r\nx-c: d' } }, ['headers', 'x-a']],
  [{ pth: '/x' }, []],
])('refuses %j', (value, path) => {
  const { success, error } = read(value);
  expect(success).toBe(path === undefined);
  const issues = JSON.stringify(error?.issues ?? []);
  if (path !== undefined) expect(issues).toContain(JSON.stringify(path));
});
