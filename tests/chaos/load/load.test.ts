// The load that the other tests believe: it must see what is lost.
import { once } from 'node:events';
import { appendFile, readFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { createSecureServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Server, Socket } from 'node:net';
import { join } from 'node:path';
import { eventually, tempFolder } from '@dproxy/testkit';
import { expect, it, onTestFinished } from 'vitest';
import { Certificates } from '../certificates.ts';
import { ReceivedPosts } from '../received-posts.ts';
import { Http1Requests } from './http1-requests.ts';
import { Http2Requests } from './http2-requests.ts';
import { OpenLoop } from './open-loop.ts';
import type { RequestKind, Tally } from './tally.ts';
import { WebSocketMessages } from './web-socket-messages.ts';

const HOST = 'load.test';

it.each([true, false])('counts what is not answered with 200, and what is not answered (kept: %s)', async (isKept) => {
  let count = 0;
  const port = await serve((_, response) => {
    count += 1;
    if (count % 3 === 0) response.destroy();
    else response.writeHead(count % 3 === 1 ? 200 : 503, { 'content-length': 2 }).end('ok');
  });
  const kind = new Http1Requests({ name: 'GET', perSecond: 500, target: { port, host: HOST }, isKept });
  const { sent, answered, lost } = await ask(kind, 30);
  expect(answered + lost.length).toBe(sent);
  expect(answered).toBe(Math.ceil(sent / 3));
  expect(lost.filter((line) => line.includes('503'))).not.toEqual([]);
  expect(lost.filter((line) => /closed|hang up|ECONNRESET/.test(line))).not.toEqual([]);
});

it('counts connections that are closed while they are idle', async () => {
  const port = await serve(({ socket }, response) => {
    response.writeHead(200, { 'content-length': 2 }).end('ok', () => setImmediate(() => socket.destroy()));
  });
  const kind = new Http1Requests({ name: 'GET', perSecond: 20, target: { port, host: HOST }, isKept: true });
  const { closed } = await ask(kind, 4, () => kind.closed.length > 0);
  expect(closed[0]?.what).toContain('an idle connection');
});

it('counts POSTs that were broken off apart, and refused ones as lost', async () => {
  let count = 0;
  const port = await serve((request, response) => {
    count += 1;
    request.resume();
    response.writeHead([502, 503, 200][count % 3] ?? 0, { 'content-length': 0 }).end();
  });
  const post = (number: number) => ({ path: `/posts/${number}`, body: 'x' });
  const target = { port, host: HOST };
  const { sent, answered, apart, lost } = await ask(
    new Http1Requests({ name: 'POST', perSecond: 500, target, isKept: true, post }),
    30,
  );
  expect(answered + apart + lost.length).toBe(sent);
  expect([answered, apart, lost.length].every((part) => part >= 10)).toBe(true);
});

it('counts streams of HTTP/2 that are reset, and sessions that end without GOAWAY', async () => {
  await using folder = await tempFolder();
  const certificates = await Certificates.make(folder.path);
  await certificates.replace(HOST);
  const file = (ending: string) => readFile(join(certificates.folder, `${HOST}.${ending}`));
  let count = 0;
  const server = createSecureServer({ key: await file('key'), cert: await file('crt') });
  const sockets: Socket[] = [];
  server.on('secureConnection', (socket) => sockets.push(socket));
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', () => undefined);
    count += 1;
    if (count === 20) sockets[0]?.destroy();
    else if (count % 2 === 0) stream.close(2);
    else stream.respond({ ':status': 200 }, { endStream: true });
  });
  const port = await portOf(server);
  const target = { port, host: HOST, ca: certificates.ca };
  const { sent, answered, lost, closed } = await ask(
    new Http2Requests({ name: 'HTTP/2', perSecond: 500, target, sessions: 1 }),
    30,
  );
  expect(answered + lost.length).toBe(sent);
  expect(lost.length).toBeGreaterThanOrEqual(10);
  expect(closed).toHaveLength(1);
});

it('counts WebSockets that are closed', async () => {
  const server = createServer();
  server.on('upgrade', (_, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    socket.once('data', (bytes: Buffer) => socket.end(bytes));
  });
  const target = { port: await portOf(server), host: HOST };
  const kind = new WebSocketMessages({ name: 'WebSocket', perSecond: 100, target, connections: 1 });
  const { answered, lost, closed } = await ask(kind, 4, () => kind.closed.length > 1);
  expect(answered).toBeGreaterThan(0);
  expect(lost).toEqual([]);
  expect(closed[0]?.what).toContain('a WebSocket');
});

it('knows which POSTs came twice', async () => {
  await using folder = await tempFolder();
  const posts = await ReceivedPosts.make(join(folder.path, 'received'));
  await appendFile(join(posts.folder, 'ids'), 'a one\nb two\na two\n');
  expect([await posts.count(), await posts.twice()]).toEqual([2, ['a: one two']]);
});

async function ask(kind: RequestKind, atLeast: number, isOver = () => true): Promise<Tally> {
  using load = new OpenLoop([kind]);
  await eventually(() => load.sent >= atLeast && isOver());
  const [tally] = await load.end();
  if (tally === undefined) throw new Error('no tally');
  return tally;
}

async function serve(listener: RequestListener): Promise<number> {
  return await portOf(createServer(listener));
}

async function portOf(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
