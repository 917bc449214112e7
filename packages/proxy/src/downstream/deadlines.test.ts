import { describe, expect, test } from 'vitest';
import { eventually, Origin } from '@dproxy/testkit';
import { getRequest, startEdge } from '../fixtures/edge.ts';

describe('deadlines of the client', () => {
  test('a head that does not come to its end is 408', async () => {
    await using edge = await startEdge({ limits: { headMs: 50 } });
    using client = await edge.connect();
    await client.write('GET / HTTP/1.1\r\nHo');
    expect((await client.readResponse()).status).toBe(408);
    expect(await client.ended).toBe('end');
  });

  test('an idle connection is closed without a word', async () => {
    await using edge = await startEdge({ limits: { keepAliveMs: 50 } });
    using client = await edge.connect();
    expect((await client.readToEnd()).toString()).toBe('');
  });

  test('a body that comes too slowly is 408, and its request ends at the backend', async () => {
    await using origin = await Origin.start(() => new Promise(() => undefined));
    await using edge = await startEdge({ routes: { 'a.test': origin }, limits: { bodyGraceMs: 100 } });
    using client = await edge.connect();
    await client.write('POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100000\r\n\r\nslow');
    expect((await client.readResponse()).status).toBe(408);
    expect(await client.ended).toBe('end');
    await origin.connections[0]?.gone;
  });

  test('time in which the backend does not read is not held against the client', async () => {
    await using origin = await Origin.start({ onConnection: (socket) => void socket.pause() });
    await using edge = await startEdge({
      routes: { 'a.test': origin },
      limits: { bodyGraceMs: 50, upstreamResponseMs: 600 },
    });
    using client = await edge.connect();
    const body = Buffer.alloc(30_000_000);
    void client.write(`POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${body.length}\r\n\r\n`);
    void client.write(body);
    expect((await client.readResponse()).status).toBe(504);
  });

  test('a client that does not read is cut, and its request with it', async () => {
    await using origin = await Origin.start((exchange) => exchange.respond({ body: Buffer.alloc(30_000_000) }));
    await using edge = await startEdge({ routes: { 'a.test': origin }, limits: { writeStallMs: 100 } });
    using client = await edge.connect();
    client.socket.pause();
    await client.write(getRequest());
    await eventually(() => edge.plane.stats().errors['client-stalled'] === 1);
    await origin.connections[0]?.gone;
    await eventually(() => edge.plane.stats().connections === 0);
  });

  test('a client that sends on and on gets its answer, and is cut after a moment', async () => {
    await using edge = await startEdge({ limits: { lingerBytes: 1_000, lingerMs: 50 } });
    using client = await edge.connect();
    await client.write('BROKEN\r\n\r\n');
    void client.write(Buffer.alloc(10_000_000));
    expect((await client.readResponse()).status).toBe(400);
    await eventually(() => edge.plane.stats().connections === 0);
  });
});

describe('limits of connections', () => {
  test('one connection too many is told so', async () => {
    await using edge = await startEdge({ limits: { connectionsPerClient: 1 } });
    using first = await edge.connect();
    await first.write(getRequest());
    await first.readResponse();
    using second = await edge.connect();
    expect((await second.readResponse()).status).toBe(503);
    first.close();
    await eventually(() => edge.plane.stats().connections === 0);
    using third = await edge.connect();
    await third.write(getRequest());
    expect((await third.readResponse()).status).toBe(404);
  });

  test('after its last request a connection is closed politely', async () => {
    await using edge = await startEdge({ limits: { requestsPerConnection: 2 } });
    using client = await edge.connect();
    await client.write(getRequest() + getRequest() + getRequest());
    expect((await client.readResponse()).raw).not.toMatch(/connection: close/i);
    expect((await client.readResponse()).raw).toMatch(/connection: close/i);
    expect((await client.readToEnd()).length).toBe(0);
  });
});
