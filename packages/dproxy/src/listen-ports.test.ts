import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { decidePorts, PortError } from './listen-ports.ts';

const servers: Server[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

async function takenPort(): Promise<number> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function freePort(): Promise<number> {
  const port = await takenPort();
  await new Promise((resolve) => servers.pop()?.close(resolve));
  return port;
}

const nobody = { host: '127.0.0.1', ownPorts: new Set<number>() };

test('a free port is taken as wanted', async () => {
  const port = await freePort();
  expect(await decidePorts([{ name: 'http', port, isNamed: true, fallback: 0 }], nobody)).toEqual([
    { name: 'http', port, note: '' },
  ]);
});

test('a default port that another program holds falls back and says why', async () => {
  const [port, fallback] = [await takenPort(), await freePort()];
  const [decided] = await decidePorts([{ name: 'http', port, isNamed: false, fallback }], nobody);
  expect(decided).toEqual({ name: 'http', port: fallback, note: `another program holds ${port}` });
});

test('every named port that cannot be had is in one error', async () => {
  const [one, two] = [await takenPort(), await takenPort()];
  const wanted = [
    { name: 'http', port: one, isNamed: true, fallback: 0 },
    { name: 'https', port: two, isNamed: true, fallback: 0 },
  ] as const;
  const error = await decidePorts(wanted, nobody).catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(PortError);
  expect((error as Error).message).toContain(`http: port ${one} cannot be had`);
  expect((error as Error).message).toContain(`https: port ${two} cannot be had`);
});

test('a port that our own workers still serve counts as free', async () => {
  const port = await takenPort();
  const decided = await decidePorts([{ name: 'http', port, isNamed: true, fallback: 0 }], {
    host: '127.0.0.1',
    ownPorts: new Set([port]),
  });
  expect(decided[0]?.port).toBe(port);
});

test('a fallback that our own workers serve is kept although the first choice is free again', async () => {
  const [port, fallback] = [await freePort(), await takenPort()];
  const decided = await decidePorts([{ name: 'http', port, isNamed: false, fallback }], {
    host: '127.0.0.1',
    ownPorts: new Set([fallback]),
  });
  expect(decided[0]?.port).toBe(fallback);
});
