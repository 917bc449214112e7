import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { eventually, hold, inTurn, Origin, respond, respondEarly } from '@dproxy/testkit';
import { getRequest, startEdge } from '../fixtures/edge.ts';

/** More ticks of the deadlines' clock than `upstreamKeepAliveMs` below. */
const LONGER_THAN_KEPT_MS = 800;

describe('a connection to a backend that is used again', () => {
  test('has left its idle time behind: a long upload is not cut by it', async () => {
    await using origin = await Origin.start(respond({ body: 'whole' }));
    await using edge = await startEdge({ routes: { 'a.test': origin }, limits: { upstreamKeepAliveMs: 200 } });
    using client = await edge.connect();
    // In one piece: the connection to the backend is used again at once, however busy the machine is.
    await client.write(`${getRequest()}POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10\r\n\r\nhello`);
    await client.readResponse();
    const until = performance.now() + LONGER_THAN_KEPT_MS;
    await eventually(() => performance.now() > until);
    await client.write('world');
    const response = await client.readResponse();
    expect([response.status, response.body.text]).toEqual([200, 'whole']);
    expect(origin.connections).toHaveLength(1);
  });

  test('carries no rest of an earlier request: one that a backend answered without reading is not used again', async () => {
    const held = hold();
    await using origin = await Origin.start(
      inTurn((exchange) => {
        exchange.connection.socket.pause();
        return held.behaviour(exchange);
      }, respond({})),
    );
    await using edge = await startEdge({ routes: { 'a.test': origin }, limits: { bufferBytes: 40_000_000 } });
    using client = await edge.connect();
    // More than the kernel holds for a backend that does not read; the rest waits in the proxy.
    const body = Buffer.alloc(16_000_000);
    await client.write(`POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${body.length}\r\n\r\n`);
    await client.write(body);
    await eventually(() => edge.plane.stats().bytesIn > body.length);
    held.release(respondEarly('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
    expect((await client.readResponse()).status).toBe(200);
    await client.write(getRequest());
    expect((await client.readResponse()).status).toBe(200);
    expect(origin.connections).toHaveLength(2);
  });
});

describe('a backend that ends the TLS handshake', () => {
  test('was sent nothing, so the request goes to another', async () => {
    const closing = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end());
    });
    await new Promise<void>((resolve) => closing.listen(0, '127.0.0.1', resolve));
    await using origin = await Origin.start();
    const { port } = closing.address() as AddressInfo;
    await using edge = await startEdge({
      routes: { 'a.test': [{ port, protocol: 'https', id: 'closing' }, origin] },
    });
    using client = await edge.connect();
    for (let count = 0; count < 4; count++) {
      await client.write('POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n');
      expect((await client.readResponse()).status).toBe(200);
    }
    closing.close();
  });
});
