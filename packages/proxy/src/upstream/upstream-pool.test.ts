import { describe, expect, test } from 'vitest';
import { eventually, Origin, type OriginExchange } from '@dproxy/testkit';
import { getRequest, startEdge } from '../fixtures/edge.ts';

async function oneByOne(origin: Origin, count: number, limits = {}) {
  await using edge = await startEdge({ routes: { 'a.test': origin }, limits });
  using client = await edge.connect();
  const statuses: number[] = [];
  for (let index = 0; index < count; index++) {
    await client.write(getRequest());
    statuses.push((await client.readResponse()).status);
  }
  return statuses;
}

describe('connections to a backend', () => {
  test('one that sends unasked bytes while idle is never used again', async () => {
    await using origin = await Origin.start(async (exchange) => {
      await exchange.respond({ body: 'mine' });
      await exchange.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison');
    });
    await using edge = await startEdge({ routes: { 'a.test': origin } });
    using client = await edge.connect();
    for (let count = 1; count <= 3; count++) {
      await client.write(getRequest());
      expect((await client.readResponse()).body.text).toBe('mine');
      await origin.connections.at(-1)?.gone;
    }
    expect(origin.connections).toHaveLength(3);
  });

  test('one with bytes behind its answer is never used again', async () => {
    await using origin = await Origin.start(async (exchange) => {
      await exchange.write(
        'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nmineHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
      );
    });
    expect(await oneByOne(origin, 2)).toEqual([200, 200]);
    expect(origin.connections).toHaveLength(2);
  });

  test('one that says close is not used again', async () => {
    await using origin = await Origin.start((exchange) => exchange.respond({ headers: [['Connection', 'close']] }));
    expect(await oneByOne(origin, 2)).toEqual([200, 200]);
    expect(origin.connections).toHaveLength(2);
  });

  test('an idle one is closed after its time, or earlier when the backend says so', async () => {
    await using origin = await Origin.start((exchange) => exchange.respond({ headers: [['Keep-Alive', 'timeout=1']] }));
    await using edge = await startEdge({ routes: { 'a.test': origin }, limits: { upstreamKeepAliveMs: 60_000 } });
    using client = await edge.connect();
    await client.write(getRequest());
    await client.readResponse();
    await origin.connections[0]?.gone;
  });

  test('the keep-alive race is lost without the client noticing', async () => {
    let isFirst = true;
    await using origin = await Origin.start(async (exchange: OriginExchange) => {
      if (exchange.index === 1 && isFirst) {
        isFirst = false;
        exchange.connection.socket.destroy();
      } else await exchange.respond();
    });
    expect(await oneByOne(origin, 3)).toEqual([200, 200, 200]);
    expect(origin.connections).toHaveLength(2);
  });

  test('a request with a body, or one that is not idempotent, is not repeated', async () => {
    await using origin = await Origin.start(async (exchange: OriginExchange) => {
      if (exchange.index === 1) exchange.connection.socket.destroy();
      else await exchange.respond();
    });
    await using edge = await startEdge({ routes: { 'a.test': origin } });
    using client = await edge.connect();
    await client.write(getRequest());
    expect((await client.readResponse()).status).toBe(200);
    await client.write('POST / HTTP/1.1\r\nHost: a.test\r\n\r\n');
    expect((await client.readResponse()).status).toBe(502);
    await client.write(getRequest());
    expect((await client.readResponse()).status).toBe(200);
    await client.write('PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1\r\n\r\nx');
    expect((await client.readResponse()).status).toBe(502);
  });

  test('a silent backend is 504', async () => {
    await using origin = await Origin.start(() => new Promise(() => undefined));
    expect(await oneByOne(origin, 1, { upstreamResponseMs: 50 })).toEqual([504]);
  });

  test('a backend that is gone from the table loses its idle connections', async () => {
    await using origin = await Origin.start();
    await using edge = await startEdge({ routes: { 'a.test': origin } });
    using client = await edge.connect();
    await client.write(getRequest());
    await client.readResponse();
    await edge.apply({ version: 2 });
    await origin.connections[0]?.gone;
    await eventually(() => origin.openConnections === 0);
  });

  test('a request that waits for the connection to a backend that goes tries another, long before the deadline', async () => {
    // A handshake without an answer: no connection is made, and none is refused.
    await using silent = await Origin.start({ onConnection: () => undefined });
    await using other = await Origin.start();
    const gone = { id: 'gone', protocol: 'https', port: silent.port } as const;
    const stays = { id: 'stays', port: other.port };
    const limits = { upstreamConnectMs: 60_000 };
    await using edge = await startEdge({ routes: { 'a.test': [gone, stays] }, limits });
    using client = await edge.connect();
    await client.write(getRequest());
    await eventually(() => silent.connections.length === 1);
    await edge.apply({ routes: { 'a.test': [{ ...gone, state: 'stopped' }, stays] }, limits, version: 2 });
    expect((await client.readResponse()).status).toBe(200);
  });

  test('a name is resolved', async () => {
    await using origin = await Origin.start();
    await using edge = await startEdge({ routes: { 'a.test': { port: origin.port, address: 'localhost' } } });
    using client = await edge.connect();
    await client.write(getRequest());
    expect((await client.readResponse()).status).toBe(200);
  });
});
