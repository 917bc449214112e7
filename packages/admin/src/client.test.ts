import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { inspector, type Running, startAdmin, TOKEN } from './_fixture.ts';
import { AdminClient } from './client.ts';

let running: Running;
const client = (token = TOKEN, host = '127.0.0.1'): AdminClient => new AdminClient({ host, port: running.port, token });

beforeEach(async () => {
  running = await startAdmin({ tokenAlways: true });
});

afterEach(() => running.admin.close());

test('every call has a method', async () => {
  expect(await client().balancer()).toEqual(running.balancer.status());
  expect(await client().resize(3)).toMatchObject({ done: true, size: 3 });
  expect(await client().stop()).toMatchObject({ state: 'stopped' });
  expect(await client().start()).toMatchObject({ state: 'running' });
  expect(await client().containers()).toEqual(inspector.containers());
  expect((await client().streams()).map((row) => row.state)).toEqual(['serving', 'shadowed']);
  expect(await client().rejected()).toEqual(inspector.rejected());
  expect((await client().routes()).map((row) => row.state)).toEqual(['serving', 'shadowed']);
  expect(await client().backends()).toHaveLength(1);
});

test('no worker is an answer about health, not an error', async () => {
  running.balancer.size = 0;
  expect(await client().health()).toMatchObject({ isHealthy: false, health: { online: 0 } });
});

test('an address for all stands for loopback', async () => {
  expect(await client(TOKEN, '0.0.0.0').balancer()).toMatchObject({ size: 2 });
});

test('errors tell what is wrong: token, size, nobody there, somebody else there, silence', async () => {
  await expect(client('wrong').health()).rejects.toMatchObject({
    reason: 'refused',
    status: 401,
    message: expect.stringMatching(/token/),
  });
  await expect(client().resize(0)).rejects.toMatchObject({
    reason: 'failed',
    status: 400,
    message: expect.stringMatching(/from 1 to 256/),
  });
  const gone = await startAdmin();
  await gone.admin.close();
  const nobody = new AdminClient({ host: '::ffff:127.0.0.1', port: gone.port, token: '' });
  await expect(nobody.balancer()).rejects.toMatchObject({
    reason: 'not-running',
    message: expect.stringMatching(/does not run/),
  });
  const other = createServer((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi'));
  const silent = createServer(() => {});
  for (const server of [other, silent]) server.listen(0, '127.0.0.1');
  await Promise.all([once(other, 'listening'), once(silent, 'listening')]);
  const at = (server: typeof other, timeoutMs: number): AdminClient =>
    new AdminClient({ host: '127.0.0.1', port: (server.address() as { port: number }).port, token: '', timeoutMs });
  await expect(at(other, 5_000).balancer()).rejects.toMatchObject({
    reason: 'unreadable',
    message: expect.stringMatching(/is not the admin API/),
  });
  await expect(at(silent, 50).balancer()).rejects.toMatchObject({
    reason: 'unreadable',
    message: expect.stringMatching(/in time/),
  });
  for (const server of [other, silent]) server.close();
});
