import { echo, type Echo, eventually, Origin, respondBytes, respondEarly, upgradeEcho } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { PATHS, seenBy, SMUGGLED, startEdge, targetsOf } from './edge.ts';

function offer(protocol: string, ...more: string[]): string {
  return ['GET /up HTTP/1.1', 'Host: a.example', 'Connection: Upgrade', `Upgrade: ${protocol}`, ...more, '', ''].join(
    '\r\n',
  );
}

function switchTo(...fields: string[]): string {
  return ['HTTP/1.1 101 Switching Protocols', ...fields, '', ''].join('\r\n');
}

const REFUSED_101 = [
  ['another protocol', switchTo('Connection: upgrade', 'Upgrade: h2c')],
  ['two protocols', switchTo('Connection: upgrade', 'Upgrade: websocket, chat')],
  ['no protocol', switchTo('Connection: upgrade')],
  ['no Connection', switchTo('Upgrade: websocket')],
  ['a length', switchTo('Connection: upgrade', 'Upgrade: websocket', 'Content-Length: 0')],
  ['chunks', switchTo('Connection: upgrade', 'Upgrade: websocket', 'Transfer-Encoding: chunked')],
] as const;

describe.each(PATHS)('row 14 on the %s path: Upgrade (CVE-2026-2833)', (path) => {
  it.each([200, 204, 400, 403, 426, 500])('is no tunnel when the backend says %i', async (status) => {
    await using origin = await Origin.start(async (exchange) => {
      await exchange.body();
      await exchange.respond({ status });
    });
    await using edge = await startEdge({ path, routes: [{ host: 'a.example', to: origin }] });
    using client = await edge.connect();
    await client.write(offer('websocket') + SMUGGLED);
    expect((await client.readResponse()).status).toBe(status);
    // Not raw behind the first: it was parsed, judged and given our headers.
    await client.readResponse();
    expect(targetsOf(origin)).toEqual(['/up', '/smuggled']);
    expect(origin.requests[1]?.head.header('x-real-ip')).toBe('127.0.0.1');
    expect(origin.connections).toHaveLength(2);
  });

  it.each(REFUSED_101)('is refused by a 101 with %s', async (_what, bytes) => {
    await using origin = await Origin.start(respondBytes(bytes));
    await using edge = await startEdge({ path, routes: [{ host: 'a.example', to: origin }] });
    using client = await edge.connect();
    await client.write(`${offer('websocket, chat')}raw bytes`);
    expect((await client.readResponse()).status).toBe(502);
    await eventually(() => origin.openConnections === 0);
    expect(seenBy(origin)).not.toContain('raw bytes');
  });

  it('was not offered: a 101 all the same is a 502, and no tunnel', async () => {
    await using origin = await Origin.start(
      respondBytes(
        switchTo('Connection: upgrade', 'Upgrade: websocket') + 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
      ),
    );
    await using edge = await startEdge({ path, routes: [{ host: 'a.example', to: origin }] });
    using client = await edge.connect();
    await client.write(`GET / HTTP/1.1\r\nHost: a.example\r\n\r\n${SMUGGLED}`);
    expect((await client.readResponse()).status).toBe(502);
    await eventually(() => origin.connections[0]?.isClosed || origin.openConnections === 0);
    expect(origin.connections[0]?.received.toString('latin1')).not.toContain('muggled');
  });

  it.each(['h2c', 'H2C', 'h2', 'h2c, h2', 'h2c/1'])(
    'to %s is never offered onwards (h2c smuggling)',
    async (protocol) => {
      await using origin = await Origin.start(echo());
      await using edge = await startEdge({ path, routes: [{ host: 'a.example', to: origin }] });
      const request = offer(protocol, 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA').replace(
        'Connection: Upgrade',
        'Connection: Upgrade, HTTP2-Settings',
      );
      const seen = JSON.parse((await edge.send(request)).body.text) as Echo;
      const names = seen.headers.map(([name]) => name.toLowerCase());
      for (const name of ['upgrade', 'http2-settings']) expect(names).not.toContain(name);
      expect(JSON.stringify(seen.headers).toLowerCase()).not.toContain('h2c');
    },
  );

  it('with a body has that body, and what follows is not in the tunnel before the 101', async () => {
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({ path, routes: [{ host: 'a.example', to: origin }] });
    using client = await edge.connect();
    await client.write(`${offer('websocket', `Content-Length: ${SMUGGLED.length}`)}${SMUGGLED}`);
    const seen = JSON.parse((await client.readResponse()).body.text) as Echo;
    expect(seen.body).toBe(SMUGGLED);
    expect(targetsOf(origin)).toEqual(['/up']);
  });

  it('with a body that is not all there is no tunnel, though the backend says 101', async () => {
    await using origin = await Origin.start(respondEarly(switchTo('Connection: upgrade', 'Upgrade: websocket')));
    await using edge = await startEdge({ path, routes: [{ host: 'a.example', to: origin }] });
    using client = await edge.connect();
    await client.write(`${offer('websocket', 'Content-Length: 100')}abc`);
    expect((await client.readResponse()).status).toBe(502);
    expect(await client.ended).toBe('end');
    await eventually(() => origin.openConnections === 0);
  });

  it('without Connection, and in HTTP/1.0, is no offer', async () => {
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({ path, routes: [{ host: 'a.example', to: origin }] });
    for (const request of [
      'GET / HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\n\r\n',
      'GET / HTTP/1.0\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    ]) {
      const seen = JSON.parse((await edge.send(request)).body.text) as Echo;
      expect(seen.headers.map(([name]) => name.toLowerCase())).not.toContain('upgrade');
    }
  });

  it('holds no more than a bounded amount of what is sent before the answer', async () => {
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    await using origin = await Origin.start(async (exchange) => {
      asked.resolve();
      await answer.promise;
      await upgradeEcho()(exchange);
    });
    await using edge = await startEdge({
      path,
      routes: [{ host: 'a.example', to: origin }],
      limits: { bufferBytes: 16_384 },
    });
    using client = await edge.connect();
    await client.write(offer('websocket'));
    await asked.promise;
    const flood = Buffer.alloc(8_000_000, 'x');
    const flooded = client.write(flood);
    await eventually(() => edge.plane.stats().bytesIn > 16_384);
    const taken = edge.plane.stats().bytesIn;
    expect(taken).toBeLessThan(1_000_000);
    expect(seenBy(origin)).not.toContain('xx');
    answer.resolve();
    expect((await client.readResponse()).status).toBe(101);
    await eventually(() => client.unread.byteLength === flood.byteLength, { everyMs: 50 });
    expect(await flooded).toBe(true);
  });
});
