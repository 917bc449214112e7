import { describe, expect, test } from 'vitest';
import { eventually, get, listenerOf, Origin, hold, upgradeEcho } from '@dproxy/testkit';
import { getRequest, startEdge } from './fixtures/edge.ts';

describe('apply', () => {
  test('a request finishes with the Snapshot that it began with, the next one sees the new', async () => {
    const held = hold();
    await using one = await Origin.start(held.behaviour);
    await using two = await Origin.start({ name: 'two' });
    await using edge = await startEdge({ routes: { 'a.test': one } });
    using client = await edge.connect();
    await client.write(getRequest());
    await eventually(() => one.requests.length === 1);
    await edge.apply({ routes: { 'a.test': two }, version: 2 });
    held.release((exchange) => exchange.respond());
    expect((await client.readResponse()).status).toBe(200);
    await client.write(getRequest());
    expect((await client.readResponse()).body.text).toBe('two');
    await one.connections[0]?.gone;
  });

  test('listeners come and go at run time; what is open on an old one ends politely', async () => {
    await using origin = await Origin.start();
    await using edge = await startEdge({ routes: { 'a.test': origin } });
    const oldPort = edge.port();
    using client = await edge.connect();
    await client.write(getRequest());
    await client.readResponse();
    await edge.apply({ routes: { 'a.test': origin }, listeners: [listenerOf({ id: 'other' })], version: 2 });
    expect((await get({ port: edge.port('other'), name: 'a.test' })).status).toBe(200);
    await expect(get({ port: oldPort, name: 'a.test' })).rejects.toThrow(/ECONNREFUSED/);
    await client.write(getRequest());
    expect((await client.readResponse()).raw).toMatch(/connection: close/i);
    expect(await client.ended).toBe('end');
  });

  test('a port that is taken fails alone', async () => {
    await using origin = await Origin.start();
    const taken = listenerOf({ id: 'taken', addresses: [{ host: '127.0.0.1', port: origin.port }] });
    await using edge = await startEdge({ routes: { 'a.test': origin }, listeners: [taken, listenerOf()] });
    expect(edge.report.failed).toEqual([
      { listenerId: 'taken', reason: `127.0.0.1:${origin.port} is in use by another process` },
    ]);
    expect((await get({ port: edge.port(), name: 'a.test' })).status).toBe(200);
  });

  test('the same port may be bound to another address', async () => {
    await using origin = await Origin.start();
    await using edge = await startEdge({ routes: { 'a.test': origin } });
    const port = edge.port();
    const all = listenerOf({ addresses: [{ host: '0.0.0.0', port }] });
    expect(await edge.apply({ routes: { 'a.test': origin }, listeners: [all], version: 2 })).toEqual({ failed: [] });
    expect((await get({ port, name: 'a.test' })).status).toBe(200);
  });
});

describe('drain', () => {
  test('busy connections get their answers, idle ones end, tunnels are cut at the deadline', async () => {
    const held = hold();
    await using busy = await Origin.start(held.behaviour);
    await using echo = await Origin.start(upgradeEcho());
    await using edge = await startEdge({ routes: { 'a.test': busy, 'ws.test': echo }, limits: { lingerMs: 200 } });
    using working = await edge.connect();
    using idle = await edge.connect();
    using tunnel = await edge.connect();
    await working.write(getRequest());
    await tunnel.write(getRequest('ws.test', '/', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'));
    await tunnel.readHead();
    await eventually(() => busy.requests.length === 1);
    const draining = edge.plane.drain(3_000);
    held.release((exchange) => exchange.respond());
    expect((await working.readResponse()).raw).toMatch(/connection: close/i);
    await working.ended;
    expect(await idle.ended).toBe('end');
    expect(await draining).toEqual({ finished: 2, cut: 1 });
    await tunnel.ended;
  });

  test('a connection whose answer had begun before it ends as soon as an idle one', async () => {
    const held = hold();
    await using origin = await Origin.start(async (exchange) => {
      await exchange.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha');
      await held.behaviour(exchange);
    });
    await using edge = await startEdge({ routes: { 'a.test': origin }, limits: { lingerMs: 200 } });
    using client = await edge.connect();
    await client.write(getRequest());
    await client.readUntil('ha');
    const draining = edge.plane.drain(8_000);
    held.release(async (exchange) => void (await exchange.write('lf')));
    expect(await client.ended).toBe('end');
    expect(await draining).toEqual({ finished: 1, cut: 0 });
  });
});
