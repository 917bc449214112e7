import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { silentLog } from '@dproxy/core';
import { eventually, get, tempFolder, within } from '@dproxy/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fixtureTable } from './fixtures/fixture-table.ts';
import { SnapshotServer } from './ipc/snapshot-server.ts';
import { instanceOf, ipcSocketPath } from './ipc/socket-path.ts';
import { readBootId } from './process-identity.ts';
import { StoredSnapshot } from './stored-snapshot.ts';
import { LEFT_EXIT_CODE } from './drain-limits.ts';

let folder: Awaited<ReturnType<typeof tempFolder>>;
let server: SnapshotServer;
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = await tempFolder();
  server = new SnapshotServer({
    socketPath: ipcSocketPath(folder.path, '/tmp'),
    instance: instanceOf(folder.path),
    log: silentLog,
  });
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await server.close();
  await folder.remove();
});

function start(env: Record<string, string> = {}) {
  const child = fork(join(import.meta.dirname, 'fixtures', 'fixture-worker.ts'), {
    silent: true,
    env: { ...process.env, FIXTURE_STATE: folder.path, ...env },
  });
  children.push(child);
  const messages: unknown[] = [];
  child.on('message', (message) => messages.push(message));
  child.stdout?.resume();
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  return { child, messages, exited: () => within(exited, 'the end of the worker') };
}

async function online(): Promise<number> {
  await server.waitUntil((workers) => workers[0]?.state === 'online', 10_000);
  return server.workers()[0]?.listeners?.listeners[0]?.addresses[0]?.port ?? 0;
}

const ask = async (port: number): Promise<string> => (await get({ port, name: 'a.test' })).body.text;

it('says ready only with a table and open listeners', async () => {
  await server.listen();
  const worker = start();
  await server.waitUntil((workers) => workers.length === 1, 10_000);
  expect(worker.messages).toEqual([]);
  server.publish(fixtureTable(), new Map());
  const port = await online();
  await eventually(() => worker.messages.includes('ready'));
  expect(await ask(port)).toBe(`${worker.child.pid} 1`);
});

it('drains when it is told to leave: finishes what runs, takes nothing new, and ends with its own exit code', async () => {
  await server.listen();
  server.publish(fixtureTable(), new Map());
  const worker = start();
  const port = await online();
  const held = connect(port, '127.0.0.1');
  held.write('GET /hold HTTP/1.1\r\n\r\n');
  await eventually(async () => (await server.stats(1_000))[0]?.stats.requests === 1);
  server.drain([worker.child.pid ?? 0], 300);
  await eventually(() => server.workers()[0]?.state === 'draining');
  await eventually(() => refuses(port));
  await once(held, 'close');
  expect(await worker.exited()).toBe(LEFT_EXIT_CODE);
});

it('drains on a signal and exits 0', async () => {
  await server.listen();
  server.publish(fixtureTable(), new Map());
  const worker = start();
  await online();
  worker.child.kill('SIGTERM');
  worker.child.kill('SIGINT');
  expect(await worker.exited()).toBe(0);
});

it('drains and exits 1 after an error that nobody caught, and never goes on (row 54)', async () => {
  await server.listen();
  server.publish(fixtureTable({ drainMs: 200 }), new Map());
  const worker = start();
  const port = await online();
  worker.child.kill('SIGUSR2');
  await eventually(() => refuses(port));
  expect(await worker.exited()).toBe(1);
});

it('opens a listener whose port was taken once its holder has left', async () => {
  const holder = createServer();
  holder.listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address() as AddressInfo;
  await server.listen();
  server.publish(fixtureTable({ port }), new Map());
  start();
  await eventually(() => server.workers()[0]?.failed.length === 1);
  expect(server.workers()[0]?.state).toBe('starting');
  holder.close();
  expect(await online()).toBe(port);
  await eventually(() => server.workers()[0]?.failed.length === 0);
});

it('goes on serving when nobody reads its output any more', async () => {
  await server.listen();
  server.publish(fixtureTable(), new Map());
  const worker = start();
  const port = await online();
  worker.child.stdout?.destroy();
  worker.child.stderr?.destroy();
  worker.child.disconnect();
  for (let request = 0; request < 20; request++) {
    expect(await ask(port)).toBe(`${worker.child.pid} 1`);
  }
});

it('serves the stored table when it starts without a primary', async () => {
  const path = join(folder.path, 'snapshot.json');
  const stored = new StoredSnapshot({ path, bootId: await readBootId(), nowMs: Date.now, log: silentLog });
  stored.save(fixtureTable({ version: 9 }));
  await stored.close();
  const worker = start({ FIXTURE_STORED_AFTER_MS: '10' });
  await eventually(() => worker.messages.includes('ready'));
  await server.listen();
  const port = await online();
  expect(await ask(port)).toBe(`${worker.child.pid} 9`);
});

it('goes on serving while the primary is gone and follows the next one', async () => {
  await server.listen();
  server.publish(fixtureTable({ version: 5 }), new Map());
  const worker = start();
  const port = await online();
  await server.close();
  expect(await ask(port)).toBe(`${worker.child.pid} 5`);
  server = new SnapshotServer({
    socketPath: ipcSocketPath(folder.path, '/tmp'),
    instance: instanceOf(folder.path),
    log: silentLog,
  });
  await server.listen();
  server.publish(fixtureTable({ version: 1, firstPort: 2 }), new Map());
  await server.waitUntil((workers) => workers[0]?.version === 1, 10_000);
  expect(await ask(port)).toBe(`${worker.child.pid} 1`);
});

function refuses(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', () => resolve(true));
  });
}
