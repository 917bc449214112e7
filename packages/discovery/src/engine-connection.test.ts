import { createServer } from 'node:http';
import { join } from 'node:path';
import { tempFolder } from '@dproxy/testkit';
import { expect, test } from 'vitest';
import { EngineConnection } from './engine-connection.ts';

const ID = 'f'.repeat(64);
const INSPECTED = { Id: ID, Name: '/web', Created: '2026-01-02T03:04:05Z', State: { Status: 'running' }, Config: {} };

test.each<[string, (connection: EngineConnection) => Promise<unknown>]>([
  ['an image', (connection) => connection.imageWords('sha256:1')],
  ['networks', (connection) => connection.networks()],
])('questions for %s that hang give their connections back', async (_what, ask) => {
  await using folder = await tempFolder();
  const socketPath = join(folder.path, 'engine.sock');
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/containers/') === true) response.end(JSON.stringify(INSPECTED));
  });
  await new Promise<void>((resolve) => void server.listen(socketPath, resolve));
  const connection = await EngineConnection.open({ name: 'toy', socketPath, host: '', port: 0, tls: null }, 500);
  // As many as it has connections.
  const asked = await Promise.allSettled(Array.from({ length: 16 }, () => ask(connection)));
  expect(new Set(asked.map(({ status }) => status))).toEqual(new Set(['rejected']));
  expect(await connection.container(ID)).toMatchObject({ name: 'web' });
  connection.close();
  server.closeAllConnections();
  await new Promise((resolve) => void server.close(resolve));
});
