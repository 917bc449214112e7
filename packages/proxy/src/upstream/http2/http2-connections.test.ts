import { once } from 'node:events';
import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { DEFAULT_LIMITS, silentLog } from '@dproxy/core';
import { backendOf, type BackendSpec, type RawResponse } from '@dproxy/testkit';
import { Counters } from '../../counters.ts';
import { DeadlineWheel } from '../../deadline-wheel.ts';
import { getRequest, startEdge } from '../../fixtures/edge.ts';
import { SITE_CERTIFICATE } from '../../fixtures/certificates.ts';
import { HeadProgress, parseRequestHead, type RequestHead } from '../../http1/index.ts';
import { NameCache } from '../name-cache.ts';
import { UpstreamPool } from '../upstream-pool.ts';
import { Http2Origin, respond } from './fixtures/http2-origin.ts';

type Edge = Awaited<ReturnType<typeof startEdge>>;

async function ask(edge: Edge, request = getRequest()): Promise<RawResponse> {
  using client = await edge.connect();
  await client.write(request);
  return await client.readResponse();
}

function edgeTo(backend: BackendSpec): Promise<Edge> {
  return startEdge({ routes: { 'a.test': backend }, limits: { upstreamConnectMs: 1_000 } });
}

describe('HTTP/2 to a backend over TLS', () => {
  test('is negotiated, and says https', async () => {
    await using origin = await Http2Origin.start({ isSecure: true });
    await using edge = await edgeTo({ port: origin.port, protocol: 'h2', tlsVerify: false });
    expect((await ask(edge)).body.text).toBe('hello');
    expect(origin.requests[0]?.[':scheme']).toBe('https');
  });

  test('is not spoken with a certificate that does not verify', async () => {
    await using origin = await Http2Origin.start({ isSecure: true });
    await using edge = await edgeTo({ port: origin.port, protocol: 'h2' });
    expect((await ask(edge)).status).toBe(502);
    expect(edge.plane.stats().errors).toEqual({ 'upstream-tls': 1 });
  });

  test('is not spoken with a backend that does not offer it', async () => {
    const requests: Buffer[] = [];
    const server = createTlsServer(
      { key: SITE_CERTIFICATE.keyPem, cert: SITE_CERTIFICATE.certificatePem },
      (socket) => {
        socket.on('error', () => undefined);
        socket.on('data', (bytes: Buffer) => requests.push(bytes));
      },
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await using edge = await edgeTo({ port, protocol: 'h2', tlsVerify: false });
    expect((await ask(edge)).status).toBe(502);
    expect(edge.plane.stats().errors).toEqual({ 'upstream-tls': 1 });
    expect(requests).toEqual([]);
    server.close();
  });
});

describe('an HTTP/2 backend that expects a PROXY header', () => {
  test('gets one on each connection, and a connection for each request', async () => {
    const headers: string[] = [];
    const server = createServer();
    server.on('stream', (stream: ServerHttp2Stream) => respond(stream, 'hello'));
    const sessions: ServerHttp2Session[] = [];
    server.on('session', (session) => sessions.push(session));
    const front = createTcpServer((socket: Socket) => {
      socket.once('readable', () => {
        const line = String(socket.read());
        headers.push(line.slice(0, line.indexOf('\n') + 1));
        socket.unshift(Buffer.from(line.slice(line.indexOf('\n') + 1), 'latin1'));
        server.emit('connection', socket);
      });
    });
    front.listen(0, '127.0.0.1');
    await once(front, 'listening');
    const { port } = front.address() as AddressInfo;
    await using edge = await edgeTo({ port, protocol: 'h2c', proxyProtocol: 'v1' });
    using client = await edge.connect();
    for (let count = 0; count < 2; count++) {
      await client.write(getRequest());
      expect((await client.readResponse()).body.text).toBe('hello');
    }
    const { localPort } = client.socket as Socket;
    const expected = `PROXY TCP4 127.0.0.1 127.0.0.1 ${localPort} ${edge.port()}\r\n`;
    expect(headers).toEqual([expected, expected]);
    expect(sessions).toHaveLength(2);
    front.close();
  });
});

describe('a WebSocket for a backend of HTTP/2', () => {
  test('is answered with 501; another offer to switch is ignored', async () => {
    await using origin = await Http2Origin.start();
    await using edge = await edgeTo({ port: origin.port, protocol: 'h2c' });
    const upgrade = (to: string): string => getRequest('a.test', '/', `Connection: Upgrade\r\nUpgrade: ${to}\r\n`);
    expect((await ask(edge, upgrade('websocket'))).status).toBe(501);
    expect((await ask(edge, upgrade('something/1'))).status).toBe(200);
    expect(origin.requests).toHaveLength(1);
  });
});

describe('a client that reads slowly', () => {
  test('gets all of an answer, though the backend leaves when it has sent it', async () => {
    const wheel = new DeadlineWheel((error) => {
      throw error;
    });
    const context = { wheel, counters: new Counters(), names: new NameCache(), log: silentLog, bufferBytes: 65_536 };
    await using origin = await Http2Origin.start((stream) => {
      stream.on('close', () => origin.cut());
      stream.respond({ ':status': 200 });
      stream.end(Buffer.alloc(60_000, 'x'));
    });
    const pool = new UpstreamPool(backendOf({ port: origin.port, protocol: 'h2c' }), context, DEFAULT_LIMITS);
    const ended = Promise.withResolvers<string>();
    let byteLength = 0;
    const stream = pool.open(
      {
        holdsBytes: false,
        onUpstreamReady: () => stream.sendHead(GET, { forwardedBlock: '', debugBlock: '', rules: undefined }, true),
        onUpstreamInterim: () => undefined,
        onUpstreamHead: () => 'body',
        onUpstreamSwitched: () => undefined,
        onUpstreamBody: (_bytes, start, end) => (byteLength += end - start),
        onUpstreamFlush: () => stream.pause(),
        onUpstreamEnd: () => ended.resolve('end'),
        onUpstreamDrain: () => undefined,
        onUpstreamFailed: (error) => ended.resolve(String(error)),
        onUpstreamDeadline: () => ended.resolve('deadline'),
      },
      { connectMs: 5_000, isNew: false, client: undefined },
    );
    expect([await ended.promise, byteLength]).toEqual(['end', 60_000]);
    pool.destroy();
    wheel.dispose();
  });
});

const BYTES = Buffer.from(getRequest(), 'latin1');
const GET = parseRequestHead(BYTES, 0, BYTES.length, DEFAULT_LIMITS, new HeadProgress()) as RequestHead;
