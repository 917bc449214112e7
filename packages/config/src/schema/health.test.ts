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
  const check = { ...DEFAULT_HEALTH_CHECK, ...expected };
  expect(read(value)).toEqual({ success: true, data: { check, readiness: true, panic: false } });
});

it.each([
  ['none', { readiness: false }],
  [{ type: 'none' }, { readiness: false }],
  [
    { type: 'none', panic: true },
    { readiness: false, panic: true },
  ],
  [{ panic: true }, { panic: true }],
  [{ panic: false }, {}],
])('checks nothing for %j', (value, expected) => {
  expect(read(value)).toEqual({
    success: true,
    data: { check: undefined, readiness: true, panic: false, ...expected },
  });
});

it('keeps a check beside panic', () => {
  const check = { ...DEFAULT_HEALTH_CHECK, path: '/up' };
  expect(read({ path: '/up', panic: true })).toEqual({ success: true, data: { check, readiness: true, panic: true } });
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
  [{ type: 'none', path: '/up' }, ['path']],
])('refuses %j', (value, path) => {
  const { success, error } = read(value);
  expect(success).toBe(path === undefined);
  const issues = JSON.stringify(error?.issues ?? []);
  if (path !== undefined) expect(issues).toContain(JSON.stringify(path));
});
