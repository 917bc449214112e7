import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { eventually, tempFolder } from '@dproxy/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { seenOf } from './_seen-of.ts';
import { DockerWakeEngine } from './docker-wake-engine.ts';

/** Short deadlines for what hangs. */
const TIMING = { lookMs: 30_000, startMs: 30_000, callMs: 100 };
const INSPECTED = JSON.stringify({ Id: 'web', State: { Status: 'running' }, Config: {} });

let folder: Awaited<ReturnType<typeof tempFolder>>;
let engine: DockerWakeEngine;
/** What the engine does with a request; undefined: nothing, and it never answers. */
let answer: (request: IncomingMessage) => string | undefined;
const asked: string[] = [];
const server = createServer((request: IncomingMessage, response: ServerResponse) => {
  asked.push(`${request.method} ${(request.url ?? '').split('?', 1)[0]}`);
  const body = answer(request);
  if (body !== undefined) response.writeHead(body === '' ? 204 : 200, { 'content-type': 'application/json' }).end(body);
});

beforeEach(async () => {
  folder = await tempFolder();
  const socketPath = join(folder.path, 'engine.sock');
  await new Promise<void>((resolve) => void server.listen(socketPath, resolve));
  engine = await DockerWakeEngine.open({ name: 'test', socketPath, host: '', port: 0, tls: null }, TIMING);
  asked.length = 0;
  answer = (request) => (request.method === 'GET' ? INSPECTED : '');
});
afterEach(async () => {
  engine.close();
  server.closeAllConnections();
  await new Promise((resolve) => void server.close(resolve));
  await folder.remove();
});

const hung = async (calls: readonly Promise<unknown>[]): Promise<string[]> => {
  const ends = await Promise.allSettled(calls);
  return ends.flatMap((end) => (end.status === 'rejected' ? [String(end.reason.kind)] : []));
};

it('sees and wakes containers while many others take their time to end, or to start', async () => {
  answer = (request) => (request.url?.includes('/json') === true ? INSPECTED : undefined);
  const slow = Array.from({ length: 20 }, async (_, index) =>
    index % 2 === 0 ? await engine.stop(`c${index}`) : await engine.start({ ...seenOf('x'), id: `c${index}` }),
  );
  const ended = hung(slow);
  await eventually(() => asked.filter((call) => /\/(stop|start)$/.test(call)).length === 20);
  expect(await engine.look('web')).toMatchObject({ state: 'running' });
  engine.close();
  expect(await ended).toHaveLength(20);
});

it.each<[string, () => Promise<unknown>]>([
  ['CPUs', () => engine.cpu('web')],
  [
    'a network',
    () => engine.start({ ...seenOf('web'), networks: [{ name: 'net', id: 'abc', isJoined: false, aliases: [] }] }),
  ],
])('a question for %s that hangs gives its connection back', async (_what, ask) => {
  answer = () => undefined;
  expect(await hung(Array.from({ length: 16 }, ask))).toEqual(Array.from({ length: 16 }, () => 'slow'));
  answer = () => INSPECTED;
  expect(await engine.look('web')).toMatchObject({ state: 'running' });
});

it('asks once more when a connection ends that was kept for the next question', async () => {
  await engine.look('web');
  answer = (request) => {
    answer = () => INSPECTED;
    request.socket.destroy();
    return undefined;
  };
  expect(await engine.look('web')).toMatchObject({ state: 'running' });
  answer = (request) => {
    request.socket.destroy();
    return undefined;
  };
  expect(await hung([engine.look('web')])).toEqual(['away']);
});
