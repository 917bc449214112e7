import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Backend } from '@dproxy/core';
import { freePort } from '@dproxy/testkit';
import { expect, it } from 'vitest';
import { targetOf } from '../health/_target.ts';
import { probeActivity } from './idle-probe.ts';

async function origin(status: number): Promise<AsyncDisposable & { readonly port: number; readonly asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(status, { location: '/elsewhere' }).end('a body that nobody reads');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
    },
  };
}

const at = (port: number, more: Partial<Backend> = {}): Backend => targetOf(port, {}, more).backend;
const ask = (...backends: readonly Backend[]) => probeActivity(backends, '/in-use?now', new AbortController().signal);

it.each([
  [200, true],
  [204, true],
  [302, false],
  [404, false],
  [503, false],
])('takes %i for use: %s', async (status, isUsed) => {
  await using server = await origin(status);
  expect(await ask(at(server.port))).toBe(isUsed);
  expect(server.asked).toEqual(['GET /in-use?now']);
});

it('is in use when one of several says so, and not when nobody answers', async () => {
  await using used = await origin(200);
  await using idle = await origin(404);
  expect(await ask(at(await freePort()), at(idle.port), at(used.port))).toBe(true);
  expect(await ask(at(await freePort()), at(idle.port))).toBe(false);
  expect(await ask()).toBe(false);
});

it('asks nobody that cannot be asked', async () => {
  await using server = await origin(200);
  const backends = [at(server.port, { state: 'stopped' }), at(server.port, { protocol: 'tcp' })];
  expect(await ask(...backends)).toBe(false);
  expect(server.asked).toEqual([]);
});
