import { describe, expect, test } from 'vitest';
import { backendOf, eventually, listenerOf, streamOf, Origin, upgradeEcho } from '@dproxy/testkit';
import { getRequest, startEdge } from '../fixtures/edge.ts';

const UPGRADE = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';

describe('upgrades', () => {
  test('a 101 opens a tunnel, with the bytes that came too early on both sides', async () => {
    await using origin = await Origin.start(upgradeEcho());
    await using edge = await startEdge({ routes: { 'a.test': origin } });
    using client = await edge.connect();
    await client.write(`${getRequest('a.test', '/', UPGRADE)}early`);
    expect((await client.readHead()).status).toBe(101);
    expect((await client.readBytes(5)).toString()).toBe('early');
    expect(edge.plane.stats().tunnels).toBe(1);
    await client.write('late');
    expect((await client.readBytes(4)).toString()).toBe('late');
    client.halfClose();
    await client.ended;
    await eventually(() => edge.plane.stats().tunnels === 0);
  });

  test('without a 101 the bytes behind the head are the next request', async () => {
    await using origin = await Origin.start((exchange) => exchange.respond({ body: exchange.target }));
    await using edge = await startEdge({ routes: { 'a.test': origin } });
    using client = await edge.connect();
    await client.write(getRequest('a.test', '/one', UPGRADE) + getRequest('a.test', '/two'));
    expect((await client.readResponse()).body.text).toBe('/one');
    expect((await client.readResponse()).body.text).toBe('/two');
  });

  test('a 101 that nobody asked for is no tunnel', async () => {
    await using origin = await Origin.start(async (exchange) => {
      await exchange.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    });
    await using edge = await startEdge({ routes: { 'a.test': origin } });
    using client = await edge.connect();
    await client.write(getRequest());
    expect((await client.readResponse()).status).toBe(502);
  });

  test('a tunnel without a byte for long is cut', async () => {
    await using origin = await Origin.start(upgradeEcho());
    await using edge = await startEdge({ routes: { 'a.test': origin }, limits: { tunnelIdleMs: 50 } });
    using client = await edge.connect();
    await client.write(getRequest('a.test', '/', UPGRADE));
    await client.readHead();
    await client.ended;
    await eventually(() => edge.plane.stats().tunnels === 0);
  });
});

describe('tcp', () => {
  test('bytes and ends pass both ways; a backend that refuses is passed over', async () => {
    await using origin = await Origin.start({ onConnection: (socket) => void socket.pipe(socket) });
    await using gone = await Origin.start();
    const { port } = gone;
    await gone.close();
    const backends = [
      backendOf({ port, protocol: 'tcp', id: 'gone' }),
      backendOf({ port: origin.port, protocol: 'tcp', id: 'up' }),
    ];
    await using edge = await startEdge({
      listeners: [listenerOf({ id: 'tcp:1', protocol: 'tcp' })],
      streams: [streamOf({ backendIds: backends.map(({ id }) => id) })],
      backends,
    });
    for (let count = 0; count < 3; count++) {
      using client = await edge.connect('tcp:1');
      await client.write('ping');
      expect((await client.readBytes(4)).toString()).toBe('ping');
      client.halfClose();
      expect(await client.ended).toBe('end');
    }
    await eventually(() => edge.plane.stats().tunnels === 0);
    const { routes, backends: asked } = edge.plane.stats();
    expect(routes).toMatchObject([{ id: 'tcp:1/*', active: 0, requests: 3, errors: 0, bytesIn: 12, bytesOut: 12 }]);
    // Of the attempts at the one that is gone none was answered.
    for (const { id, requests, errors } of asked) expect([id, errors]).toEqual([id, id === 'gone' ? requests : 0]);
    expect(asked).toHaveLength(2);
  });

  test('a backend that answers after the end of its client is heard to the last byte, however slowly it is read', async () => {
    // More than the kernel holds for a client that does not read; the rest waits in the tunnel.
    const answer = Buffer.alloc(16_000_000, 'x');
    await using origin = await Origin.start({
      onConnection: (socket) => void socket.resume().on('end', () => socket.end(answer)),
    });
    await using edge = await startEdge({
      listeners: [listenerOf({ id: 'tcp:1', protocol: 'tcp' })],
      streams: [streamOf({ backendIds: ['up'] })],
      backends: [backendOf({ port: origin.port, protocol: 'tcp', id: 'up' })],
      limits: { bufferBytes: 20_000_000 },
    });
    using client = await edge.connect('tcp:1');
    client.socket.pause();
    await client.write('question');
    client.halfClose();
    await eventually(() => origin.connections[0]?.isClosed === true && edge.plane.stats().tunnels === 0);
    client.socket.resume();
    expect([await client.ended, (await client.readToEnd()).length]).toEqual(['end', answer.length]);
  });
});
