import { createServer, type AddressInfo, type Server } from 'node:net';
import type { ListenPlan } from '@dproxy/config';
import { freePort } from '@dproxy/testkit';
import { afterEach, expect, test } from 'vitest';
import { decideListeners, PortError } from './decide-listeners.ts';

const servers: Server[] = [];
const nobody = new Set<number>();

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

async function takenPort(): Promise<number> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function plan(port: number, more: Partial<ListenPlan> = {}): ListenPlan {
  return {
    id: 'http',
    protocol: 'http',
    addresses: [{ host: '127.0.0.1', port }],
    publicPort: 0,
    proxyProtocol: [],
    isNamed: true,
    fallbackPort: 0,
    ...more,
  };
}

test('a free port is taken as wanted', async () => {
  const port = await freePort();
  const { listeners, notes } = await decideListeners([plan(port)], nobody);
  expect(listeners[0]).toMatchObject({ addresses: [{ host: '127.0.0.1', port }], publicPort: port });
  expect(notes).toEqual([]);
});

test('a default port that another program holds falls back and says why', async () => {
  const [port, fallbackPort] = [await takenPort(), await freePort()];
  const { listeners, notes } = await decideListeners([plan(port, { isNamed: false, fallbackPort })], nobody);
  expect(listeners[0]?.addresses).toEqual([{ host: '127.0.0.1', port: fallbackPort }]);
  expect(notes).toEqual([`127.0.0.1:${port} cannot be had: another program holds it; ${fallbackPort} is used instead`]);
});

test('every named port that cannot be had is in one error', async () => {
  const [one, two] = [await takenPort(), await takenPort()];
  const error: unknown = await decideListeners([plan(one), plan(two, { id: 'https' })], nobody).catch(
    (cause: unknown) => cause,
  );
  expect(error).toBeInstanceOf(PortError);
  expect((error as Error).message).toContain(`127.0.0.1:${one} cannot be had`);
  expect((error as Error).message).toContain(`127.0.0.1:${two} cannot be had`);
});

test('a port that our own workers still serve counts as free', async () => {
  const port = await takenPort();
  const { listeners } = await decideListeners([plan(port)], new Set([port]));
  expect(listeners[0]?.addresses[0]?.port).toBe(port);
});

test('a fallback that our own workers serve is kept although the first choice is free again', async () => {
  const [port, fallbackPort] = [await freePort(), await takenPort()];
  const wanted = plan(port, { isNamed: false, fallbackPort });
  const { listeners } = await decideListeners([wanted], new Set([fallbackPort]));
  expect(listeners[0]?.addresses[0]?.port).toBe(fallbackPort);
});

test('port 0 becomes one port for all workers', async () => {
  const { listeners } = await decideListeners([plan(0)], nobody);
  expect(listeners[0]?.addresses[0]?.port).toBeGreaterThan(0);
  expect(listeners[0]?.publicPort).toBe(listeners[0]?.addresses[0]?.port);
});
