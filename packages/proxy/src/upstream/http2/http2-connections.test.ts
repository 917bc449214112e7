import { once } from 'node:events';
import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, test } from 'vitest';
import type { BackendSpec, RawResponse } from '@dproxy/testkit';
import { getRequest, startEdge } from '../../fixtures/edge.ts';
import { SITE_CERTIFICATE } from '../../fixtures/certificates.ts';
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
