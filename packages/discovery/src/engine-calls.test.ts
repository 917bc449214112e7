import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Docker from 'dockerode';
import { expect, test } from 'vitest';
import { compileCalls, guardCalls, MAKE_CALLS, READ_CALLS, WAKE_CALLS } from './engine-calls.ts';

const ID = 'ab'.repeat(32);

test.each([
  ['GET', '/_ping'],
  ['GET', '/events?since=1'],
  ['GET', '/containers/json?all=true'],
  ['GET', `/containers/${ID}/json`],
  ['GET', `/images/sha256:${ID}/json`],
])('discovery may %s %s', (method, path) => {
  expect(compileCalls(READ_CALLS)(method, path)).toBe(true);
});

test.each([
  ['POST', '/containers/create'],
  ['POST', `/containers/${ID}/start`],
  ['POST', `/containers/${ID}/stop`],
  ['DELETE', `/containers/${ID}`],
  ['POST', '/images/create?fromImage=x'],
  ['GET', `/containers/${ID}/archive`],
  ['GET', `/containers/${ID}/x/json`],
  ['GET', '/images/../containers/json/json'],
  ['GET', '/secrets'],
])('discovery may not %s %s', (method, path) => {
  expect(compileCalls(READ_CALLS)(method, path)).toBe(false);
});

test.each([
  ['POST', `/containers/${ID}/exec`],
  ['POST', `/containers/${ID}/kill`],
  ['POST', '/containers/../start'],
  ['DELETE', '/images/nginx'],
  ['POST', '/build'],
  ['GET', '/events'],
])('not even the container API may %s %s', (method, path) => {
  expect(compileCalls(MAKE_CALLS)(method, path)).toBe(false);
});

test.each([
  ['POST', `/containers/${ID}/start`],
  ['POST', `/containers/${ID}/unpause`],
  ['GET', `/containers/${ID}/logs?stdout=true`],
  ['GET', '/networks/shop_default'],
  ['POST', '/networks/create'],
  ['POST', '/networks/shop.example_default/connect'],
])('waking may %s %s', (method, path) => {
  expect(compileCalls(WAKE_CALLS)(method, path)).toBe(true);
});

test.each([
  ['DELETE', `/containers/${ID}`],
  ['DELETE', '/networks/shop_default'],
  ['POST', '/networks/prune'],
  ['POST', '/networks/shop_default/disconnect'],
  ['POST', '/networks/a/../b/connect'],
  ['POST', `/containers/${ID}/kill`],
  ['POST', `/containers/${ID}/exec`],
  ['POST', `/containers/${ID}/update`],
  ['POST', '/containers/create'],
])('waking may not %s %s', (method, path) => {
  expect(compileCalls(WAKE_CALLS)(method, path)).toBe(false);
});

test('a call that is not in the table is not sent', async () => {
  const docker = new Docker({ socketPath: '/nowhere.sock' });
  guardCalls(docker, READ_CALLS);
  await expect(docker.getContainer(ID).kill()).rejects.toThrow(/is no call that dproxy makes/);
  await expect(docker.listContainers()).rejects.toThrow(/ENOENT/);
});

test('docs/engine-access.md lists exactly these calls', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/engine-access.md'), 'utf8');
  const [reads = '', makes = '', wakes = ''] = page.split(/^## With .*$/m);
  for (const [text, calls] of [
    [reads, READ_CALLS],
    [makes, MAKE_CALLS],
    [wakes, WAKE_CALLS],
  ] as const) {
    const rows = [...text.matchAll(/^\| `([A-Z]+) (\/\S+)` \| ([^|]+) \|/gm)];
    expect(rows.map(([, method, path, purpose]) => ({ method, path, purpose: purpose?.trim() }))).toEqual(calls);
  }
});
