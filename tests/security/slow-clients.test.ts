import { echo, eventually, hold, listenerOf, Origin, type RawClient, RawClient as Client } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { PATHS, startEdge } from './edge.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a.example\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: a.example\r\n';

/** The attack: a piece now and then, without an end, until the proxy has had enough. */
async function trickle(client: RawClient, piece: string): Promise<void> {
  const attack = setInterval(() => void client.write(piece), 20);
  await client.ended;
  clearInterval(attack);
}

describe('row 26: a client that is slow on purpose', () => {
  const HEADS = [
    ['inside the method', 'G'],
    ['inside the target', 'GET /'],
    ['inside a header', 'GET / HTTP/1.1\r\nHost: a.example\r\nX-A: '],
    ['with an empty line first', '\r\n'],
  ] as const;

  it.concurrent.each(HEADS)('has one deadline for its whole head, however it trickles: %s', async (_name, start) => {
    await using edge = await startEdge({ routes: [], limits: { headMs: 300 } });
    using client = await edge.connect();
    await client.write(start);
    void trickle(client, 'A');
    const [response] = await Promise.all([client.readResponse(), client.ended]);
    expect([response.status, response.header('connection')]).toEqual([
      start === 'G' || start === '\r\n' ? expect.any(Number) : 408,
      'close',
    ]);
  });

  it('has it for each request of a connection, also behind a pipeline', async () => {
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({ routes: [{ host: 'a.example', to: origin }], limits: { headMs: 200 } });
    using client = await edge.connect();
    await client.write(`${GET}${GET}GET / HTTP/1.1\r\nX-A: `);
    for (const status of [200, 200]) expect((await client.readResponse()).status).toBe(status);
    void trickle(client, 'A');
    expect((await client.readResponse()).status).toBe(408);
    expect(await client.ended).toBe('end');
  });

  describe.each(PATHS)('on the %s path', (path) => {
    const BODIES = [
      ['a length', `${POST}Content-Length: 1000000\r\n\r\n`, 'x'],
      ['chunks', `${POST}Transfer-Encoding: chunked\r\n\r\n`, '1\r\nx\r\n'],
      ['one large chunk', `${POST}Transfer-Encoding: chunked\r\n\r\nfffff\r\n`, 'x'],
      ['trailers', `${POST}Transfer-Encoding: chunked\r\n\r\n0\r\n`, 'X: y\r\n'],
      ['chunk extensions', `${POST}Transfer-Encoding: chunked\r\n\r\n1;`, 'x'],
      ['a chunk size', `${POST}Transfer-Encoding: chunked\r\n\r\n`, ''],
    ] as const;

    it.concurrent.each(BODIES)('must keep up the least rate of a body: %s', async (_name, head, piece) => {
      const held = hold();
      await using origin = await Origin.start(held.behaviour);
      await using edge = await startEdge({
        path,
        routes: [{ host: 'a.example', to: origin }],
        limits: { bodyGraceMs: 500, bodyMinRate: 10_000 },
      });
      using client = await edge.connect();
      await client.write(head);
      void trickle(client, piece);
      const response = await client.readResponse();
      expect([400, 408]).toContain(response.status);
      await client.ended;
      await eventually(() => origin.openConnections === 0);
    });

    it('is given up with its half-sent request when it ends or resets', async () => {
      await using origin = await Origin.start(echo());
      await using edge = await startEdge({ path, routes: [{ host: 'a.example', to: origin }] });
      for (const bytes of [
        '',
        'G',
        'GET / HTTP/1.1\r\nHos',
        `${POST}Content-Length: 9\r\n\r\nabc`,
        `${POST}Transfer-Encoding: chunked\r\n\r\n5\r\nab`,
      ]) {
        const resetting = await edge.connect();
        await resetting.write(bytes);
        resetting.reset();
        const ending = await edge.connect();
        await ending.write(bytes);
        ending.halfClose();
        expect((await ending.readToEnd()).toString()).not.toContain(' 200 ');
      }
      await eventually(() => edge.plane.stats().connections === 0 && origin.openConnections === 0);
      expect(origin.requests.filter(({ isRead }) => isRead)).toEqual([]);
    });
  });

  it('is not kept when it says nothing', async () => {
    await using edge = await startEdge({ routes: [], limits: { keepAliveMs: 100 } });
    const clients = await Promise.all(Array.from({ length: 50 }, () => edge.connect()));
    for (const client of clients) expect((await client.readToEnd()).toString()).toBe('');
    await eventually(() => edge.plane.stats().connections === 0);
  });

  it('cannot stay on with a connection whose end it does not answer', async () => {
    await using edge = await startEdge({ routes: [], limits: { lingerMs: 100, lingerBytes: 1_000 } });
    for (const more of ['', 'x'.repeat(100_000)]) {
      const client = await edge.connect();
      await client.write(`BAD\r\n\r\n${more}`);
      expect((await client.readResponse()).status).toBe(400);
      // It has our end and keeps its own side open.
      await eventually(() => edge.plane.stats().connections === 0);
      client.close();
    }
  });
});

describe('row 26: many connections of one client', () => {
  it('are refused beyond the limit, and the place is free again when one ends', async () => {
    await using edge = await startEdge({ routes: [], limits: { connectionsPerClient: 5 } });
    const held = await Promise.all(Array.from({ length: 5 }, () => edge.connect()));
    for (let count = 0; count < 20; count++) {
      using refused = await edge.connect();
      expect((await refused.readResponse()).status).toBe(503);
      expect(await refused.ended).toBe('end');
    }
    using neighbour = await Client.connect({ port: edge.port(), localAddress: '127.0.0.2' });
    await neighbour.write(GET);
    expect((await neighbour.readResponse()).status).toBe(404);
    expect(edge.plane.stats().connections).toBe(6);
    held[0]?.reset();
    await eventually(() => edge.plane.stats().connections === 5);
    using next = await edge.connect();
    await next.write(GET);
    expect((await next.readResponse()).status).toBe(404);
  });

  it("are one client's in either spelling of its address", async () => {
    await using edge = await startEdge({
      routes: [],
      listeners: [
        listenerOf({ addresses: [{ host: '::', port: 0 }] }),
        listenerOf({ id: 'other', addresses: [{ host: '127.0.0.1', port: 0 }] }),
      ],
      limits: { connectionsPerClient: 1 },
    });
    using mapped = await edge.connect('http');
    await mapped.write(GET);
    expect((await mapped.readResponse()).status).toBe(404);
    using plain = await edge.connect('other');
    expect((await plain.readResponse()).status).toBe(503);
  });

  it('do not use up the places of all: the limit of the worker holds for a trusted proxy, too', async () => {
    await using edge = await startEdge({
      routes: [],
      settings: { trustedProxies: ['127.0.0.1'] },
      limits: { connectionsPerClient: 1, connections: 3 },
    });
    const held = await Promise.all([edge.connect(), edge.connect(), edge.connect()]);
    using refused = await edge.connect();
    expect((await refused.readResponse()).status).toBe(503);
    for (const client of held) client.reset();
    await eventually(() => edge.plane.stats().connections === 0);
  });
});
